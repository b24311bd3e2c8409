// /sobjects/X/describe and the list of all objects.

#include <fmt/format.h>

#include "sandbox/salesforce/parts.h"

namespace crmpulse::sandbox::salesforce {
namespace {

std::size_t length_of(const Field& column) {
  if (is_id(column.type)) return 18;
  if (!is_text(column.type)) return 0;
  return column.longest != 0 ? column.longest : 255;
}

boost::json::object describe_field(const Object& object, const Field& column) {
  boost::json::array targets;
  if (column.type == FieldType::reference) {
    if (column.target == "Who") targets = {"Contact", "Lead"};
    if (column.target == "What") targets = {"Account", "Case", "Opportunity"};
    if (targets.empty()) targets = {column.target};
  }
  boost::json::array options;
  for (const std::string_view option : column.options)
    options.push_back({{"value", option}, {"label", option}, {"active", true}, {"defaultValue", false}});
  const std::string_view relationship = relationship_of(column);
  const bool writable = object.writable && !column.read_only;
  return {{"name", column.name},
          {"label", column.name},
          {"type", type_name(column.type)},
          {"custom", column.name.ends_with("__c")},
          {"nillable", !column.required && column.type != FieldType::id && column.type != FieldType::boolean},
          {"createable", writable},
          {"updateable", writable},
          {"filterable", column.filterable},
          {"groupable", is_groupable(column.type)},
          {"sortable", is_sortable(column.type)},
          {"aggregatable", is_aggregatable(column.type)},
          {"length", length_of(column)},
          {"referenceTo", std::move(targets)},
          {"relationshipName", relationship.empty() ? boost::json::value{} : boost::json::value(relationship)},
          {"restrictedPicklist", !column.options.empty()},
          {"picklistValues", std::move(options)}};
}

}  // namespace

std::string_view type_name(FieldType type) {
  switch (type) {
    case FieldType::id: return "id";
    case FieldType::reference: return "reference";
    case FieldType::picklist: return "picklist";
    case FieldType::email: return "email";
    case FieldType::phone: return "phone";
    case FieldType::url: return "url";
    case FieldType::boolean: return "boolean";
    case FieldType::number: return "double";
    case FieldType::integer: return "int";
    case FieldType::currency: return "currency";
    case FieldType::time: return "datetime";
    case FieldType::date: return "date";
    case FieldType::long_text: return "textarea";
    default: return "string";
  }
}

boost::json::object summary(const Object& object, const std::string& version) {
  const std::string url = fmt::format("/services/data/v{}/sobjects/{}", version, object.name);
  return {{"name", object.name},
          {"label", object.alias},
          {"labelPlural", fmt::format("{}s", object.alias)},
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

boost::json::object describe(const World& world, const Object& object) {
  boost::json::object out = summary(object, "60.0");
  boost::json::array fields;
  for (const Field& column : object.fields) {
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

}  // namespace crmpulse::sandbox::salesforce
