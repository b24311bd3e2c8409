// /sobjects: describe, create, read, update, delete, and what was updated or deleted lately.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "core/text/ascii.h"
#include "sandbox/salesforce/parts.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::size_t kMostText = 255;  ///< of a field without a bound of its own

bool looks_like_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at + 2) != std::string_view::npos &&
         text.find(' ') == std::string_view::npos && text.back() != '.';
}

ApiError cannot_read(const Field& column, std::string_view what) {
  return {
      400,
      "JSON_PARSER_ERROR",
      fmt::format("Cannot deserialize instance of {} from {} for field {}", type_name(column.type), what, column.name),
      {}};
}

Answer<Value> text_value(const World& world, const Field& column, const std::string& text) {
  const std::vector<std::string> fields{std::string{column.name}};
  switch (column.type) {
    case FieldType::date:
    case FieldType::time: {
      const auto time = parse_time(text.size() == 10 ? text + "T00:00:00Z" : text);
      if (!time) return cannot_read(column, "VALUE_STRING");
      return Value{time.value()};
    }
    case FieldType::reference: {
      const auto id = parse_id(text);
      if (!id)
        return ApiError{400, "MALFORMED_ID", fmt::format("{}: id value of incorrect type: {}", column.name, text),
                        fields};
      const Record* record = world.company.find(id->id);
      if (record == nullptr || record->deleted)
        return ApiError{400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields};
      const Value value{static_cast<double>(id->id)};
      const bool right_kind = object_of(record->kind)->prefix == id->prefix &&
                              mismatch_of({world.company, world.now}, column, value) == Mismatch::none;
      if (!right_kind)
        return ApiError{400, "FIELD_INTEGRITY_EXCEPTION",
                        fmt::format("{}: id value of incorrect type: {}", column.name, text), fields};
      return value;
    }
    case FieldType::email:
      if (!text.empty() && !looks_like_email(text))
        return ApiError{400, "INVALID_EMAIL_ADDRESS", fmt::format("{}: invalid email address: {}", column.name, text),
                        fields};
      break;
    case FieldType::boolean:
    case FieldType::number:
    case FieldType::integer:
    case FieldType::currency: return cannot_read(column, "VALUE_STRING");
    default: break;
  }
  if (text.empty()) return Value{};
  Field bounded = column;
  if (bounded.longest == 0) bounded.longest = kMostText;
  switch (mismatch_of({world.company, world.now}, bounded, Value{text})) {
    case Mismatch::length:
      return ApiError{
          400, "STRING_TOO_LONG",
          fmt::format("{}: data value too large: {} (max length={})", column.name, text.substr(0, 80), bounded.longest),
          fields};
    case Mismatch::option:
      return ApiError{400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                      fmt::format("{}: bad value for restricted picklist field: {}", column.name, text), fields};
    default: return Value{text};
  }
}

Answer<Value> value_of(const World& world, const Field& column, const boost::json::value& given) {
  if (given.is_null()) return Value{};
  if (given.is_string()) return text_value(world, column, std::string{given.get_string()});
  const bool number =
      column.type == FieldType::number || column.type == FieldType::integer || column.type == FieldType::currency;
  if (given.is_bool() && column.type == FieldType::boolean) return Value{given.get_bool()};
  if (given.is_number() && number) return Value{given.to_number<double>()};
  return cannot_read(column, given.is_object() || given.is_array() ? "START_OBJECT"
                             : given.is_bool()                     ? "VALUE_BOOLEAN"
                                                                   : "VALUE_NUMBER");
}

std::optional<ApiError> check_required(const Object& object, const Fields& fields, bool creates) {
  std::vector<std::string> missing;
  for (const Field& column : object.fields) {
    if (!column.required) continue;
    const auto found = fields.find(column.canonical);
    const bool absent = found == fields.end();
    if (absent ? creates : found->second == Value{}) missing.emplace_back(column.name);
  }
  if (missing.empty()) return std::nullopt;
  return ApiError{400, "REQUIRED_FIELD_MISSING",
                  fmt::format("Required fields are missing: [{}]", fmt::join(missing, ", ")), missing};
}

Answer<Fields> fields_of(const World& world, const Object& object, const boost::json::object& body, bool creates) {
  Fields out;
  for (const auto& member : body) {
    const std::string name{member.key()};
    if (name == "attributes") continue;
    if (ascii::same_without_case(name, "Id"))
      return ApiError{400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", {"Id"}};
    const Field* column = visible_column(world, object, name);
    if (column == nullptr)
      return ApiError{
          400, "INVALID_FIELD", fmt::format("No such column '{}' on sobject of type {}", name, object.name), {}};
    if (column->read_only)
      return ApiError{
          400,
          "INVALID_FIELD_FOR_INSERT_UPDATE",
          fmt::format("Unable to create/update fields: {}. Please check the security settings of this field "
                      "and verify that it is read/write for your profile or permission set.",
                      column->name),
          {std::string{column->name}}};
    auto value = value_of(world, *column, member.value());
    if (!value) return value.error();
    out[std::string{column->canonical}] = std::move(value.value());
  }
  if (auto missing = check_required(object, out, creates)) return std::move(*missing);
  return out;
}

std::optional<ApiError> check_duplicate(const World& world, const Object& object, const Fields& fields) {
  const auto email = fields.find("email");
  if (email == fields.end() || email->second == Value{}) return std::nullopt;
  for (const RecordId id : world.company.of(object.kind())) {
    const Record& record = *world.company.find(id);
    if (!record.deleted && field(record, "email") == email->second)
      return ApiError{400, "DUPLICATES_DETECTED", "Use one of these records?", {}};
  }
  return std::nullopt;
}

/// Finds deleted records too. Returns null if this object has no record with that id.
const Record* find_record(const World& world, const Object& object, const std::string& text) {
  const auto id = parse_id(text);
  if (!id || id->prefix != object.prefix || !object.is_stored()) return nullptr;
  const Record* record = world.company.find(id->id);
  return record != nullptr && record->kind == object.kind() ? record : nullptr;
}

/// The record to change, or why it cannot be.
Answer<const Record*> record_to_change(const World& world, const Object& object, const std::string& id) {
  if (!object.writable)
    return ApiError{400,
                    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                    fmt::format("entity type {} does not support this", object.name),
                    {}};
  const Record* record = find_record(world, object, id);
  if (record == nullptr) return not_found();
  if (record->deleted) return ApiError{404, "ENTITY_IS_DELETED", "entity is deleted", {}};
  return record;
}

Answer<TimePoint> time_parameter(const ApiCall& call, std::string_view name) {
  std::string text = parameter(call, name);
  if (text.empty()) return ApiError{400, "MISSING_ARGUMENT", fmt::format("Missing required parameter: {}", name), {}};
  std::replace(text.begin(), text.end(), ' ', '+');  // a plus that was not escaped
  const auto time = parse_time(text);
  if (!time)
    return ApiError{400, "INVALID_REPLICATION_DATE", fmt::format("{} is not a valid date: {}", name, text), {}};
  return time.value();
}

Reply changed_ids(const World& world, const Object& object, const ApiCall& call, bool deleted) {
  const auto from = time_parameter(call, "start");
  if (!from) return reply_of(from.error());
  const auto to = time_parameter(call, "end");
  if (!to) return reply_of(to.error());
  const TimePoint start = from.value();
  const TimePoint end = to.value();
  if (end <= start) return reply_of({400, "INVALID_REPLICATION_DATE", "startDate before endDate is required", {}});
  boost::json::array ids;
  for (const RecordId id : world.company.of(object.kind())) {
    const Record& record = *world.company.find(id);
    if (record.deleted.has_value() != deleted || record.modified < start || record.modified >= end) continue;
    const std::string text = id_text(object.prefix, id);
    if (deleted)
      ids.push_back({{"id", text}, {"deletedDate", datetime_text(*record.deleted)}});
    else
      ids.emplace_back(text);
  }
  boost::json::object out{{"latestDateCovered", datetime_text(std::min(end, world.now))}};
  if (deleted) out["earliestDateAvailable"] = datetime_text(world.now - std::chrono::days{15});
  out[deleted ? "deletedRecords" : "ids"] = std::move(ids);
  return {200, std::move(out), {}};
}

Reply log_file(const World& world, const Object& object, const std::string& id) {
  const auto parsed = parse_id(id);
  const auto files = made_up_records(world, object);
  const bool exists = parsed && parsed->prefix == object.prefix && parsed->id >= 1 && parsed->id <= files.size();
  if (!exists) return reply_of(not_found());
  Reply out{200,
            boost::json::value("\"EVENT_TYPE\",\"TIMESTAMP\",\"REQUEST_ID\",\"API_FAMILY\",\"STATUS_CODE\"\n"
                               "\"ApiTotalUsage\",\"20261120080000.000\",\"4abc\",\"REST\",\"200\"\n"),
            {{"Content-Type", "text/csv"}}};
  return out;
}

Reply serve_record(World& world, const ApiCall& call, const Object& object, const std::string& id, Undo& undo) {
  if (call.method == "GET") {
    auto record = read_record(world, object, id, parameter(call, "fields"), call.version);
    if (!record) return reply_of(record.error());
    return {200, std::move(record.value()), {}};
  }
  if (call.method == "DELETE") {
    if (const auto refused = delete_record(world, object, id, undo)) return reply_of(*refused);
    return {204, std::nullopt, {}};
  }
  if (call.method != "PATCH")
    return reply_of({405,
                     "METHOD_NOT_ALLOWED",
                     fmt::format("HTTP Method '{}' not allowed. Allowed are HEAD,GET,PATCH,DELETE", call.method),
                     {}});
  if (!call.body.is_object())
    return reply_of(
        {400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.", {}});
  const auto written = write_record(world, object, call.body.get_object(), &id, call, undo);
  if (!written) return reply_of(written.error());
  return {204, std::nullopt, {}};
}

Reply serve_object(World& world, const ApiCall& call, const Object& object, Undo& undo) {
  if (call.method == "GET")
    return {
        200,
        boost::json::object{{"objectDescribe", summary(object, call.version)}, {"recentItems", boost::json::array{}}},
        {}};
  if (call.method != "POST")
    return reply_of({405,
                     "METHOD_NOT_ALLOWED",
                     fmt::format("HTTP Method '{}' not allowed. Allowed are HEAD,GET,POST", call.method),
                     {}});
  if (!call.body.is_object())
    return reply_of(
        {400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.", {}});
  const auto id = write_record(world, object, call.body.get_object(), nullptr, call, undo);
  if (!id) return reply_of(id.error());
  return {201,
          boost::json::object{{"id", id.value()}, {"success", true}, {"errors", boost::json::array{}}},
          {{"Location", record_url(call.version, object, id.value())}}};
}

}  // namespace

Answer<boost::json::object> read_record(const World& world, const Object& object, const std::string& id,
                                        const std::string& fields, const std::string& version) {
  std::vector<Record> made_up;
  const Record* record = find_record(world, object, id);
  if (const auto parsed = parse_id(id); !object.is_stored() && parsed && parsed->prefix == object.prefix) {
    made_up = made_up_records(world, object);
    const auto found =
        std::find_if(made_up.begin(), made_up.end(), [&](const Record& one) { return one.id == parsed->id; });
    record = found == made_up.end() ? nullptr : &*found;
  }
  if (record == nullptr || record->deleted) return not_found();
  boost::json::object out{
      {"attributes",
       {{"type", object.name}, {"url", record_url(version, object, id_text(object.prefix, record->id))}}}};
  const auto put = [&](const Field& column) {
    Value value = field(*record, column.canonical);
    out[column.name] = to_json(world.company, value, column, object);
  };
  if (fields.empty()) {
    for (const Field& column : object.fields) {
      if (column.name.find('.') == std::string_view::npos && !is_gone(world, object, column.name)) put(column);
    }
    return out;
  }
  for (const std::string& name : comma_list(fields)) {
    const Field* column = visible_column(world, object, name);
    if (column == nullptr)
      return ApiError{400,
                      "INVALID_FIELD",
                      fmt::format("\nNo such column '{}' on entity '{}'. If you are attempting to use a custom field, "
                                  "be sure to append the '__c' after the custom field name. Please reference your WSDL "
                                  "or the describe call for the appropriate names.",
                                  name, object.name),
                      {}};
    put(*column);
  }
  put(*column_named(object, "Id"));
  return out;
}

Answer<std::string> write_record(World& world, const Object& object, const boost::json::object& body,
                                 const std::string* id, const ApiCall& call, Undo& undo) {
  const Record* before = nullptr;
  if (id != nullptr) {
    const auto found = record_to_change(world, object, *id);
    if (!found) return found.error();
    before = found.value();
  }
  if (!object.writable)
    return ApiError{400,
                    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                    fmt::format("entity type {} does not support create", object.name),
                    {}};
  const auto fields = fields_of(world, object, body, id == nullptr);
  if (!fields) return fields.error();
  const RecordId user = world.company.api_user();
  if (before != nullptr) {
    undo.changes(*before);
    (void)world.company.update(before->id, fields.value(), user, world.now);
    return id_text(object.prefix, before->id);
  }
  if (!call.allow_duplicates) {
    if (auto duplicate = check_duplicate(world, object, fields.value())) return std::move(*duplicate);
  }
  const RecordId made = world.company.create(object.kind(), fields.value(), user, world.now);
  undo.created(made);
  return id_text(object.prefix, made);
}

std::optional<ApiError> delete_record(World& world, const Object& object, const std::string& id, Undo& undo) {
  const auto found = record_to_change(world, object, id);
  if (!found) return found.error();
  undo.changes(*found.value());
  (void)world.company.remove(found.value()->id, world.company.api_user(), world.now);
  return std::nullopt;
}

Reply serve_sobjects(World& world, const ApiCall& call, Undo& undo) {
  const auto parts = path_parts(call.path);  // sobjects, Lead, 00Q…
  if (parts.size() == 1) {
    boost::json::array list;
    for (const Object& object : objects()) {
      if (!is_gone(world, object)) list.push_back(summary(object, call.version));
    }
    return {200, boost::json::object{{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(list)}}, {}};
  }
  const Object* object = visible_object(world, parts[1]);
  if (object == nullptr) return reply_of(not_found());
  if (parts.size() == 2) return serve_object(world, call, *object, undo);
  const std::string& what = parts[2];
  if (parts.size() == 3 && what == "describe") return {200, describe(world, *object), {}};
  if (parts.size() == 3 && (what == "updated" || what == "deleted") && object->is_stored())
    return changed_ids(world, *object, call, what == "deleted");
  if (parts.size() == 4 && object->name == "EventLogFile" && parts[3] == "LogFile")
    return log_file(world, *object, what);
  if (parts.size() == 3) return serve_record(world, call, *object, what, undo);
  return reply_of(not_found());
}

}  // namespace crmpulse::sandbox::salesforce
