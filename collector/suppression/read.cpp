// Reading silences and maintenance windows from JSON and YAML into text that is not checked yet.

#include <fmt/format.h>

#include <algorithm>

#include "collector/suppression/text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

Checked<std::vector<std::string>> read_texts(const std::string& field, const json::value& value) {
  std::vector<std::string> texts;
  if (value.is_string()) {
    texts.emplace_back(value.get_string());
    return texts;
  }
  if (!value.is_array()) return FieldError{field, "must be a text or a list of texts"};
  for (const json::value& item : value.get_array()) {
    if (!item.is_string()) return FieldError{field, "must be a text or a list of texts"};
    texts.emplace_back(item.get_string());
  }
  return texts;
}

Checked<std::vector<LabelMatch>> read_matchers(const json::object& body) {
  std::vector<LabelMatch> matchers;
  const json::value* member = body.if_contains("matchers");
  if (member == nullptr) return matchers;
  if (!member->is_object()) return FieldError{"matchers", "must be an object: {\"crm\": [\"acme\"]}"};
  for (const auto& [name, value] : member->get_object()) {
    auto values = read_texts(fmt::format("matchers.{}", std::string_view{name}), value);
    if (!values) return values.error();
    matchers.push_back({std::string{name}, std::move(*values)});
  }
  return matchers;
}

Checked<std::optional<SuppressionText::Weekly>> read_weekly(const json::object& body) {
  const json::value* member = body.if_contains("weekly");
  if (member == nullptr || member->is_null()) return std::optional<SuppressionText::Weekly>{};
  if (!member->is_object()) return FieldError{"weekly", "must be an object with days, from, to and tz"};
  const json::object& object = member->get_object();
  const auto inside = [](FieldError error) { return FieldError{"weekly." + error.field, std::move(error.message)}; };
  if (auto wrong = unknown_member(object, {"days", "from", "to", "tz"})) return inside(*wrong);
  SuppressionText::Weekly weekly;
  if (const json::value* days = object.if_contains("days")) {
    auto names = read_texts("weekly.days", *days);
    if (!names) return names.error();
    weekly.days = std::move(*names);
  }
  for (const auto& [name, text] : {std::pair{"from", &weekly.from}, {"to", &weekly.to}, {"tz", &weekly.tz}}) {
    auto read = text_member(object, name);
    if (!read) return inside(read.error());
    *text = std::move(*read);
  }
  return std::optional{std::move(weekly)};
}

/// A member of the YAML item as JSON, so that both ways of writing are read by the same lines.
json::value as_json(const config::Node& node) {
  switch (node.kind) {
    case config::Node::Kind::null: return nullptr;
    case config::Node::Kind::scalar: return json::value(node.scalar);
    case config::Node::Kind::sequence: {
      json::array items;
      for (const config::Node& item : node.items) items.push_back(as_json(item));
      return items;
    }
    case config::Node::Kind::mapping: {
      json::object members;
      for (const config::Member& member : node.members) members[member.first] = as_json(member.second);
      return members;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<FieldError> unknown_member(const json::object& body, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : body) {
    if (std::find(known.begin(), known.end(), std::string_view{name}) == known.end())
      return FieldError{std::string{name}, "there is no such field"};
  }
  return std::nullopt;
}

Checked<std::string> text_member(const json::object& body, std::string_view field) {
  const json::value* member = body.if_contains(field);
  if (member == nullptr || member->is_null()) return {boost::system::in_place_value, std::string{}};
  if (!member->is_string()) return FieldError{std::string{field}, "must be a text"};
  return {boost::system::in_place_value, std::string{member->get_string()}};
}

Checked<std::string> filled_member(const json::object& body, std::string_view field) {
  auto text = text_member(body, field);
  const json::value* member = body.if_contains(field);
  if (text && text->empty() && member != nullptr && member->is_string())
    return FieldError{std::string{field}, "is empty: leave it out, or give it a value"};
  return text;
}

Checked<SuppressionText> read_suppression(Suppression::Kind kind, const json::object& body) {
  if (auto wrong =
          unknown_member(body, {"matchers", "starts_at", "ends_at", "expires_in", "weekly", "author", "comment"}))
    return *wrong;
  SuppressionText text;
  auto matchers = read_matchers(body);
  if (!matchers) return matchers.error();
  text.matchers = std::move(*matchers);
  auto weekly = read_weekly(body);
  if (!weekly) return weekly.error();
  text.weekly = std::move(*weekly);
  if (text.weekly && kind == Suppression::Kind::silence)
    return FieldError{"weekly", "a silence cannot repeat; use maintenance"};
  for (const auto& [name, target] :
       {std::pair{"starts_at", &text.starts_at}, {"ends_at", &text.ends_at}, {"expires_in", &text.expires_in}}) {
    auto read = filled_member(body, name);
    if (!read) return read.error();
    *target = std::move(*read);
  }
  for (const auto& [name, target] : {std::pair{"author", &text.author}, {"comment", &text.comment}}) {
    auto read = text_member(body, name);
    if (!read) return read.error();
    *target = std::move(*read);
  }
  return text;
}

std::vector<Suppression> read_maintenance(config::Reader& root) {
  std::vector<Suppression> all;
  for (config::Reader& item : root.each("maintenance")) {
    json::object body;
    for (const char* key : {"matchers", "starts_at", "ends_at", "expires_in", "weekly", "author", "comment"}) {
      if (const config::Node* node = item.raw(key)) body[key] = as_json(*node);
    }
    item.finish();
    // A file has no author of its own; whoever changed it is known elsewhere.
    if (!body.contains("author")) body["author"] = "collector.yaml";
    const auto report = [&](const FieldError& wrong) {
      const std::string key = wrong.field.substr(0, wrong.field.find('.'));
      const std::string inside = key == wrong.field ? "" : wrong.field.substr(key.size() + 1) + ": ";
      if (item.has(key)) {
        item.problem(key, inside + wrong.message);
      } else {
        item.problem(wrong.field + ": " + wrong.message);
      }
    };
    auto text = read_suppression(Suppression::Kind::maintenance, body);
    if (!text) {
      report(text.error());
      continue;
    }
    auto checked = check_suppression(Suppression::Kind::maintenance, *text, std::nullopt);
    if (!checked) {
      report(checked.error());
      continue;
    }
    checked->id = fmt::format("config-{}", all.size() + 1);
    checked->configured = true;
    all.push_back(std::move(*checked));
  }
  return all;
}

}  // namespace crmpulse::collector
