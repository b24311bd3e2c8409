// Zoho CRM's records: list, read, count, deleted, related lists, COQL.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "sandbox/zoho/coql.h"
#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox::zoho {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostFields = 50;
constexpr std::size_t kMostPerPage = 200;
constexpr std::size_t kMostByNumber = 2000;

std::string display_name(const Lookup& lookup, const Record& record) {
  for (const char* name : {"name", "subject", "last_name"}) {
    const std::string text = text_field(record, name);
    if (!text.empty()) return name == std::string_view{"last_name"} ? text_of(full_name(lookup, record)) : text;
  }
  return {};
}

json::object record_json(const Ask& ask, const Record& record, const std::vector<const Field*>& fields) {
  json::object body{{"id", id_text(record.id)}};
  for (const Field* field : fields)
    body[field->name] = value_json(ask.lookup, value_of(ask.lookup, record, *field), field->type);
  return body;
}

struct Selected {
  std::vector<const Field*> known;
  std::string unknown;
};

Selected wanted(const Ask& ask, const Object& module, const std::vector<std::string>& names) {
  Selected fields;
  if (names.empty()) fields.known = ask.schema.fields(module);
  for (const std::string& name : names) {
    if (const Field* field = ask.schema.field(module, name)) {
      fields.known.push_back(field);
    } else if (fields.unknown.empty()) {
      fields.unknown = name;
    }
  }
  return fields;
}

net::HttpResponse invalid_field(std::string_view param, std::string_view name) {
  return error(400, "INVALID_DATA", "the field name given seems to be invalid",
               {{"param_name", param}, {"api_name", name}});
}

/// The page asked for: by number, up to 2,000 records, or by the token of the page before.
std::size_t page_of(const Ask& ask, std::size_t per_page) {
  if (!query_value(ask.request, "page_token").empty()) return number_param(ask, "page_token", 1, 100'000);
  const std::size_t page = number_param(ask, "page", 1, 100'000);
  if ((page - 1) * per_page >= kMostByNumber)
    throw Refusal{Refusal::Kind::too_much, "page", "param", "only 2,000 records can be had without page_token"};
  return page;
}

std::optional<TimePoint> modified_since(const Ask& ask) {
  const std::string_view header = ask.request.header("if-modified-since");
  if (header.empty()) return std::nullopt;
  const auto time = parse_time(header);
  if (!time) throw bad_param("If-Modified-Since");
  return *time;
}

net::HttpResponse page(const Ask& ask, const Object& module, Query query, const Selected& fields, bool search) {
  const std::size_t per_page = number_param(ask, "per_page", kMostPerPage, kMostPerPage);
  const std::size_t number = page_of(ask, per_page);
  query.limit = per_page;
  query.offset = (number - 1) * per_page;
  const Rows rows = answer_query(ask.lookup, module, query, search);
  if (rows.rows.empty()) return modified_since(ask) ? net::HttpResponse{304, {}, {}} : empty();
  json::array data;
  for (const Row& row : rows.rows) data.push_back(record_json(ask, *ask.world.company.find(row.id), fields.known));
  const bool more = query.offset + rows.rows.size() < rows.total;
  json::object info = info_json(per_page, rows.rows.size(), number, more);
  info["sort_by"] = query.order_by.empty() ? "id" : query_value(ask.request, "sort_by");
  info["sort_order"] = query.order_by.empty() ? "desc" : query_value(ask.request, "sort_order");
  info["next_page_token"] = more ? json::value(std::to_string(number + 1)) : json::value{};
  info["previous_page_token"] = nullptr;
  return json_reply(200, {{"data", std::move(data)}, {"info", std::move(info)}});
}

/// Leads: those that were converted only when they are asked for.
Object with_converted(const Ask& ask, Object module) {
  const std::string converted = query_value(ask.request, "converted");
  if (!converted.empty() && converted != "true" && converted != "false" && converted != "both")
    throw bad_param("converted");
  if (module.kind() != Kind::lead || (converted != "true" && converted != "both")) return module;
  module.only = nullptr;
  if (converted == "true") module.only = +[] { return where("converted", Compare::equal, true); };
  return module;
}

net::HttpResponse list(const Ask& ask, const Object& asked) {
  const Object module = with_converted(ask, asked);
  const auto names = comma_list(query_value(ask.request, "fields"));
  if (names.empty())
    return error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {{"param", "fields"}});
  if (names.size() > kMostFields) return error(400, "LIMIT_EXCEEDED", "more than 50 fields", {{"param", "fields"}});
  const Selected fields = wanted(ask, module, names);
  if (!fields.unknown.empty()) return invalid_field("fields", fields.unknown);
  Query query;
  if (const auto since = modified_since(ask)) query.where = where("modified", Compare::greater_equal, *since);
  if (const std::string by = query_value(ask.request, "sort_by"); !by.empty()) {
    const Field* field = ask.schema.field(module, by);
    const bool sortable = field != nullptr &&
                          (field->canonical == "id" || field->canonical == "created" || field->canonical == "modified");
    if (!sortable) return invalid_field("sort_by", by);
    const std::string order = query_value(ask.request, "sort_order");
    if (!order.empty() && order != "asc" && order != "desc") throw bad_param("sort_order");
    const bool descending = order != "asc";
    query.order_by.push_back({0, std::string{field->canonical}, std::nullopt, descending, descending});
  }
  return page(ask, module, std::move(query), fields, false);
}

net::HttpResponse search(const Ask& ask, const Object& module) {
  bool asked = false;
  for (const char* name : {"criteria", "email", "phone", "word"})
    asked = asked || !query_value(ask.request, name).empty();
  if (!asked)
    return error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {{"param", "criteria"}});
  auto condition = parse_search(ask, module);
  if (!condition) return refused(condition.error());
  Query query;
  query.where = std::move(*condition);
  const Selected fields = wanted(ask, module, comma_list(query_value(ask.request, "fields")));
  if (!fields.unknown.empty()) return invalid_field("fields", fields.unknown);
  return page(ask, module, std::move(query), fields, true);
}

net::HttpResponse count(const Ask& ask, const Object& module) {
  auto condition = parse_search(ask, module);
  if (!condition) return refused(condition.error());
  Query query;
  query.where = std::move(*condition);
  query.limit = 1;
  return json_reply(200, {{"count", answer_query(ask.lookup, module, query).total}});
}

net::HttpResponse deleted(const Ask& ask, const Object& module) {
  const std::size_t per_page = number_param(ask, "per_page", kMostPerPage, kMostPerPage);
  const std::size_t page = page_of(ask, per_page);
  const std::size_t skipped = (page - 1) * per_page;
  json::array data;
  std::size_t found = 0;
  for (const RecordId id : ask.world.company.of(module.kind())) {
    const Record* record = ask.world.company.find(id);
    if (record == nullptr || !record->deleted || !module.writable) continue;
    if (found++ < skipped || data.size() == per_page) continue;
    data.push_back({{"id", id_text(id)},
                    {"display_name", display_name(ask.lookup, *record)},
                    {"type", "recycle"},
                    {"created_time", iso(record->created)},
                    {"deleted_time", iso(*record->deleted)},
                    {"deleted_by", value_json(ask.lookup, field(*record, "modified_by"), FieldType::reference)},
                    {"created_by", value_json(ask.lookup, field(*record, "created_by"), FieldType::reference)}});
  }
  if (data.empty()) return empty();
  json::object info = info_json(per_page, data.size(), page, skipped + data.size() < found);
  return json_reply(200, {{"data", std::move(data)}, {"info", std::move(info)}});
}

/// The CRM keeps when the deal came to its stage, no more: one row.
net::HttpResponse stage_history(const Ask& ask, const Record& deal) {
  const auto since = time_of(field(deal, "stage_changed")).value_or(deal.created);
  const auto days = std::chrono::duration_cast<std::chrono::days>(ask.world.now - since).count();
  json::array data{
      json::object{{"id", id_text(deal.id)},
                   {"Stage", text_field(deal, "stage")},
                   {"Amount", value_json(ask.lookup, field(deal, "amount"), FieldType::number)},
                   {"Stage_Duration_Calculated", days},
                   {"Modified_Time", iso(since)},
                   {"Modified_By", value_json(ask.lookup, field(deal, "modified_by"), FieldType::reference)}}};
  return json_reply(200, {{"data", std::move(data)}, {"info", info_json(kMostPerPage, 1, 1, false)}});
}

net::HttpResponse one(const Ask& ask, const Object& module) {
  const RecordId id = parse_id(ask.part(1)).value_or(0);
  const Record* record = record_of(ask.lookup, module, id);
  if (record == nullptr && ask.world.company.find(id) != nullptr) return empty();  // in the recycle bin
  if (record == nullptr) return error(400, "INVALID_DATA", "the id given seems to be invalid");
  if (ask.part(2) == "Stage_History" && module.kind() == Kind::opportunity) return stage_history(ask, *record);
  if (!ask.part(2).empty()) return error(400, "INVALID_DATA", "the relation name given seems to be invalid");
  const Selected fields = wanted(ask, module, comma_list(query_value(ask.request, "fields")));
  if (!fields.unknown.empty()) return invalid_field("fields", fields.unknown);
  return json_reply(200, {{"data", json::array{record_json(ask, *record, fields.known)}}});
}

}  // namespace

net::HttpResponse refused(const Refusal& refusal) {
  if (refusal.clause == "param")
    return error(400, refusal.kind == Refusal::Kind::too_much ? "DISCRETE_PAGINATION_LIMIT_EXCEEDED" : "INVALID_DATA",
                 refusal.message, {{"param_name", refusal.name}});
  json::object details{{"clause", refusal.clause}, {"reason", refusal.message}};
  switch (refusal.kind) {
    case Refusal::Kind::syntax:
      details["near"] = refusal.name;
      return error(400, "SYNTAX_ERROR", refusal.message, std::move(details));
    case Refusal::Kind::too_much: return error(400, "LIMIT_EXCEEDED", refusal.message, std::move(details));
    case Refusal::Kind::object: details["module"] = refusal.name; break;
    default: details["column_name"] = refusal.name; break;
  }
  return error(400, "INVALID_QUERY", "invalid query formed", std::move(details));
}

Refusal bad_param(std::string_view name) {
  return {Refusal::Kind::value, std::string{name}, "param", "invalid data"};
}

std::size_t number_param(const Ask& ask, std::string_view name, std::size_t otherwise, std::size_t most) {
  const auto number = whole_number(query_value(ask.request, name), otherwise, 1, most);
  if (!number) throw bad_param(name);
  return *number;
}

json::value value_json(const Lookup& lookup, const Value& value, FieldType type) {
  if (type == FieldType::reference || type == FieldType::id) {
    const RecordId id = id_of(value);
    if (id == 0) return nullptr;
    const Record* record = lookup.company.find(id);
    if (type == FieldType::id) return json::value(id_text(id));
    return json::object{{"name", record != nullptr ? display_name(lookup, *record) : ""}, {"id", id_text(id)}};
  }
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* text = std::get_if<std::string>(&value)) return json::value(*text);
  if (const auto time = time_of(value)) return json::value(type == FieldType::date ? date_text(*time) : iso(*time));
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? number_json(*number) : nullptr;
}

net::HttpResponse answer_coql(const Ask& ask) {
  const auto body = parse_json(ask.request.body);
  const std::string text = body ? text_member(*body, "select_query") : "";
  if (ask.request.method != "POST" || text.empty())
    return error(400, "MANDATORY_NOT_FOUND", "required field not found", {{"api_name", "select_query"}});
  auto parsed = parse_coql(text, ask.schema);
  if (!parsed) return refused(parsed.error());
  const Rows rows = answer_query(ask.lookup, *parsed->object, parsed->query);
  if (rows.rows.empty()) return empty();
  json::array data;
  for (const Row& row : rows.rows) {
    json::object item;
    for (std::size_t at = 0; at < row.values.size(); ++at) {
      const Field* field = parsed->fields[at];
      item[parsed->query.outputs[at].name] =
          value_json(ask.lookup, row.values[at], field != nullptr ? field->type : FieldType::number);
    }
    if (!parsed->grouped) item["id"] = id_text(row.id);
    data.push_back(std::move(item));
  }
  const bool more = parsed->query.offset + rows.rows.size() < rows.total;
  const std::size_t count = data.size();
  return json_reply(200, {{"data", std::move(data)}, {"info", {{"count", count}, {"more_records", more}}}});
}

net::HttpResponse answer_records(const Ask& ask, const Object& module) {
  const std::string_view what = ask.part(1);
  if (what.empty()) return list(ask, module);
  if (what == "search") return search(ask, module);
  if (what == "deleted") return deleted(ask, module);
  if (what == "actions" && ask.part(2) == "count") return count(ask, module);
  return one(ask, module);
}

}  // namespace crmpulse::sandbox::zoho
