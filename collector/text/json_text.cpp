#include "collector/text/json_text.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text/printable.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

void write(std::string& out, const json::value& value);

void write(std::string& out, const json::object& object) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : object) {
    if (!first) out += ',';
    first = false;
    append_printable(out, json::serialize(json::string_view{key}));
    out += ':';
    write(out, value);
  }
  out += '}';
}

void write(std::string& out, const json::array& array) {
  out += '[';
  bool first = true;
  for (const json::value& value : array) {
    if (!first) out += ',';
    first = false;
    write(out, value);
  }
  out += ']';
}

void write(std::string& out, const json::value& value) {
  if (value.is_object()) {
    write(out, value.get_object());
  } else if (value.is_array()) {
    write(out, value.get_array());
  } else if (value.is_double()) {
    // JSON has no word for infinity or "not a number".
    out += std::isfinite(value.get_double()) ? fmt::format("{}", value.get_double()) : "null";
  } else {
    // What cannot be seen is written as JSON's own escapes: the same text for a program.
    append_printable(out, json::serialize(value));
  }
}

}  // namespace

std::string to_text(const json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string string_member(const boost::json::object& object, std::string_view key) {
  const boost::json::value* const member = object.if_contains(key);
  return member != nullptr && member->is_string() ? std::string{member->get_string()} : std::string{};
}

const boost::json::object& object_member(const boost::json::object& object, std::string_view key) {
  static const boost::json::object kNone;
  const boost::json::value* const member = object.if_contains(key);
  return member != nullptr && member->is_object() ? member->get_object() : kNone;
}

}  // namespace crmpulse::collector
