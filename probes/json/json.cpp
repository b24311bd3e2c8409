#include "probes/json/json.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

namespace crmpulse::probes {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 64;

/// Takes the next token off a pointer that begins with `/`.
std::string next_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view raw = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(raw.size());
  std::string token;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '~' && i + 1 < raw.size()) {
      token += raw[++i] == '1' ? '/' : '~';
    } else {
      token += raw[i];
    }
  }
  return token;
}

const json::value* only_number(const json::object& object) {
  const json::value* found = nullptr;
  for (const auto& member : object) {
    if (!member.value().is_number()) continue;
    if (found != nullptr) return nullptr;
    found = &member.value();
  }
  return found;
}

const json::value* step(const json::value& from, std::string_view token, bool last) {
  if (const json::object* object = from.if_object()) {
    const json::value* member = object->if_contains(token);
    return member == nullptr && last && token == "*" ? only_number(*object) : member;
  }
  const json::array* array = from.if_array();
  if (array == nullptr) return nullptr;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc{} || end != token.data() + token.size()) return nullptr;
  return array->if_contains(index);
}

}  // namespace

std::optional<std::string> pointer_fault(std::string_view pointer) {
  if (pointer.empty()) return std::nullopt;
  if (pointer.front() != '/') return fmt::format("'{}' is not a JSON pointer: it begins with /", one_line(pointer, 80));
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
      return fmt::format("'{}' is not a JSON pointer: ~ is written ~0", one_line(pointer, 80));
  }
  return std::nullopt;
}

bool JsonValue::null() const {
  return value_ == nullptr || value_->is_null();
}
bool JsonValue::is_array() const {
  return value_ != nullptr && value_->is_array();
}
bool JsonValue::is_scalar() const {
  return value_ != nullptr && value_->is_primitive() && !value_->is_null();
}

std::optional<double> JsonValue::number() const {
  if (value_ == nullptr || !value_->is_number()) return std::nullopt;
  return value_->to_number<double>();
}

std::optional<bool> JsonValue::boolean() const {
  if (value_ == nullptr || !value_->is_bool()) return std::nullopt;
  return value_->get_bool();
}

std::optional<std::string_view> JsonValue::text_view() const {
  if (value_ == nullptr || !value_->is_string()) return std::nullopt;
  const json::string& text = value_->get_string();
  return std::string_view{text.data(), text.size()};
}

std::string JsonValue::text() const {
  if (const auto view = text_view()) return std::string{*view};
  if (!is_scalar()) return {};
  // Boost writes 1.5 as 1.5E0.
  if (value_->is_double()) return fmt::format("{}", value_->get_double());
  return json::serialize(*value_);
}

std::string JsonValue::serialised() const {
  return value_ == nullptr ? std::string{} : json::serialize(*value_);
}

std::size_t JsonValue::size() const {
  if (value_ == nullptr) return 0;
  if (const json::array* array = value_->if_array()) return array->size();
  const json::object* object = value_->if_object();
  return object == nullptr ? 0 : object->size();
}

JsonValue JsonValue::item(std::size_t index) const {
  const json::array* array = value_ == nullptr ? nullptr : value_->if_array();
  return JsonValue{array == nullptr ? nullptr : array->if_contains(index)};
}

JsonValue JsonValue::at(std::string_view pointer) const {
  const json::value* value = value_;
  while (value != nullptr && !pointer.empty()) {
    const std::string token = next_token(pointer);
    value = step(*value, token, pointer.empty());
  }
  return JsonValue{value};
}

struct JsonDocument::Impl {
  json::monotonic_resource memory;
  json::value value;
};

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return Error{"the answer is empty where JSON was due"};
  if (text[start] == '<') return Error{"the answer is HTML or XML where JSON was due"};
  JsonDocument document;
  document.impl_ = std::make_shared<Impl>();
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::error_code error;
  document.impl_->value = json::parse(text, error, json::storage_ptr{&document.impl_->memory}, options);
  if (!error) return document;
  if (error == json::error::incomplete) return Error{"the answer is JSON that was cut off"};
  if (error == json::error::too_deep) return Error{"the answer is JSON that is nested too deep"};
  return Error{"the answer is not JSON"};
}

JsonValue JsonDocument::root() const {
  return JsonValue{impl_ ? &impl_->value : nullptr};
}

}  // namespace crmpulse::probes
