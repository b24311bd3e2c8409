// /composite/sobjects: many records in one call.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sandbox/salesforce/parts.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {
namespace {

boost::json::value write_result(const Answer<std::string>& written) {
  if (written) return {{"id", written.value()}, {"success", true}, {"errors", boost::json::array{}}};
  const ApiError refusal = written.error();
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
  if (object == nullptr) return ApiError{400, "INVALID_TYPE", "attributes.type names no sObject", {}};
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
  if (object == all.end()) return ApiError{400, "MALFORMED_ID", fmt::format("bad id {}", id), {}};
  if (auto refused = delete_record(world, *object, id, undo)) return std::move(*refused);
  return id;
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
  std::vector<std::string> ids = comma_list(parameter(call, "ids"));
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

Reply serve_collection(World& world, const ApiCall& call, Undo& undo) {
  const auto parts = path_parts(call.path);  // composite, sobjects, Lead
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
    for (const std::string& id : comma_list(parameter(call, "ids"))) take(delete_one(world, id, own));
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
    own.take_back(world.company);
    for (auto& item : out) {
      if (!item.at("success").as_bool()) continue;
      item = write_result(
          ApiError{400,
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
