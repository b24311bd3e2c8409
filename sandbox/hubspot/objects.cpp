// HubSpot's object calls: list, read, create, update, archive, one by one and in batches.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "sandbox/hubspot/parts.h"

namespace crmpulse::sandbox::hubspot {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostInputs = 100;

std::string iso(TimePoint time) {
  const std::string text = format_time(time);
  return text.find('.') == std::string::npos ? text.substr(0, text.size() - 1) + ".000Z" : text;
}

net::HttpResponse not_found(std::string_view id) {
  return error(404, "OBJECT_NOT_FOUND", fmt::format("Object not found: {}", id));
}

std::string in_quotes(std::string_view text) {
  return json::serialize(json::value(text));
}

/// Another live contact with this e-mail.
RecordId holder_of_email(const Ask& ask, const std::string& email, RecordId except) {
  Query query;
  query.from = Kind::contact;
  query.where = where("email", Compare::equal, email);
  for (const Row& row : evaluate(ask.world.company, query, ask.world.now).rows) {
    if (row.id != except) return row.id;
  }
  return 0;
}

Refusal bad_property(Refusal::Kind kind, std::string_view name, std::string code, std::string what) {
  return {kind, std::string{name}, std::move(code), std::move(what)};
}

void check_email(const Ask& ask, const Fields& fields, RecordId id) {
  const auto found = fields.find("email");
  const std::string email = found == fields.end() ? std::string{} : text_of(found->second);
  if (email.empty()) return;
  const auto at = email.find('@');
  if (at == 0 || at == std::string::npos || email.find('.', at) == std::string::npos)
    throw bad_property(Refusal::Kind::value, "email", "INVALID_EMAIL",
                       fmt::format("Email address {} is invalid", email));
  if (const RecordId other = holder_of_email(ask, email, id); other != 0)
    throw bad_property(Refusal::Kind::value, "email", "CONFLICT",
                       fmt::format("Contact already exists. Existing ID: {}", other));
}

constexpr std::size_t kMostCharacters = 65'536;

void check_value(const Ask& ask, const Field& known, const std::string& text) {
  Field bounded = known;
  if (bounded.longest == 0 && is_text(known.type)) bounded.longest = kMostCharacters;
  switch (ask.schema.mismatch(ask.lookup, bounded, text)) {
    case Mismatch::none: return;
    case Mismatch::length:
      throw bad_property(Refusal::Kind::value, known.name, "INVALID_LENGTH",
                         fmt::format("{} is longer than {} characters", known.name, bounded.longest));
    case Mismatch::option:
      throw bad_property(
          Refusal::Kind::value, known.name, "INVALID_OPTION",
          fmt::format("{} was not one of the allowed options: [{}]", text, fmt::join(known.options, ", ")));
    case Mismatch::reference:
      throw bad_property(Refusal::Kind::value, known.name, "INVALID_OPTION",
                         fmt::format("{} was not one of the allowed options", text));
  }
}

/// Which property an id is: of its own, or the e-mail address.
bool is_email_id(std::string_view id_property) {
  if (!id_property.empty() && id_property != "email" && id_property != "hs_object_id")
    throw Refusal{{}, {}, {}, fmt::format("{} is not a unique property", id_property)};
  return id_property == "email";
}

/// Returns the written properties under their canonical names.
Fields fields_of(const Ask& ask, const Object& object, const json::value& input) {
  const auto* properties = member(input, "properties");
  if (properties == nullptr || !properties->is_object())
    throw Refusal{{}, {}, {}, "Invalid input JSON: some required fields were not set: properties"};
  Fields fields;
  for (const auto& [key, value] : properties->get_object()) {
    const std::string name{key};
    const Field* known = ask.schema.field(object, name);
    if (known == nullptr)
      throw bad_property(Refusal::Kind::field, name, "PROPERTY_DOESNT_EXIST",
                         fmt::format("Property {} does not exist", in_quotes(name)));
    if (known->read_only)
      throw bad_property(Refusal::Kind::read_only, name, "READ_ONLY_VALUE",
                         in_quotes(name) + " is a read only property");
    const std::string text = scalar_text(value).value_or("");
    if (!ask.schema.write(*known, text, fields))
      throw bad_property(Refusal::Kind::value, name, "INVALID_VALUE", in_quotes(text) + " was not valid");
    check_value(ask, *known, text);
  }
  return fields;
}

/// Makes one record of `properties`, or changes it. Returns its id.
RecordId write(const Ask& ask, const Object& object, RecordId id, const json::value& input) {
  if (!object.writable) throw Refusal{Refusal::Kind::object, {}, {}, "This object type is read only"};
  Fields fields = fields_of(ask, object, input);
  if (object.kind() == Kind::contact) check_email(ask, fields, id);
  Company& company = ask.world.company;
  if (id == 0) return company.create(object.kind(), std::move(fields), company.api_user(), ask.world.now);
  company.update(id, fields, company.api_user(), ask.world.now);
  return id;
}

std::vector<std::string> default_properties(const Ask& ask, const Object& object) {
  std::vector<std::string> names;
  for (const Field* known : ask.schema.fields(object)) {
    if (names.size() < 4 && known->read == nullptr) names.emplace_back(known->name);
    if (known->canonical == "created" || known->canonical == "modified") names.emplace_back(known->name);
  }
  return names;
}

std::vector<std::string> wanted_properties(const Ask& ask, const Object& object) {
  auto names = comma_list(query_value(ask.request, "properties"));
  return names.empty() ? default_properties(ask, object) : names;
}

/// Also an archived one, when `archived` asks for those.
const Record* visible_record(const Ask& ask, const Object& object, RecordId id, bool archived) {
  if (!archived) return record_of(ask.lookup, object, id);
  const Record* record = ask.world.company.find(id);
  return record != nullptr && record->kind == object.kind() && record->deleted ? record : nullptr;
}

net::HttpResponse list(const Ask& ask, const Object& object) {
  const std::size_t limit = limit_of(ask, 10, 100);
  const RecordId after = after_of(ask, std::numeric_limits<std::size_t>::max());
  const bool archived = query_value(ask.request, "archived") == "true";
  const auto properties = wanted_properties(ask, object);
  json::array results;
  json::object body;
  for (const RecordId id : ask.world.company.of(object.kind())) {
    const Record* record = id < after ? nullptr : visible_record(ask, object, id, archived);
    if (record == nullptr) continue;
    if (results.size() == limit) {
      const auto link = fmt::format("{}{}?limit={}&after={}", ask.world.origin, ask.request.path, limit, id);
      body["paging"] = {{"next", {{"after", std::to_string(id)}, {"link", link}}}};
      break;
    }
    results.push_back(record_json(ask, object, *record, properties));
  }
  body["results"] = std::move(results);
  return json_reply(200, body);
}

net::HttpResponse one(const Ask& ask, const Object& object, std::string_view text) {
  RecordId id = parse_id(text).value_or(0);
  if (is_email_id(query_value(ask.request, "idProperty"))) id = holder_of_email(ask, std::string{text}, 0);
  const bool archived = query_value(ask.request, "archived") == "true";
  if (ask.request.method == "GET") {
    const Record* record = visible_record(ask, object, id, archived);
    if (record == nullptr) return not_found(text);
    return json_reply(200, record_json(ask, object, *record, wanted_properties(ask, object)));
  }
  if (ask.request.method == "DELETE") {
    ask.world.company.remove(id, ask.world.company.api_user(), ask.world.now);
    return {204, {}, {}};  // also for what is not there
  }
  if (ask.request.method != "PATCH") return no_such_path();
  if (record_of(ask.lookup, object, id) == nullptr) return not_found(text);
  const auto input = parse_json(ask.request.body);
  if (!input) return error(400, "VALIDATION_ERROR", "Invalid input JSON");
  write(ask, object, id, *input);
  return json_reply(200, record_json(ask, object, *ask.world.company.find(id), default_properties(ask, object)));
}

net::HttpResponse create(const Ask& ask, const Object& object) {
  const auto input = parse_json(ask.request.body);
  if (!input) return error(400, "VALIDATION_ERROR", "Invalid input JSON");
  const RecordId id = write(ask, object, 0, *input);
  return json_reply(201, record_json(ask, object, *ask.world.company.find(id), default_properties(ask, object)));
}

net::HttpResponse forget(const Ask& ask) {
  const auto input = parse_json(ask.request.body);
  const RecordId id = input ? parse_id(text_member(*input, "objectId")).value_or(0) : 0;
  ask.world.company.remove(id, ask.world.company.api_user(), ask.world.now);
  return {204, {}, {}};
}

/// One input of a batch: what became of it is put into `results` or `errors`.
struct Batch {
  json::array results;
  json::array errors;
  void refuse(const net::HttpResponse& answer) { errors.push_back(*parse_json(answer.body)); }
};

void run_input(const Ask& ask, const Object& object, std::string_view action, const json::value& input,
               const std::vector<std::string>& properties, std::string_view id_property, Batch& batch) {
  const std::string text = text_member(input, "id");
  RecordId id = parse_id(text).value_or(0);
  if (is_email_id(id_property)) id = holder_of_email(ask, text, 0);
  if (action == "archive") {
    ask.world.company.remove(id, ask.world.company.api_user(), ask.world.now);
    return;
  }
  const bool must_exist = action == "read" || action == "update";
  if (must_exist && record_of(ask.lookup, object, id) == nullptr) return batch.refuse(not_found(text));
  if (action == "create") id = 0;
  if (action != "read") {
    const auto written = understood([&] { return write(ask, object, id, input); });
    if (!written) return batch.refuse(refused(written.error()));
    id = *written;
  }
  batch.results.push_back(record_json(ask, object, *ask.world.company.find(id), properties));
}

std::vector<std::string> text_list(const json::value& value, std::string_view name) {
  std::vector<std::string> list;
  const auto* found = member(value, name);
  if (found == nullptr || !found->is_array()) return list;
  for (const auto& item : found->get_array()) list.push_back(scalar_text(item).value_or(""));
  return list;
}

}  // namespace

std::size_t limit_of(const Ask& ask, std::size_t otherwise, std::size_t most) {
  const auto limit = whole_number(query_value(ask.request, "limit"), otherwise, 1, most);
  if (!limit) throw Refusal{{}, {}, {}, fmt::format("limit must be a number from 1 to {}", most)};
  return *limit;
}

std::size_t after_of(const Ask& ask, std::size_t most) {
  const auto after = whole_number(query_value(ask.request, "after"), 0, 0, most);
  if (!after) throw Refusal{{}, {}, {}, "after is not a valid paging cursor"};
  return *after;
}

json::value property_value(const Value& value, FieldType type) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value)) return json::value(number_text(*number));
  if (const auto* text = std::get_if<std::string>(&value)) return json::value(*text);
  if (const auto time = time_of(value)) return json::value(type == FieldType::date ? date_text(*time) : iso(*time));
  return nullptr;
}

json::object record_json(const Ask& ask, const Object& object, const Record& record,
                         const std::vector<std::string>& properties) {
  json::object values;
  for (const std::string& name : properties) {
    const Field* known = ask.schema.field(object, name);
    if (known != nullptr) values[known->name] = property_value(value_of(ask.lookup, record, *known), known->type);
  }
  values["hs_object_id"] = std::to_string(record.id);
  json::object body{{"id", std::to_string(record.id)},
                    {"properties", std::move(values)},
                    {"createdAt", iso(record.created)},
                    {"updatedAt", iso(record.modified)},
                    {"archived", record.deleted.has_value()}};
  if (record.deleted) body["archivedAt"] = iso(*record.deleted);
  const auto company = id_of(field(record, "account"));
  if (company != 0 && query_value(ask.request, "associations").find("companies") != std::string::npos) {
    body["associations"] = {{"companies", {{"results", {{{"id", std::to_string(company)}, {"type", "primary"}}}}}}};
  }
  return body;
}

net::HttpResponse refused(const Refusal& refusal) {
  const std::string& what = refusal.message;
  const std::string_view name = refusal.name;
  if (refusal.kind == Refusal::Kind::object) return error(405, "VALIDATION_ERROR", what);
  if (refusal.clause.empty()) return error(400, "VALIDATION_ERROR", what);
  if (refusal.clause == "CONFLICT") return error(409, "CONFLICT", what);
  if (refusal.clause == "search") {
    json::object detail{{"message", what}};
    if (!name.empty()) detail["context"] = {{"propertyName", json::array{json::value(name)}}};
    return error(400, "VALIDATION_ERROR", what, {{"errors", json::array{std::move(detail)}}});
  }
  // Bad properties come as HubSpot tells them: a JSON list inside the message.
  const json::value list{{{"isValid", false}, {"message", what}, {"error", refusal.clause}, {"name", name}}};
  return error(400, "VALIDATION_ERROR", "Property values were not valid: " + json::serialize(list),
               {{"errors", {{{"message", what}, {"code", refusal.clause}, {"context", {{"propertyName", {name}}}}}}}});
}

net::HttpResponse answer_batch(const Ask& ask, const Object& object) {
  const std::string_view action = ask.route.part(3);
  const bool known =
      action == "read" || action == "create" || action == "update" || action == "upsert" || action == "archive";
  const auto input = parse_json(ask.request.body);
  const auto* inputs = input ? member(*input, "inputs") : nullptr;
  if (!known || ask.request.method != "POST") return no_such_path();
  if (inputs == nullptr || !inputs->is_array()) return error(400, "VALIDATION_ERROR", "Invalid input JSON: no inputs");
  if (inputs->get_array().size() > kMostInputs)
    return error(400, "VALIDATION_ERROR", fmt::format("The maximum number of inputs is {}", kMostInputs));
  auto properties = text_list(*input, "properties");
  if (properties.empty()) properties = default_properties(ask, object);
  Batch batch;
  for (const auto& one_input : inputs->get_array()) {
    const std::string own = text_member(one_input, "idProperty");
    run_input(ask, object, action, one_input, properties, own.empty() ? text_member(*input, "idProperty") : own, batch);
  }
  if (action == "archive") return {204, {}, {}};
  json::object body{{"status", "COMPLETE"},
                    {"results", std::move(batch.results)},
                    {"startedAt", iso(ask.world.now)},
                    {"completedAt", iso(ask.world.now)}};
  if (batch.errors.empty()) return json_reply(action == "create" ? 201 : 200, body);
  body["numErrors"] = batch.errors.size();
  body["errors"] = std::move(batch.errors);
  return json_reply(207, body);
}

net::HttpResponse answer_objects(const Ask& ask) {
  const std::string type{ask.route.part(1)};
  const Object* object = ask.schema.object(type);
  if (object == nullptr) object = ask.schema.object(type == "company" ? "companies" : type + "s");
  if (object == nullptr) return no_such_object(type);
  const std::string_view what = ask.route.part(2);
  const bool post = ask.request.method == "POST";
  if (what == "search" && post) return answer_search(ask, *object);
  if (what == "batch") return answer_batch(ask, *object);
  if (what == "gdpr-delete" && post) return forget(ask);
  if (what.empty()) return post ? create(ask, *object) : list(ask, *object);
  if (ask.route.part(3) == "associations") return answer_associations(ask);
  return one(ask, *object, what);
}

}  // namespace crmpulse::sandbox::hubspot
