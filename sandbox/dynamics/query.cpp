// Dataverse's reads: sets with OData's options and pages, counts, functions.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <span>

#include "core/text/percent.h"
#include "sandbox/dynamics/odata.h"
#include "sandbox/dynamics/parts.h"

namespace crmpulse::sandbox::dynamics {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostPerPage = 5000;
constexpr RecordId kBusinessUnit = 0xB0;
constexpr RecordId kOrganization = 0x0A;
constexpr std::string_view kVersion = "9.2.26104.00176";
constexpr std::string_view kPlain = "-._~$";  ///< in a link

/// `Prefer: odata.maxpagesize=500,…`
std::size_t page_size(const net::HttpRequest& request) {
  const std::string_view prefer = request.header("prefer");
  const auto at = prefer.find("odata.maxpagesize=");
  return at == std::string_view::npos ? kMostPerPage : bounded(prefer.substr(at + 18), kMostPerPage, 1, kMostPerPage);
}

std::string next_link(const Ask& ask, std::size_t page) {
  std::string link = ask.base + std::string{ask.resource} + "?";
  for (const auto& [name, value] : ask.request.query) {
    if (name != "$skiptoken") link += percent_encoded(name, kPlain) + "=" + percent_encoded(value, kPlain) + "&";
  }
  return link + "$skiptoken=" + percent_encoded(fmt::format("<cookie pagenumber=\"{}\" />", page), kPlain);
}

std::size_t page_number(const net::HttpRequest& request) {
  const std::string token = query_value(request, "$skiptoken");
  if (token.empty()) return 1;
  const std::string_view head = "<cookie pagenumber=\"";
  const bool whole = token.starts_with(head) && token.ends_with("\" />");
  const auto page =
      whole ? whole_number(std::string_view{token}.substr(head.size(), token.size() - head.size() - 4), 1, 1, 1'000'000)
            : std::nullopt;
  if (!page) throw Refusal{Refusal::Kind::syntax, "$skiptoken", "$skiptoken", "Malformed XML in the Paging Cookie"};
  return *page;
}

json::object row_json(const Ask& ask, const Object& object, const OData& odata, const Row& row) {
  json::object body;
  if (!odata.grouped) return record_json(ask, object, *ask.world.company.find(row.id), odata.fields);
  for (std::size_t at = 0; at < row.values.size(); ++at) {
    const Field* field = odata.fields[at];
    body[odata.query.outputs[at].name] = value_json(row.values[at], field != nullptr ? field->type : FieldType::number);
  }
  return body;
}

std::string_view set_name(std::string_view resource) {
  return resource.substr(0, resource.find('/'));
}

net::HttpResponse list(const Ask& ask, const Object& object, OData odata) {
  const std::size_t page = page_number(ask.request);
  const std::size_t size = page_size(ask.request);
  if (!odata.query.limit) odata.query.offset = (page - 1) * size;
  const bool paged = !odata.query.limit;  // $top wants no pages
  if (paged) odata.query.limit = size;
  const Rows rows = answer_query(ask.lookup, object, odata.query);
  json::array value;
  for (const Row& row : rows.rows) value.push_back(row_json(ask, object, odata, row));
  json::object body{{"@odata.context", fmt::format("{}$metadata#{}", ask.base, set_name(ask.resource))}};
  if (odata.count) body["@odata.count"] = std::min(rows.total, kMostPerPage);
  body["value"] = std::move(value);
  if (paged && odata.query.offset + rows.rows.size() < rows.total) body["@odata.nextLink"] = next_link(ask, page + 1);
  return json_reply(200, body, {{"Preference-Applied", fmt::format("odata.maxpagesize={}", size)}});
}

net::HttpResponse who_am_i(const Ask& ask) {
  return json_reply(200, {{"@odata.context", ask.base + "$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"},
                          {"BusinessUnitId", guid_text(kBusinessUnit)},
                          {"UserId", guid_text(ask.world.company.api_user())},
                          {"OrganizationId", guid_text(kOrganization)}});
}

constexpr std::array<std::string_view, 9> kListParameters{"$select", "$filter", "$orderby",   "$top",       "$count",
                                                          "$expand", "$apply",  "$skiptoken", "api-version"};

/// The names stand in the call, or in the parameter it names.
net::HttpResponse total_record_count(const Ask& ask) {
  const auto key = keyed(ask.resource).key.value_or("");
  std::string list{key.substr(std::min(key.size(), key.find('=') + 1))};
  if (list.starts_with('@')) list = query_value(ask.request, list);
  std::replace(list.begin(), list.end(), '\'', '"');
  const auto names = parse_json(list);
  if (!names || !names->is_array()) return error(400, "0x80060888", "EntityNames must be a list");
  json::array keys;
  json::array values;
  for (const auto& name : names->get_array()) {
    const std::string text = scalar_text(name).value_or("");
    const Object* object = ask.schema.object(text);
    if (object == nullptr || object->alias != text)
      return error(400, "0x80040217", fmt::format("The entity with a name = '{}' was not found", text));
    Query query;
    query.limit = 1;
    keys.emplace_back(text);
    values.emplace_back(answer_query(ask.lookup, *object, query).total);
  }
  const std::size_t count = keys.size();
  return json_reply(
      200, {{"@odata.context", ask.base + "$metadata#Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse"},
            {"EntityRecordCountCollection",
             {{"Count", count}, {"IsReadOnly", false}, {"Keys", std::move(keys)}, {"Values", std::move(values)}}}});
}

net::HttpResponse definitions(const Ask& ask) {
  json::array value;
  for (const Object& object : ask.schema.objects()) {
    if (ask.schema.object(object.name) == nullptr) continue;
    value.push_back({{"LogicalName", object.alias},
                     {"EntitySetName", object.name},
                     {"IsCustomEntity", false},
                     {"IsActivity", object.kind() == Kind::task},
                     {"MetadataId", guid_text(0xE00 + value.size())}});
  }
  return json_reply(200, {{"@odata.context", ask.base + "$metadata#EntityDefinitions"}, {"value", std::move(value)}});
}

}  // namespace

json::value value_json(const Value& value, FieldType type) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* text = std::get_if<std::string>(&value)) return json::value(*text);
  if (const auto time = time_of(value))
    return json::value(type == FieldType::date ? date_text(*time)
                                               : format_time(std::chrono::floor<std::chrono::seconds>(*time)));
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return nullptr;
  if (type == FieldType::id || type == FieldType::reference) return json::value(guid_text(id_of(value)));
  return number_json(*number);
}

net::HttpResponse refused(const Refusal& refusal, const Object& object) {
  if (refusal.clause == "body") return error(400, "0x80048d19", refusal.message);
  if (refusal.clause == "reference") return error(404, "0x80040217", refusal.message);
  if (refusal.clause == "length") return error(400, "0x80044331", refusal.message);
  if (refusal.clause == "option") return error(400, "0x80044330", refusal.message);
  if (refusal.kind == Refusal::Kind::field)
    return error(400, "0x80060888",
                 fmt::format("Could not find a property named '{}' on type 'Microsoft.Dynamics.CRM.{}'.", refusal.name,
                             object.alias));
  return error(400, "0x80060888", refusal.message);
}

void check_parameters(const net::HttpRequest& request, std::span<const std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (name.starts_with('@') || std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Refusal{Refusal::Kind::syntax, name, {}, fmt::format("The query parameter {} is not supported", name)};
  }
}

net::HttpResponse answer_set(const Ask& ask, const Object& object, std::string_view rest) {
  if (ask.request.query.contains("$skip"))
    throw Refusal{Refusal::Kind::syntax, "$skip", "$skip", "Skip Clause is not supported in CRM"};
  check_parameters(ask.request, kListParameters);
  check_expanded(ask, object);
  OData odata = read_odata(ask.request.query, object, ask.schema, ask.world.now);
  if (rest.empty()) return list(ask, object, std::move(odata));
  if (rest != "$count") return error(404, "0x8006088a", fmt::format("Resource not found for the segment '{}'.", rest));
  odata.query.limit = 1;
  const std::size_t total = answer_query(ask.lookup, object, std::move(odata.query)).total;
  return {200, {{"Content-Type", "text/plain"}}, std::to_string(std::min(total, kMostPerPage))};
}

net::HttpResponse answer_functions(const Ask& ask, std::string_view name) {
  if (name != "EntityDefinitions") check_parameters(ask.request, {});
  const bool get = ask.request.method == "GET";
  if (get && name == "WhoAmI") return who_am_i(ask);
  if (get && name == "RetrieveVersion")
    return json_reply(200, {{"@odata.context", ask.base + "$metadata#Microsoft.Dynamics.CRM.RetrieveVersionResponse"},
                            {"Version", kVersion}});
  if (get && name == "RetrieveTotalRecordCount") return total_record_count(ask);
  if (get && name == "EntityDefinitions") return definitions(ask);
  return error(404, "0x8006088a", fmt::format("Resource not found for the segment '{}'.", name));
}

}  // namespace crmpulse::sandbox::dynamics
