// Bodies of requests: YAML with ${} → JSON.
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "config/reader.h"
#include "probes/json/json.h"

namespace crmpulse::probes {
namespace {

namespace json = boost::json;

/// JSON's own grammar: no `+1`, `.5`, `0x1`, `1_000`, `007`.
std::optional<json::value> number_of(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_number()) return std::nullopt;
  return value;
}

json::value of_type(const Value& value) {
  switch (value.type) {
    case ParameterType::boolean: return value.text == "true";
    case ParameterType::integer:
      if (auto number = number_of(value.text)) return *number;
      break;
    case ParameterType::number:
      if (const auto number = config::parse_number(value.text)) return *number;
      break;
    case ParameterType::list: {
      json::array items;
      for (const std::string& item : value.items) items.emplace_back(item);
      return items;
    }
    case ParameterType::duration:
      if (const auto duration = parse_duration(value.text)) return to_seconds(*duration);
      break;
    default: break;
  }
  return json::string(value.text);
}

Result<json::value> scalar(const config::Node& node, const Values& values) {
  const std::string& text = node.scalar;
  if (!node.quoted) {
    if (text == "true") return json::value(true);
    if (text == "false") return json::value(false);
    if (auto number = number_of(text)) return *number;
  }
  if (const auto typed = only_value(text, values)) {
    if (!*typed) return typed->error();
    return of_type(**typed);
  }
  const Result<std::string> expanded = expand(text, values, Place::text);
  if (!expanded) return expanded.error();
  return json::value(json::string(*expanded));
}

Result<json::value> made(const config::Node& node, const Values& values) {
  switch (node.kind) {
    case config::Node::Kind::null: return json::value(nullptr);
    case config::Node::Kind::scalar: return scalar(node, values);
    case config::Node::Kind::sequence: {
      json::array out;
      for (const config::Node& item : node.items) {
        Result<json::value> value = made(item, values);
        if (!value) return value.error();
        out.push_back(std::move(*value));
      }
      return json::value(std::move(out));
    }
    case config::Node::Kind::mapping: break;
  }
  json::object out;
  for (const config::Member& member : node.members) {
    const Result<std::string> key = expand(member.first, values, Place::text);
    if (!key) return key.error();
    Result<json::value> value = made(member.second, values);
    if (!value) return value.error();
    out.insert_or_assign(*key, std::move(*value));
  }
  return json::value(std::move(out));
}

/// The place a pointer names, made when it is not there; null when something else is in the way.
json::value* place(json::value& root, std::string_view pointer) {
  json::value* at = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    if (at->is_null()) at->emplace_object();
    if (json::array* array = at->if_array()) {
      std::size_t index = 0;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      at = error == std::errc{} && end == token.data() + token.size() ? array->if_contains(index) : nullptr;
    } else {
      json::object* object = at->if_object();
      at = object == nullptr ? nullptr : &(*object)[token];
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace

JsonBody::JsonBody() : value_(std::make_shared<json::value>()) {}

Result<JsonBody> JsonBody::make(const config::Node& node, const Values& values) {
  Result<json::value> value = made(node, values);
  if (!value) return value.error();
  JsonBody body;
  *body.value_ = std::move(*value);
  return body;
}

JsonBody JsonBody::object() {
  JsonBody body;
  body.value_->emplace_object();
  return body;
}

JsonBody JsonBody::text(std::string_view text) {
  JsonBody body;
  body.value_->emplace_string() = text;
  return body;
}

JsonBody JsonBody::number(std::int64_t number) {
  JsonBody body;
  *body.value_ = number;
  return body;
}

void JsonBody::set(std::string_view pointer, JsonBody value) {
  if (json::value* at = place(*value_, pointer)) *at = std::move(*value.value_);
}

void JsonBody::append(std::string_view pointer, JsonBody value) {
  json::value* at = place(*value_, pointer);
  if (at == nullptr) return;
  if (!at->is_array()) at->emplace_array();
  at->get_array().push_back(std::move(*value.value_));
}

std::string JsonBody::serialised() const {
  return json::serialize(*value_);
}

}  // namespace crmpulse::probes
