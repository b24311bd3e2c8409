// Pipedrive's records: lists with cursors, single records, writes, soft deletion, a deal's flow.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/pipedrive/parts.h"

namespace crmpulse::sandbox::pipedrive {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostPerPage = 500;
constexpr std::size_t kMostRows = 10'000'000;
constexpr std::string_view kCursor = "offset-";
constexpr Duration kKept = std::chrono::hours{30 * 24};  // deleted records

std::string capital(std::string_view word) {
  std::string text{word};
  text.front() = static_cast<char>(text.front() - 32);
  return text;
}

/// E-mails and telephones are lists with one entry.
json::value contact_list(const Value& value) {
  const std::string text = text_of(value);
  if (text.empty()) return json::array{};
  return json::array{json::object{{"value", text}, {"primary", true}, {"label", "work"}}};
}

json::value field_json(const Ask& ask, const Field& field, const Value& value) {
  if (field.name == "emails" || field.name == "phones") return contact_list(value);
  if (field.type == FieldType::time) return time_json(value, ask.route.version);
  if (const auto time = time_of(value)) return json::value(date_text(*time));
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* text = std::get_if<std::string>(&value)) return json::value(*text);
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? number_json(*number) : nullptr;
}

/// A written value as text; lists of e-mails and telephones give their first.
std::string written_text(const json::value& value) {
  if (value.is_array()) return value.get_array().empty() ? "" : written_text(value.get_array().front());
  if (value.is_object()) return text_member(value, "value");
  return scalar_text(value).value_or("");
}

/// Version 2 takes no number for a text, and no text for a number.
bool is_of_type(const Field& field, const json::value& value) {
  if (value.is_null() || field.name == "emails" || field.name == "phones") return true;
  if (field.type == FieldType::boolean) return value.is_bool();
  if (is_number(field.type) || is_id(field.type)) return value.is_number();
  return value.is_string();
}

void check_value(const Ask& ask, const Field& field, const std::string& name, const std::string& text) {
  switch (ask.schema.mismatch(ask.lookup, field, text)) {
    case Mismatch::none: return;
    case Mismatch::length: throw not_valid(name, fmt::format("must be at most {} characters long", field.longest));
    case Mismatch::option: throw not_valid(name, "is not one of the allowed values");
    case Mismatch::reference: throw not_valid(name, "refers to nothing that is there");
  }
}

/// Returns what the body writes, under canonical names. What nobody has defined is ignored, as Pipedrive does.
Fields fields_of(const Ask& ask, const Object& object) {
  const auto body = parse_json(ask.request.body);
  if (!body || !body->is_object())
    throw Refusal{Refusal::Kind::syntax, {}, "Bad request", "The body is not a JSON object."};
  Fields fields;
  for (const auto& [key, value] : body->get_object()) {
    const std::string name{key};
    const Field* field = ask.schema.field(object, name == "email" ? "emails" : name == "phone" ? "phones" : name);
    if (field == nullptr || field->read_only) continue;
    const std::string text = written_text(value);
    const bool fits = ask.route.version == 1 || is_of_type(*field, value);
    if (!fits || !ask.schema.write(*field, text, fields)) throw not_valid(name, "has a wrong type");
    check_value(ask, *field, name, text);
  }
  return fields;
}

const Record* any_record(const Ask& ask, const Object& object, RecordId id) {
  const Record* record = ask.world.company.find(id);
  if (record == nullptr || record->kind != object.kind()) return nullptr;
  return record->deleted && *record->deleted + kKept < ask.world.now ? nullptr : record;
}

/// Deleted ones only when they are asked for; those evaluate() does not see.
std::vector<RecordId> deleted_ids(const Ask& ask, const Object& object) {
  std::vector<RecordId> ids;
  for (const RecordId id : ask.world.company.of(object.kind())) {
    const Record* record = any_record(ask, object, id);
    if (record != nullptr && record->deleted) ids.push_back(id);
  }
  return ids;
}

/// Where the page begins. Only what was given out as next_cursor is one.
std::size_t cursor_of(const Ask& ask) {
  const std::string cursor = query_value(ask.request, "cursor");
  if (cursor.empty()) return 0;
  const auto offset = cursor.starts_with(kCursor)
                          ? whole_number(std::string_view{cursor}.substr(kCursor.size()), 0, 1, kMostRows)
                          : std::nullopt;
  if (!offset) throw not_valid("cursor", "is not a valid cursor");
  return *offset;
}

/// Version 2 pages by cursor, version 1 by start.
net::HttpResponse list(const Ask& ask, const Object& object) {
  const bool v1 = ask.route.version == 1;
  Query query;
  query.limit = number_param(ask, "limit", 100, 1, kMostPerPage);
  const std::size_t limit = *query.limit;
  query.offset = v1 ? number_param(ask, "start", 0, 0, kMostRows) : cursor_of(ask);
  query.where = filters_of(ask, object);
  std::string by = query_value(ask.request, "sort_by");
  if (by.empty()) by = "id";
  const Field* sorted = ask.schema.field(object, by);
  if (sorted == nullptr || (by != "id" && by != "add_time" && by != "update_time" && by != "due_date"))
    return error(400, "Validation failed", "sort_by is one of id, add_time, update_time");
  const std::string direction = query_value(ask.request, "sort_direction");
  if (!direction.empty() && direction != "asc" && direction != "desc")
    throw not_valid("sort_direction", "is one of asc, desc");
  const bool descending = direction == "desc";
  query.order_by.push_back({0, query_name(*sorted), std::nullopt, descending, descending});
  Rows rows;
  if (query_value(ask.request, "status") == "deleted") {
    const auto ids = deleted_ids(ask, object);
    rows.total = ids.size();
    for (std::size_t at = query.offset; at < std::min(ids.size(), query.offset + limit); ++at)
      rows.rows.push_back({ids[at], {}});
  } else {
    rows = answer_query(ask.lookup, object, query);
  }
  json::array data;
  for (const Row& row : rows.rows) data.push_back(record_json(ask, object, *ask.world.company.find(row.id)));
  const std::size_t next = query.offset + rows.rows.size();
  const bool more = next < rows.total;
  json::object additional{{"next_cursor", more ? json::value(fmt::format("{}{}", kCursor, next)) : json::value{}}};
  if (v1) {
    json::object pagination{{"start", query.offset}, {"limit", limit}, {"more_items_in_collection", more}};
    if (more) pagination["next_start"] = next;
    additional = {{"pagination", std::move(pagination)}};
  }
  return success(std::move(data), {{"additional_data", std::move(additional)}});
}

/// What the CRM keeps of a deal's past: that it was added, and when it came to its stage.
net::HttpResponse flow(const Record& deal) {
  json::array data;
  const auto add = [&](const char* key, const Value& at, const std::string& value) {
    const json::value stamp = time_json(at, 1);
    if (stamp.is_null()) return;
    data.push_back({{"object", "dealChange"},
                    {"timestamp", stamp},
                    {"data",
                     {{"item_id", deal.id},
                      {"user_id", deal.modified_by},
                      {"field_key", key},
                      {"old_value", nullptr},
                      {"new_value", value},
                      {"log_time", stamp}}}});
  };
  if (truth_of(field(deal, "closed")))
    add("status", field(deal, "closed_at"), truth_of(field(deal, "won")) ? "won" : "lost");
  add("stage_id", field(deal, "stage_changed"), text_field(deal, "stage"));
  add("add_time", deal.created, "");
  const std::size_t count = data.size();
  return success(
      std::move(data),
      {{"additional_data", {{"pagination", {{"start", 0}, {"limit", count}, {"more_items_in_collection", false}}}}}});
}

net::HttpResponse create(const Ask& ask, const Object& object) {
  Fields fields = fields_of(ask, object);
  const bool titled = object.kind() == Kind::opportunity || object.kind() == Kind::lead;
  const std::string_view required = titled ? "title" : object.kind() == Kind::task ? "subject" : "name";
  const auto body = parse_json(ask.request.body);
  if (text_member(*body, required).empty())
    return error(400, "Validation failed", fmt::format("{}: Required", required));
  Company& company = ask.world.company;
  const RecordId id = company.create(object.kind(), std::move(fields), company.api_user(), ask.world.now);
  return success(record_json(ask, object, *company.find(id)), {}, ask.route.version == 1 ? 201 : 200);
}

net::HttpResponse one(const Ask& ask, const Object& object) {
  const RecordId id = parse_id(ask.route.part(1)).value_or(0);
  const Record* record = any_record(ask, object, id);
  const std::string& method = ask.request.method;
  if (record == nullptr) return error(404, capital(object.alias) + " not found");
  if (ask.route.part(2) == "flow" && object.kind() == Kind::opportunity) return flow(*record);
  if (!ask.route.part(2).empty()) return error(404, "Unknown path");
  if (method == "GET") return success(record_json(ask, object, *record));
  if (record->deleted) return error(404, capital(object.alias) + " not found");
  if (method == "DELETE") {
    ask.world.company.remove(id, ask.world.company.api_user(), ask.world.now);
    const json::value told = object.kind() == Kind::lead ? json::value(lead_id(id)) : json::value(id);
    return success({{"id", told}});
  }
  if (method != "PATCH" && method != "PUT") return error(405, "Method not allowed");
  ask.world.company.update(id, fields_of(ask, object), ask.world.company.api_user(), ask.world.now);
  return success(record_json(ask, object, *ask.world.company.find(id)));
}

}  // namespace

json::object record_json(const Ask& ask, const Object& object, const Record& record) {
  const bool v1 = ask.route.version == 1;
  json::object body;
  for (const Field* field : ask.schema.fields(object)) {
    const bool plural = field->name == "emails" || field->name == "phones";
    const std::string_view name = field->name.substr(0, field->name.size() - (plural && v1 ? 1 : 0));
    body[name] = field_json(ask, *field, value_of(ask.lookup, record, *field));
  }
  if (object.kind() == Kind::lead) body["id"] = lead_id(record.id);
  if (!v1) body["custom_fields"] = json::object{};
  body["is_deleted"] = record.deleted.has_value();
  if (v1) body["active_flag"] = !record.deleted;
  if (v1 && record.deleted && object.kind() == Kind::opportunity) body["status"] = "deleted";
  return body;
}

net::HttpResponse answer_records(const Ask& ask, const Object& object) {
  if (!ask.route.part(1).empty() && !asks_archived(ask, object)) return one(ask, object);
  if (ask.request.method == "POST") return create(ask, object);
  return ask.request.method == "GET" ? list(ask, object) : error(405, "Method not allowed");
}

}  // namespace crmpulse::sandbox::pipedrive
