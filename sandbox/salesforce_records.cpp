// /sobjects: describe, create, read, update, delete, and what was updated or deleted lately.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "sandbox/salesforce_parts.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::size_t kMostText = 255;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::id: return "id";
    case Type::reference: return "reference";
    case Type::picklist: return "picklist";
    case Type::email: return "email";
    case Type::phone: return "phone";
    case Type::url: return "url";
    case Type::boolean: return "boolean";
    case Type::number: return "double";
    case Type::integer: return "int";
    case Type::currency: return "currency";
    case Type::datetime: return "datetime";
    case Type::date: return "date";
    default: return "string";
  }
}

boost::json::object summary(const Object& object, const std::string& version) {
  const std::string url = fmt::format("/services/data/v{}/sobjects/{}", version, object.name);
  return {{"name", object.name},
          {"label", object.label},
          {"labelPlural", fmt::format("{}s", object.label)},
          {"keyPrefix", object.prefix},
          {"custom", false},
          {"queryable", true},
          {"retrieveable", true},
          {"searchable", object.writable},
          {"createable", object.writable},
          {"updateable", object.writable},
          {"deletable", object.writable},
          {"urls", {{"sobject", url}, {"describe", url + "/describe"}, {"rowTemplate", url + "/{ID}"}}}};
}

boost::json::object describe_field(const Object& object, const Column& column) {
  boost::json::array targets;
  if (column.type == Type::reference) {
    if (column.target == "Who") targets = {"Contact", "Lead"};
    if (column.target == "What") targets = {"Account", "Case", "Opportunity"};
    if (targets.empty()) targets = {column.target};
  }
  const std::string_view relationship = relationship_of(column);
  const bool writable = object.writable && column.writable;
  return {{"name", column.name},
          {"label", column.name},
          {"type", type_name(column.type)},
          {"custom", column.name.ends_with("__c")},
          {"nillable", !column.required && column.type != Type::id && column.type != Type::boolean},
          {"createable", writable},
          {"updateable", writable},
          {"filterable", column.filterable},
          {"groupable", column.type != Type::datetime && column.type != Type::currency},
          {"sortable", column.filterable},
          {"length", column.type == Type::id || column.type == Type::reference ? 18 : 255},
          {"referenceTo", std::move(targets)},
          {"relationshipName", relationship.empty() ? boost::json::value{} : boost::json::value(relationship)},
          {"picklistValues", boost::json::array{}}};
}

bool looks_like_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at + 2) != std::string_view::npos &&
         text.find(' ') == std::string_view::npos && text.back() != '.';
}

Refusal cannot_read(const Column& column, std::string_view what) {
  return {
      400,
      "JSON_PARSER_ERROR",
      fmt::format("Cannot deserialize instance of {} from {} for field {}", type_name(column.type), what, column.name),
      {}};
}

Answer<Value> text_value(const World& world, const Column& column, const std::string& text) {
  const std::vector<std::string> fields{std::string{column.name}};
  switch (column.type) {
    case Type::date:
    case Type::datetime: {
      const auto time = parse_time(text.size() == 10 ? text + "T00:00:00Z" : text);
      if (!time) return cannot_read(column, "VALUE_STRING");
      return Value{time.value()};
    }
    case Type::reference: {
      const auto id = parse_id(text);
      if (!id)
        return Refusal{400, "MALFORMED_ID", fmt::format("{}: id value of incorrect type: {}", column.name, text),
                       fields};
      if (world.crm.find(id->id) == nullptr)
        return Refusal{400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields};
      return Value{static_cast<double>(id->id)};
    }
    case Type::email:
      if (!text.empty() && !looks_like_email(text))
        return Refusal{400, "INVALID_EMAIL_ADDRESS", fmt::format("{}: invalid email address: {}", column.name, text),
                       fields};
      break;
    case Type::boolean:
    case Type::number:
    case Type::integer:
    case Type::currency: return cannot_read(column, "VALUE_STRING");
    default: break;
  }
  if (text.size() > kMostText && column.name != "Description")
    return Refusal{400, "STRING_TOO_LONG",
                   fmt::format("{}: data value too large: (max length={})", column.name, kMostText), fields};
  if (text.empty()) return Value{};
  return Value{text};
}

Answer<Value> value_of(const World& world, const Column& column, const boost::json::value& given) {
  if (given.is_null()) return Value{};
  if (given.is_string()) return text_value(world, column, std::string{given.get_string()});
  const bool number = column.type == Type::number || column.type == Type::integer || column.type == Type::currency;
  if (given.is_bool() && column.type == Type::boolean) return Value{given.get_bool()};
  if (given.is_number() && number) return Value{given.to_number<double>()};
  return cannot_read(column, given.is_object() || given.is_array() ? "START_OBJECT"
                             : given.is_bool()                     ? "VALUE_BOOLEAN"
                                                                   : "VALUE_NUMBER");
}

std::optional<Refusal> check_required(const Object& object, const Fields& fields, bool creates) {
  std::vector<std::string> missing;
  for (const Column& column : object.columns) {
    if (!column.required) continue;
    const auto found = fields.find(column.field);
    const bool absent = found == fields.end();
    if (absent ? creates : found->second == Value{}) missing.emplace_back(column.name);
  }
  if (missing.empty()) return std::nullopt;
  return Refusal{400, "REQUIRED_FIELD_MISSING",
                 fmt::format("Required fields are missing: [{}]", fmt::join(missing, ", ")), missing};
}

Answer<Fields> fields_of(const World& world, const Object& object, const boost::json::object& body, bool creates) {
  Fields out;
  for (const auto& member : body) {
    const std::string name{member.key()};
    if (name == "attributes") continue;
    if (same_name(name, "Id"))
      return Refusal{400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", {"Id"}};
    const Column* column = visible_column(world, object, name);
    if (column == nullptr)
      return Refusal{
          400, "INVALID_FIELD", fmt::format("No such column '{}' on sobject of type {}", name, object.name), {}};
    if (!column->writable)
      return Refusal{400,
                     "INVALID_FIELD_FOR_INSERT_UPDATE",
                     fmt::format("Unable to create/update fields: {}. Please check the security settings of this field "
                                 "and verify that it is read/write for your profile or permission set.",
                                 column->name),
                     {std::string{column->name}}};
    auto value = value_of(world, *column, member.value());
    if (!value) return value.error();
    out[std::string{column->field}] = std::move(value.value());
  }
  if (auto missing = check_required(object, out, creates)) return std::move(*missing);
  return out;
}

std::optional<Refusal> check_duplicate(const World& world, const Object& object, const Fields& fields) {
  const auto email = fields.find("email");
  if (email == fields.end() || email->second == Value{}) return std::nullopt;
  for (const RecordId id : world.crm.of(*object.kind)) {
    const Record& record = *world.crm.find(id);
    if (!record.deleted && field(record, "email") == email->second)
      return Refusal{400, "DUPLICATES_DETECTED", "Use one of these records?", {}};
  }
  return std::nullopt;
}

/// Also of a deleted record. Null: there is none of this object with that id.
const Record* find_record(const World& world, const Object& object, const std::string& text) {
  const auto id = parse_id(text);
  if (!id || id->prefix != object.prefix || !object.kind) return nullptr;
  const Record* record = world.crm.find(id->id);
  return record != nullptr && record->kind == *object.kind ? record : nullptr;
}

/// The record to change, or why it cannot be.
Answer<const Record*> record_to_change(const World& world, const Object& object, const std::string& id) {
  if (!object.writable)
    return Refusal{400,
                   "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                   fmt::format("entity type {} does not support this", object.name),
                   {}};
  const Record* record = find_record(world, object, id);
  if (record == nullptr) return not_found();
  if (record->deleted) return Refusal{404, "ENTITY_IS_DELETED", "entity is deleted", {}};
  return record;
}

TimePoint time_parameter(const ApiCall& call, std::string_view name, TimePoint otherwise) {
  std::string text = parameter(call, name);
  std::replace(text.begin(), text.end(), ' ', '+');  // a plus that was not escaped
  const auto time = parse_time(text);
  return time ? time.value() : otherwise;
}

Reply changed_ids(const World& world, const Object& object, const ApiCall& call, bool deleted) {
  const TimePoint start = time_parameter(call, "start", world.now - std::chrono::days{1});
  const TimePoint end = time_parameter(call, "end", world.now);
  if (end <= start) return reply_of({400, "INVALID_REPLICATION_DATE", "startDate before endDate is required", {}});
  boost::json::array ids;
  for (const RecordId id : world.crm.of(*object.kind)) {
    const Record& record = *world.crm.find(id);
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

boost::json::value write_result(const Answer<std::string>& written) {
  if (written) return {{"id", written.value()}, {"success", true}, {"errors", boost::json::array{}}};
  const Refusal refusal = written.error();
  boost::json::object error{{"statusCode", refusal.code}, {"message", refusal.message}};
  boost::json::array fields;
  for (const std::string& name : refusal.fields) fields.emplace_back(name);
  error["fields"] = std::move(fields);
  return {{"success", false}, {"errors", boost::json::array{std::move(error)}}};
}

/// One record of a collection that names its own type.
Answer<std::string> write_one(World& world, const boost::json::value& given, const ApiCall& call, Undo& undo) {
  const auto* body = given.if_object();
  const auto* attributes = body == nullptr ? nullptr : body->if_contains("attributes");
  const auto* type =
      attributes == nullptr || !attributes->is_object() ? nullptr : attributes->get_object().if_contains("type");
  const Object* object = type == nullptr || !type->is_string() ? nullptr : visible_object(world, type->get_string());
  if (object == nullptr) return Refusal{400, "INVALID_TYPE", "attributes.type names no sObject", {}};
  boost::json::object fields = *body;
  if (call.method == "POST") return write_record(world, *object, fields, nullptr, call, undo);
  std::string id;
  for (const char* name : {"Id", "id"}) {
    if (const auto* value = fields.if_contains(name); value != nullptr && value->is_string())
      id = value->get_string().c_str();
    fields.erase(name);
  }
  return write_record(world, *object, fields, &id, call, undo);
}

Answer<std::string> delete_one(World& world, const std::string& id, Undo& undo) {
  const auto parsed = parse_id(id);
  const auto& all = objects();
  const auto object =
      std::find_if(all.begin(), all.end(), [&](const Object& one) { return parsed && one.prefix == parsed->prefix; });
  if (object == all.end()) return Refusal{400, "MALFORMED_ID", fmt::format("bad id {}", id), {}};
  if (auto refused = delete_record(world, *object, id, undo)) return std::move(*refused);
  return id;
}

std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    if (comma > begin) out.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return out;
}

std::vector<std::string> texts_of(const boost::json::object& body, std::string_view name) {
  std::vector<std::string> out;
  const auto* list = body.if_contains(name);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& item : list->get_array()) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

/// GET ?ids=&fields=, or POST {"ids","fields"}: null for a record that is not there.
Reply retrieve(const World& world, const ApiCall& call, const Object& object) {
  std::vector<std::string> ids = comma_separated(parameter(call, "ids"));
  std::string fields = parameter(call, "fields");
  if (call.body.is_object()) {
    ids = texts_of(call.body.get_object(), "ids");
    fields = fmt::format("{}", fmt::join(texts_of(call.body.get_object(), "fields"), ","));
  }
  boost::json::array out;
  for (const std::string& id : ids) {
    auto record = read_record(world, object, id, fields, call.version);
    if (!record && record.error().status != 404) return reply_of(record.error());
    out.push_back(record ? boost::json::value(std::move(record.value())) : boost::json::value{});
  }
  return {200, std::move(out), {}};
}

bool all_or_none(const ApiCall& call) {
  if (parameter(call, "allOrNone") == "true") return true;
  const auto* body = call.body.if_object();
  const auto* flag = body == nullptr ? nullptr : body->if_contains("allOrNone");
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

}  // namespace

boost::json::object describe(const World& world, const Object& object) {
  boost::json::object out = summary(object, "60.0");
  boost::json::array fields;
  for (const Column& column : object.columns) {
    if (column.name.find('.') == std::string_view::npos && !is_gone(world, object, column.name))
      fields.push_back(describe_field(object, column));
  }
  out["fields"] = std::move(fields);
  boost::json::array children;
  for (const Children& one : children_of(object))
    children.push_back({{"childSObject", one.object}, {"field", one.link}, {"relationshipName", one.name}});
  out["childRelationships"] = std::move(children);
  out["recordTypeInfos"] = boost::json::array{};
  return out;
}

Answer<boost::json::object> read_record(const World& world, const Object& object, const std::string& id,
                                        const std::string& fields, const std::string& version) {
  std::vector<Record> made_up;
  const Record* record = find_record(world, object, id);
  if (const auto parsed = parse_id(id); !object.kind && parsed && parsed->prefix == object.prefix) {
    made_up = made_up_records(world, object);
    const auto found =
        std::find_if(made_up.begin(), made_up.end(), [&](const Record& one) { return one.id == parsed->id; });
    record = found == made_up.end() ? nullptr : &*found;
  }
  if (record == nullptr || record->deleted) return not_found();
  boost::json::object out{
      {"attributes",
       {{"type", object.name}, {"url", record_url(version, object, id_text(object.prefix, record->id))}}}};
  const auto put = [&](const Column& column) {
    Value value = field(*record, column.field);
    out[column.name] = to_json(world.crm, value, column, object);
  };
  if (fields.empty()) {
    for (const Column& column : object.columns) {
      if (column.name.find('.') == std::string_view::npos && !is_gone(world, object, column.name)) put(column);
    }
    return out;
  }
  for (const std::string& name : comma_separated(fields)) {
    const Column* column = visible_column(world, object, name);
    if (column == nullptr)
      return Refusal{400,
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
    return Refusal{400,
                   "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                   fmt::format("entity type {} does not support create", object.name),
                   {}};
  const auto fields = fields_of(world, object, body, id == nullptr);
  if (!fields) return fields.error();
  const RecordId user = world.crm.api_user();
  if (before != nullptr) {
    undo.changes(*before);
    (void)world.crm.update(before->id, fields.value(), user, world.now);
    return id_text(object.prefix, before->id);
  }
  if (!call.allow_duplicates) {
    if (auto duplicate = check_duplicate(world, object, fields.value())) return std::move(*duplicate);
  }
  const RecordId made = world.crm.create(*object.kind, fields.value(), user, world.now);
  undo.created(made);
  return id_text(object.prefix, made);
}

std::optional<Refusal> delete_record(World& world, const Object& object, const std::string& id, Undo& undo) {
  const auto found = record_to_change(world, object, id);
  if (!found) return found.error();
  undo.changes(*found.value());
  (void)world.crm.remove(found.value()->id, world.crm.api_user(), world.now);
  return std::nullopt;
}

Reply serve_sobjects(World& world, const ApiCall& call, Undo& undo) {
  const auto parts = parts_of(call.path);  // sobjects, Lead, 00Q…
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
  if (parts.size() == 3 && (what == "updated" || what == "deleted") && object->kind)
    return changed_ids(world, *object, call, what == "deleted");
  if (parts.size() == 4 && object->name == "EventLogFile" && parts[3] == "LogFile")
    return log_file(world, *object, what);
  if (parts.size() == 3) return serve_record(world, call, *object, what, undo);
  return reply_of(not_found());
}

Reply serve_collection(World& world, const ApiCall& call, Undo& undo) {
  const auto parts = parts_of(call.path);  // composite, sobjects, Lead
  if (parts.size() == 3) {
    const Object* object = visible_object(world, parts[2]);
    return object == nullptr ? reply_of(not_found()) : retrieve(world, call, *object);
  }
  Undo own;
  boost::json::array out;
  bool failed = false;
  const auto take = [&](const Answer<std::string>& done) {
    failed = failed || !done;
    out.push_back(write_result(done));
  };
  if (call.method == "DELETE") {
    for (const std::string& id : comma_separated(parameter(call, "ids"))) take(delete_one(world, id, own));
  } else {
    const auto* body = call.body.if_object();
    const auto* records = body == nullptr ? nullptr : body->if_contains("records");
    if (records == nullptr || !records->is_array())
      return reply_of({400, "JSON_PARSER_ERROR", "records is a list of sObjects", {}});
    if (records->get_array().size() > 200)
      return reply_of({400, "EXCEEDED_MAX_SIZE_REQUEST", "at most 200 records", {}});
    for (const auto& record : records->get_array()) take(write_one(world, record, call, own));
  }
  if (failed && all_or_none(call)) {
    own.take_back(world.crm);
    for (auto& item : out) {
      if (!item.at("success").as_bool()) continue;
      item = write_result(
          Refusal{400,
                  "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                  "Record rolled back because not all records were valid and the request was using AllOrNone header",
                  {}});
    }
  } else {
    undo.add(std::move(own));
  }
  return {200, std::move(out), {}};
}

}  // namespace crmpulse::sandbox::salesforce
