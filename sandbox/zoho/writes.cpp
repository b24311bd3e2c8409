// Zoho CRM's writes: up to 100 records in a call, each with its own outcome.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox::zoho {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostRecords = 100;

/// A lookup comes as its id, or as an object with it.
std::string written_text(const json::value& value) {
  if (value.is_object()) return text_member(value, "id");
  return scalar_text(value).value_or("");
}

json::object outcome_of(const Refusal& refusal, std::size_t row) {
  const bool missing = refusal.kind == Refusal::Kind::field;
  json::object details{{"api_name", refusal.name}, {"json_path", fmt::format("$.data[{}].{}", row, refusal.name)}};
  if (!refusal.clause.empty()) details[refusal.clause] = refusal.at;
  return problem(missing ? "MANDATORY_NOT_FOUND" : "INVALID_DATA", refusal.message, std::move(details));
}

/// Returns the written fields under their canonical names.
Fields fields_of(const Ask& ask, const Object& module, const json::object& input) {
  Fields fields;
  for (const auto& [key, value] : input) {
    const std::string name{key};
    const Field* field = ask.schema.field(module, name);
    if (name == "id" || (field != nullptr && field->read_only)) continue;
    const std::string text = written_text(value);
    const bool bad_email =
        field != nullptr && field->canonical == "email" && !text.empty() && text.find('@') == std::string::npos;
    if (field == nullptr || bad_email || !ask.schema.write(*field, text, fields))
      throw Refusal{Refusal::Kind::value, name, {}, "invalid data"};
    const Mismatch mismatch = ask.schema.mismatch(ask.lookup, *field, text);
    if (mismatch == Mismatch::length)
      throw Refusal{Refusal::Kind::value, name, "maximum_length", "invalid data", field->longest};
    if (mismatch != Mismatch::none) throw Refusal{Refusal::Kind::value, name, {}, "invalid data"};
  }
  return fields;
}

std::string_view required_by(Kind kind) {
  switch (kind) {
    case Kind::lead:
    case Kind::contact: return "Last_Name";
    case Kind::account: return "Account_Name";
    case Kind::opportunity: return "Deal_Name";
    default: return "Subject";
  }
}

json::object success(const Ask& ask, RecordId id, std::string_view message) {
  const Record& record = *ask.world.company.find(id);
  const auto person = [&](RecordId user) {
    return value_json(ask.lookup, static_cast<double>(user), FieldType::reference);
  };
  return {{"code", "SUCCESS"},
          {"details",
           {{"id", id_text(id)},
            {"Created_Time", iso(record.created)},
            {"Modified_Time", iso(record.modified)},
            {"Created_By", person(record.created_by)},
            {"Modified_By", person(record.modified_by)}}},
          {"message", message},
          {"status", "success"}};
}

json::object wrong_id() {
  return problem("INVALID_DATA", "the id given seems to be invalid", {{"resource_path_index", 1}});
}

json::object create(const Ask& ask, const Object& module, const json::object& input) {
  const std::string_view required = required_by(module.kind());
  const auto* given = input.if_contains(required);
  if (given == nullptr || written_text(*given).empty())
    throw Refusal{Refusal::Kind::field, std::string{required}, {}, "required field not found"};
  Company& company = ask.world.company;
  return success(ask, company.create(module.kind(), fields_of(ask, module, input), company.api_user(), ask.world.now),
                 "record added");
}

json::object update(const Ask& ask, const Object& module, RecordId id, const json::object& input) {
  if (record_of(ask.lookup, module, id) == nullptr) return wrong_id();
  ask.world.company.update(id, fields_of(ask, module, input), ask.world.company.api_user(), ask.world.now);
  return success(ask, id, "record updated");
}

/// All well: `good`; all refused: 400; else 207.
net::HttpResponse outcomes(json::array data, int good) {
  const auto failed = std::count_if(data.begin(), data.end(),
                                    [](const json::value& item) { return text_member(item, "status") == "error"; });
  const bool all = static_cast<std::size_t>(failed) == data.size();
  return json_reply(failed == 0 ? good : all ? 400 : 207, {{"data", std::move(data)}});
}

net::HttpResponse remove(const Ask& ask, const Object& module) {
  std::vector<std::string> ids = comma_list(query_value(ask.request, "ids"));
  if (!ask.part(1).empty()) ids = {std::string{ask.part(1)}};
  if (ids.empty())
    return error(400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {{"param", "ids"}});
  json::array data;
  for (const std::string& text : ids) {
    const RecordId id = parse_id(text).value_or(0);
    const bool there = record_of(ask.lookup, module, id) != nullptr;
    if (there) ask.world.company.remove(id, ask.world.company.api_user(), ask.world.now);
    data.push_back(there ? json::object{{"code", "SUCCESS"},
                                        {"details", {{"id", text}}},
                                        {"message", "record deleted"},
                                        {"status", "success"}}
                         : wrong_id());
  }
  return outcomes(std::move(data), 200);
}

}  // namespace

net::HttpResponse answer_writes(const Ask& ask, const Object& module) {
  if (!module.writable) return error(403, "NO_PERMISSION", "permission denied", {{"permissions", json::array{}}});
  if (ask.request.method == "DELETE") return remove(ask, module);
  const bool creates = ask.request.method == "POST" && ask.part(1).empty();
  const bool updates = ask.request.method == "PUT" || ask.request.method == "PATCH";
  if (!creates && !updates)
    return error(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one");
  const auto body = parse_json(ask.request.body);
  const auto* list = body ? member(*body, "data") : nullptr;
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    return error(400, body ? "MANDATORY_NOT_FOUND" : "INVALID_DATA", "required field not found",
                 {{"api_name", "data"}, {"json_path", "$.data"}});
  if (list->get_array().size() > kMostRecords)
    return error(400, "LIMIT_EXCEEDED", "more than 100 records", {{"limit", kMostRecords}});
  json::array data;
  for (const json::value& item : list->get_array()) {
    static const json::object kNothing;
    const json::object& input = item.is_object() ? item.get_object() : kNothing;
    const std::string own = text_member(item, "id");
    const RecordId id = parse_id(own.empty() ? ask.part(1) : std::string_view{own}).value_or(0);
    const auto done = understood([&] { return creates ? create(ask, module, input) : update(ask, module, id, input); });
    data.push_back(done ? *done : outcome_of(done.error(), data.size()));
  }
  return outcomes(std::move(data), creates ? 201 : 200);
}

}  // namespace crmpulse::sandbox::zoho
