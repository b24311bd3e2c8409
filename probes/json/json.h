#pragma once
// JSON as recipes read and write it. Boost.JSON stays in json.cpp and json_body.cpp.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "core/failure/error.h"
#include "probes/template/template.h"

namespace boost::json {
class value;
}

namespace crmpulse::probes {

/// Is it a pointer by RFC 6901? Of ours: a last token `*` is an object's only numeric member.
[[nodiscard]] std::optional<std::string> pointer_fault(std::string_view pointer);

/// One value of a document; valid as long as it. A default one is absent.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(const boost::json::value* value) : value_(value) {}
  [[nodiscard]] bool present() const { return value_ != nullptr; }
  [[nodiscard]] bool null() const;  ///< or absent
  [[nodiscard]] bool is_array() const;
  [[nodiscard]] bool is_scalar() const;  ///< text, number or boolean
  [[nodiscard]] std::optional<double> number() const;
  [[nodiscard]] std::optional<bool> boolean() const;
  /// A scalar as text, numbers and booleans as JSON writes them; empty for others.
  [[nodiscard]] std::string text() const;
  /// Returns a text without a copy, nullopt for other values.
  [[nodiscard]] std::optional<std::string_view> text_view() const;
  [[nodiscard]] std::string serialised() const;
  [[nodiscard]] std::size_t size() const;  ///< of an array or object
  [[nodiscard]] JsonValue item(std::size_t index) const;
  /// Absent when the way ends before the pointer does.
  [[nodiscard]] JsonValue at(std::string_view pointer) const;

 private:
  const boost::json::value* value_ = nullptr;
};

/// A parsed text. Movable; values stay valid.
class JsonDocument {
 public:
  /// Bounded in depth; anything but one JSON value is an error that says so without quoting the text.
  [[nodiscard]] static Result<JsonDocument> parse(std::string_view text);
  [[nodiscard]] JsonValue root() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// The body of a request while it is put together.
class JsonBody {
 public:
  /// The YAML with all ${} filled in: quoted scalars are texts, others what YAML takes them for; a text that is nothing
  /// but one ${} has the value's type.
  [[nodiscard]] static Result<JsonBody> make(const config::Node& node, const Values& values);
  [[nodiscard]] static JsonBody object();
  [[nodiscard]] static JsonBody text(std::string_view text);
  [[nodiscard]] static JsonBody number(std::int64_t number);
  /// Puts a value where the pointer says, making objects on the way. Does nothing when an array or a scalar is in the
  /// way.
  void set(std::string_view pointer, JsonBody value);
  /// Appends to the array there, which is made when it is not.
  void append(std::string_view pointer, JsonBody value);
  [[nodiscard]] std::string serialised() const;

 private:
  JsonBody();
  std::shared_ptr<boost::json::value> value_;  ///< of this one only
};

}  // namespace crmpulse::probes
