#pragma once
// Values as tagged fields, in the wire format of Protocol Buffers, for what we store and read back ourselves. A type
// lists its members and their tags once, in fields(), for writing and for reading. A reader skips tags it does not
// know, and what is absent stays as it is in a new object: docs/decisions/0025-stored-states-are-tagged-fields.md.

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/time/time.h"

namespace crmpulse {

/// A member and its tag, which is never used for another one. `most`: further elements of a list are not read. A time
/// that may be absent has its sentinel as the value in a new object, so that the sentinel is never written.
template <class Owner, class Value>
struct Field {
  constexpr Field(std::uint32_t number, Value Owner::* place,
                  std::size_t elements = std::numeric_limits<std::size_t>::max())
      : tag(number), member(place), most(elements) {}
  std::uint32_t tag;
  Value Owner::* member;
  std::size_t most;
};

class FieldWriter;
class FieldReader;

namespace fields {

/// A type that is the members in its fields().
template <class T>
concept Listed = requires { T::fields(); };
/// A type that knows itself how it is written and read.
template <class T>
concept Saved = requires(const T& object, FieldWriter& out) { object.save(out); };
template <class T>
concept Message = Listed<T> || Saved<T>;
template <class T>
concept Time = std::same_as<T, TimePoint> || std::same_as<T, Duration>;
template <class T>
concept Text = std::convertible_to<const T&, std::string_view>;
template <class T>
concept Optional = requires(const T& value) { value.has_value(); };
/// Of numbers that are mostly small.
template <class T>
concept Array = std::ranges::range<T> && requires { std::tuple_size<T>::value; };
/// What is left out when it is as in a new object. Lists and optionals are when they are empty.
template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T> || Time<T> || Text<T> || Array<T>;
/// Pairs: a std::map, or Labels.
template <class T>
concept Mapping = std::ranges::range<T> && requires(const T& map) { map.begin()->second; };

/// What was stored but cannot be read. Leaves read_document() as false.
struct Damaged : protozero::exception {
  [[nodiscard]] const char* what() const noexcept override { return "a stored field does not fit"; }
};

}  // namespace fields

/// Writes fields behind a text.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(&out), writer_(out) {}

  /// Writes the members that differ from those of a new object.
  template <fields::Listed T>
  void members(const T& object) {
    static const T kNew{};
    std::apply([&](const auto&... field) { (member(field.tag, object.*field.member, kNew.*field.member), ...); },
               T::fields());
  }

  /// Writes a value, whatever it is. Of a list or a map each element is a field of this tag.
  template <class T>
  void add(std::uint32_t tag, const T& value) {
    if constexpr (std::same_as<T, std::uint64_t>) {
      writer_.add_fixed64(tag, value);  // a hash: as a varint it would be longer
    } else if constexpr (std::unsigned_integral<T> || std::is_enum_v<T>) {
      writer_.add_uint64(tag, static_cast<std::uint64_t>(value));
    } else if constexpr (std::signed_integral<T>) {
      writer_.add_sint64(tag, value);
    } else if constexpr (std::floating_point<T>) {
      writer_.add_double(tag, value);
    } else if constexpr (std::same_as<T, Duration>) {
      writer_.add_sint64(tag, value.count());
    } else if constexpr (std::same_as<T, TimePoint>) {
      writer_.add_sint64(tag, unix_millis(value));
    } else if constexpr (fields::Text<T>) {
      const std::string_view text{value};
      writer_.add_bytes(tag, text.data(), text.size());
    } else if constexpr (fields::Array<T>) {
      auto packed = numbers(tag);
      for (const auto number : value) packed.add_element(number);
    } else if constexpr (fields::Optional<T>) {
      if (value) add(tag, *value);
    } else if constexpr (fields::Message<T>) {
      message(tag, [&](FieldWriter& part) { part.write(value); });
    } else if constexpr (fields::Mapping<T>) {
      for (const auto& [key, mapped] : value) add(tag, key, mapped);
    } else {
      for (const auto& element : value) add(tag, element);
    }
  }
  /// Writes an element of a map.
  template <class Key, class Mapped>
  void add(std::uint32_t tag, const Key& key, const Mapped& mapped) {
    message(tag, [&](FieldWriter& part) {
      part.add(1, key);
      part.add(2, mapped);
    });
  }

  /// Writes a field that is made of those that `write(FieldWriter&)` writes.
  template <class Write>
  void message(std::uint32_t tag, Write write) {
    const std::size_t before = out_->size();
    part(tag, write);
    // Protozero leaves out what is empty. An element of a list counts, though it be as a new one.
    if (out_->size() == before) writer_.add_bytes(tag, "", 0);
  }

  /// Begins a field of doubles or 64-bit words one behind the other, which add_element() takes; nothing else can be
  /// written meanwhile. (Told their number, Protozero 1.7 does not let go of the writer.)
  template <class Number>
  [[nodiscard]] auto words(std::uint32_t tag) {
    if constexpr (std::floating_point<Number>)
      return protozero::packed_field_double{writer_, tag};
    else
      return protozero::packed_field_fixed64{writer_, tag};
  }
  /// Like words(), for numbers that take the less room the smaller they are.
  [[nodiscard]] protozero::packed_field_uint64 numbers(std::uint32_t tag) {
    return protozero::packed_field_uint64{writer_, tag};
  }

 private:
  FieldWriter(FieldWriter& parent, std::uint32_t tag) : out_(parent.out_), writer_(parent.writer_, tag) {}

  template <class Write>
  void part(std::uint32_t tag, Write write) {
    FieldWriter inner{*this, tag};
    write(inner);
  }

  template <fields::Message T>
  void write(const T& object) {
    if constexpr (fields::Saved<T>)
      object.save(*this);
    else
      members(object);
  }

  template <class T>
  void member(std::uint32_t tag, const T& value, const T& fresh) {
    if constexpr (fields::Message<T>) {
      part(tag, [&](FieldWriter& inner) { inner.write(value); });
    } else if constexpr (std::floating_point<T>) {
      if (std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(fresh)) add(tag, value);
    } else if constexpr (fields::Plain<T>) {
      if (value != fresh) add(tag, value);
    } else {
      add(tag, value);
    }
  }

  std::string* out_;
  protozero::pbf_writer writer_;
};

/// Reads what FieldWriter wrote. Throws what read_document() catches.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : reader_(bytes.data(), bytes.size()) {}

  /// Goes on to the next field; the one before is skipped if nobody read it.
  [[nodiscard]] bool next() {
    if (!std::exchange(read_, true)) reader_.skip();
    read_ = !reader_.next();
    return !read_;
  }
  [[nodiscard]] std::uint32_t tag() const { return reader_.tag(); }

  /// Reads all fields; those that fields() does not list are skipped.
  template <fields::Listed T>
  void members(T& object) {
    while (next()) member(object);
  }
  /// Reads the current field if fields() lists it.
  template <fields::Listed T>
  void member(T& object) {
    std::apply([&](const auto&... field) { (... || read_if(field, object)); }, T::fields());
  }

  /// Reads the current field. Of a list it is the next element, beyond `most` left out.
  template <class T>
  void read(T& value, std::size_t most = std::numeric_limits<std::size_t>::max()) {
    if constexpr (std::same_as<T, std::uint64_t>) {
      value = expect(protozero::pbf_wire_type::fixed64).get_fixed64();
    } else if constexpr (std::same_as<T, bool>) {
      value = varint() != 0;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(std::min(varint(), static_cast<std::uint64_t>(last(T{}))));
    } else if constexpr (std::unsigned_integral<T>) {
      value = narrow<T>(varint());
    } else if constexpr (std::signed_integral<T>) {
      value = narrow<T>(signed_number());
    } else if constexpr (std::floating_point<T>) {
      value = expect(protozero::pbf_wire_type::fixed64).get_double();
    } else if constexpr (fields::Time<T>) {
      value = T{Duration{signed_number()}};
    } else if constexpr (fields::Text<T>) {
      value = bytes();
    } else if constexpr (fields::Array<T>) {
      auto place = value.begin();
      for (const std::uint64_t number : numbers()) {
        if (place != value.end()) *place++ = narrow<typename T::value_type>(number);
      }
    } else if constexpr (fields::Optional<T>) {
      value = typename T::value_type{};
      read(*value);
    } else if constexpr (fields::Message<T>) {
      FieldReader part = message();
      if constexpr (fields::Saved<T>)
        value.load(part);
      else
        part.members(value);
    } else if constexpr (fields::Mapping<T>) {
      read_pair(value);
    } else if (value.size() < most) {
      read(value.emplace_back());
    }
  }

  [[nodiscard]] std::string_view bytes() {
    const auto view = expect(protozero::pbf_wire_type::length_delimited).get_view();
    return {view.data(), view.size()};
  }
  [[nodiscard]] FieldReader message() { return FieldReader{bytes()}; }
  /// An element of a map.
  template <class Key, class Mapped>
  [[nodiscard]] std::pair<Key, Mapped> pair() {
    std::pair<Key, Mapped> read{};
    FieldReader part = message();
    while (part.next()) {
      if (part.tag() == 1) part.read(read.first);
      if (part.tag() == 2) part.read(read.second);
    }
    return read;
  }
  /// What FieldWriter::words<Number>() and numbers() wrote: a range, valid as long as the bytes.
  template <class Number>
  [[nodiscard]] auto words() {
    auto& reader = expect(protozero::pbf_wire_type::length_delimited);
    if constexpr (std::floating_point<Number>)
      return reader.get_packed_double();
    else
      return reader.get_packed_fixed64();
  }
  using Numbers = protozero::iterator_range<protozero::pbf_reader::const_uint64_iterator>;
  [[nodiscard]] Numbers numbers() { return expect(protozero::pbf_wire_type::length_delimited).get_packed_uint64(); }

 private:
  /// Protozero asserts the wire type, and the bytes choose it.
  protozero::pbf_reader& expect(protozero::pbf_wire_type type) {
    if (reader_.wire_type() != type) throw fields::Damaged{};
    read_ = true;
    return reader_;
  }
  std::uint64_t varint() { return expect(protozero::pbf_wire_type::varint).get_uint64(); }

  template <class T>
  static T narrow(std::integral auto number) {
    if (!std::in_range<T>(number)) throw fields::Damaged{};
    return static_cast<T>(number);
  }

  /// They are milliseconds, or counted from those. Some 30,000 years are the farthest, so that what is computed from
  /// damaged bytes cannot overflow.
  std::int64_t signed_number() {
    constexpr std::int64_t kFarthest = 1'000'000'000'000'000;
    return std::clamp(expect(protozero::pbf_wire_type::varint).get_sint64(), -kFarthest, kFarthest);
  }

  template <class Owner, class Value, class T>
  bool read_if(const Field<Owner, Value>& field, T& object) {
    if (read_ || tag() != field.tag) return false;
    read(object.*field.member, field.most);
    return true;
  }

  template <fields::Mapping T>
  void read_pair(T& map) {
    using Pair = std::ranges::range_value_t<T>;
    auto [key, mapped] = pair<std::remove_const_t<typename Pair::first_type>, typename Pair::second_type>();
    if constexpr (requires { map.insert_or_assign(std::move(key), std::move(mapped)); })
      map.insert_or_assign(std::move(key), std::move(mapped));
    else
      map.set(key, mapped);
  }

  protozero::pbf_reader reader_;
  bool read_ = true;  ///< the current field, if there is one
};

// A document is what is stored as one value. It begins and ends with a mark (fields 1 and 15, not to be used for
// anything else), so that bytes of another kind are known as such, and bytes that were cut short as damaged.
inline constexpr std::string_view kDocumentBegins{"\x08\x01"};
inline constexpr std::string_view kDocumentEnds{"\x78\x01"};

[[nodiscard]] inline bool is_document(std::string_view bytes) {
  return bytes.starts_with(kDocumentBegins);
}

template <class Write>
[[nodiscard]] std::string write_document(Write write) {
  std::string out{kDocumentBegins};
  FieldWriter writer{out};
  write(writer);
  return out.append(kDocumentEnds);
}

/// Calls `read(FieldReader&)`, which may throw what a FieldReader throws. Returns false if the bytes are damaged.
template <class Read>
[[nodiscard]] bool read_document(std::string_view bytes, Read read) {
  if (!is_document(bytes) || !bytes.substr(kDocumentBegins.size()).ends_with(kDocumentEnds)) return false;
  bytes.remove_prefix(kDocumentBegins.size());
  bytes.remove_suffix(kDocumentEnds.size());
  try {
    FieldReader reader{bytes};
    read(reader);
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

}  // namespace crmpulse
