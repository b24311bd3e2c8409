// Dataverse's single records: create, retrieve, update or upsert, delete.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/dynamics/parts.h"

namespace crmpulse::sandbox::dynamics {
namespace {

namespace json = boost::json;

std::string etag(const Record& record) {
  return fmt::format("W/\"{}\"", unix_millis(record.modified));
}

net::HttpResponse does_not_exist(const Object& object, std::string_view key) {
  return error(404, "0x80040217", fmt::format("Entity '{}' With Id = {} Does Not Exist", object.alias, key));
}

bool wants_representation(const net::HttpRequest& request) {
  return request.header("prefer").find("return=representation") != std::string_view::npos;
}

/// `parentcustomerid_account@odata.bind` is the column _parentcustomerid_value; its text ends with the key in brackets.
const Field* bound_field(const Ask& ask, const Object& object, std::string_view name) {
  const std::string_view navigation = name.substr(0, name.find('@'));
  if (const auto* field = ask.schema.field(object, fmt::format("_{}_value", navigation))) return field;
  return ask.schema.field(object, fmt::format("_{}_value", navigation.substr(0, navigation.find('_'))));
}

bool is_lookup(const Field& field) {
  return field.type == FieldType::reference && field.name.starts_with('_');
}

/// No number is taken for a text, and no text for a number.
bool is_of_type(const Field& field, const json::value& value, bool bound) {
  if (value.is_null()) return !bound;
  if (is_number(field.type)) return value.is_number();
  if (field.type == FieldType::boolean) return value.is_bool();
  return value.is_string();
}

void check_value(const Ask& ask, const Object& object, const Field& field, const std::string& text) {
  switch (ask.schema.mismatch(ask.lookup, field, text)) {
    case Mismatch::none: return;
    case Mismatch::length:
      throw Refusal{Refusal::Kind::value, std::string{field.name}, "length",
                    fmt::format("A validation error occurred.  The length of the '{}' attribute of the '{}' entity "
                                "exceeded the maximum allowed length of '{}'.",
                                field.name, object.alias, field.longest)};
    case Mismatch::option:
      throw Refusal{Refusal::Kind::value, std::string{field.name}, "option",
                    fmt::format("A validation error occurred.  The value {} of '{}' on record of type '{}' is outside "
                                "the valid range. Accepted Values: {}",
                                text, field.name, object.alias, fmt::join(field.options, ","))};
    case Mismatch::reference:
      throw Refusal{Refusal::Kind::value, std::string{field.name}, "reference",
                    fmt::format("Entity With Id = {} Does Not Exist", text)};
  }
}

/// Returns what the body writes, under canonical names.
Fields fields_of(const Ask& ask, const Object& object) {
  const auto body = parse_json(ask.request.body);
  if (!body || !body->is_object())
    throw Refusal{Refusal::Kind::syntax, {}, "body", "Error identified in Payload provided by the user"};
  Fields fields;
  for (const auto& [key, value] : body->get_object()) {
    const std::string name{key};
    const bool bound = name.ends_with("@odata.bind");
    if (!bound && name.find('@') != std::string::npos) continue;  // an annotation
    const Field* field = bound ? bound_field(ask, object, name) : ask.schema.field(object, name);
    if (field == nullptr) throw Refusal{Refusal::Kind::field, name, {}, {}};
    if (!bound && is_lookup(*field))
      throw Refusal{
          Refusal::Kind::value, name, "body",
          "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."};
    std::string text = scalar_text(value).value_or("");
    if (bound) text = std::string{keyed(text).key.value_or("?")};
    if (!is_of_type(*field, value, bound) || !ask.schema.write(*field, text, fields))
      throw Refusal{Refusal::Kind::value, name, "body",
                    fmt::format("Cannot convert a value to the type of '{}'", name)};
    check_value(ask, object, *field, text);
  }
  return fields;
}

/// One of $expand: `incidentid($select=createdon)`.
struct Expansion {
  std::string navigation;
  std::vector<std::string> select;
};

std::vector<Expansion> expansions_of(std::string_view text) {
  std::vector<Expansion> expansions;
  while (!text.empty()) {
    const auto end = text.find_first_of(",(");
    Expansion one{std::string{text.substr(0, end)}, {}};
    text.remove_prefix(std::min(end, text.size()));
    if (text.starts_with('(')) {
      const auto close = std::min(text.find(')'), text.size());
      const auto select = text.find("$select=");
      if (select < close) one.select = comma_list(text.substr(select + 8, close - select - 8));
      text.remove_prefix(std::min(close + 1, text.size()));
    }
    if (text.starts_with(',')) text.remove_prefix(1);
    expansions.push_back(std::move(one));
  }
  return expansions;
}

const Object* object_of(const Ask& ask, Kind kind) {
  for (const Object& object : ask.schema.objects()) {
    if (object.kind() == kind && object.only == nullptr) return &object;
  }
  return nullptr;
}

std::vector<const Field*> selected(const Ask& ask, const Object& object) {
  std::vector<const Field*> fields;
  for (const std::string& name : comma_list(query_value(ask.request, "$select"))) {
    if (const Field* field = ask.schema.field(object, name)) fields.push_back(field);
  }
  return fields.empty() ? ask.schema.fields(object) : fields;
}

void check_selected(const Ask& ask, const Object& object) {
  for (const std::string& name : comma_list(query_value(ask.request, "$select"))) {
    if (ask.schema.field(object, name) == nullptr) throw Refusal{Refusal::Kind::field, name, {}, {}};
  }
}

/// 204 with the record's address, or the record when that is preferred.
net::HttpResponse saved(const Ask& ask, const Object& object, RecordId id, int with_body) {
  const std::string address = fmt::format("{}{}({})", ask.base, object.name, guid_text(id));
  if (!wants_representation(ask.request)) return {204, {{"OData-EntityId", address}}, {}};
  json::object body = record_json(ask, object, *ask.world.company.find(id), selected(ask, object));
  body["@odata.context"] = fmt::format("{}$metadata#{}/$entity", ask.base, object.name);
  return json_reply(with_body, body, {{"OData-EntityId", address}, {"Preference-Applied", "return=representation"}});
}

/// The record a lookup leads to; null when it leads nowhere.
json::value expanded(const Ask& ask, const Object& object, const Record& record, const Expansion& expansion) {
  const Field* link = ask.schema.field(object, fmt::format("_{}_value", expansion.navigation));
  const Record* other = link != nullptr ? ask.world.company.find(id_of(value_of(ask.lookup, record, *link))) : nullptr;
  const Object* kind = other != nullptr ? object_of(ask, other->kind) : nullptr;
  if (kind == nullptr) return nullptr;
  json::object body;
  for (const std::string& name : expansion.select) {
    const Field* field = ask.schema.field(*kind, name);
    if (field == nullptr) throw Refusal{Refusal::Kind::field, name, {}, {}};
    body[name] = value_json(value_of(ask.lookup, *other, *field), field->type);
  }
  body[kind->fields.front().name] = guid_text(other->id);
  return body;
}

net::HttpResponse update(const Ask& ask, const Object& object, std::string_view key, const Record* record) {
  const std::string_view if_match = ask.request.header("if-match");
  if (record == nullptr && !if_match.empty()) return does_not_exist(object, key);
  // Without If-Match a PATCH is an upsert: what is not there is made, with an id of its own here.
  if (record == nullptr) return create_entity(ask, object);
  if (ask.request.header("if-none-match") == "*")
    return error(412, "0x80040237", "A record with matching key values already exists.");
  if (!if_match.empty() && if_match != "*" && if_match != etag(*record))
    return error(412, "0x80060882",
                 "The version of the existing record doesn't match the RowVersion property provided.");
  ask.world.company.update(record->id, fields_of(ask, object), ask.world.company.api_user(), ask.world.now);
  return saved(ask, object, record->id, 200);
}

}  // namespace

void check_expanded(const Ask& ask, const Object& object) {
  for (const Expansion& one : expansions_of(query_value(ask.request, "$expand"))) {
    if (ask.schema.field(object, fmt::format("_{}_value", one.navigation)) == nullptr)
      throw Refusal{Refusal::Kind::field, one.navigation, {}, {}};
  }
}

json::object record_json(const Ask& ask, const Object& object, const Record& record,
                         const std::vector<const Field*>& fields) {
  json::object body{{"@odata.etag", etag(record)}};
  for (const Field* field : fields) body[field->name] = value_json(value_of(ask.lookup, record, *field), field->type);
  body[object.fields.front().name] = guid_text(record.id);
  for (const Expansion& one : expansions_of(query_value(ask.request, "$expand")))
    body[one.navigation] = expanded(ask, object, record, one);
  return body;
}

net::HttpResponse create_entity(const Ask& ask, const Object& object) {
  if (!object.writable) return error(405, "0x80040800", "The table cannot be written");
  Company& company = ask.world.company;
  return saved(ask, object, company.create(object.kind(), fields_of(ask, object), company.api_user(), ask.world.now),
               201);
}

net::HttpResponse answer_entity(const Ask& ask, const Object& object, std::string_view key) {
  static constexpr std::array<std::string_view, 3> kParameters{"$select", "$expand", "api-version"};
  check_parameters(ask.request, kParameters);
  check_expanded(ask, object);
  const auto id = parse_guid(key);
  if (!id) return error(400, "0x80060888", fmt::format("Bad Request - Error in query syntax near '{}'.", key));
  const Record* record = record_of(ask.lookup, object, *id);
  if (ask.request.method == "PATCH") return update(ask, object, key, record);
  if (record == nullptr) return does_not_exist(object, key);
  if (ask.request.method == "DELETE") {
    if (!object.writable) return error(405, "0x80040800", "The table cannot be written");
    ask.world.company.remove(*id, ask.world.company.api_user(), ask.world.now);
    return {204, {}, {}};
  }
  if (ask.request.method != "GET") return error(405, "0x80060888", "The method is not allowed");
  check_selected(ask, object);
  json::object body = record_json(ask, object, *record, selected(ask, object));
  body["@odata.context"] = fmt::format("{}$metadata#{}/$entity", ask.base, object.name);
  return json_reply(200, body, {{"ETag", etag(*record)}});
}

}  // namespace crmpulse::sandbox::dynamics
