// What a list of Pipedrive's is asked for: filters and their values.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/pipedrive/parts.h"

namespace crmpulse::sandbox::pipedrive {
namespace {

struct Filter {
  std::string_view parameter;
  std::string_view field;
  Compare how = Compare::equal;
};
constexpr std::array kFilters{Filter{"updated_since", "update_time", Compare::greater_equal},
                              Filter{"updated_until", "update_time", Compare::less},
                              Filter{"owner_id", "owner_id"},
                              Filter{"person_id", "person_id"},
                              Filter{"org_id", "org_id"},
                              Filter{"deal_id", "deal_id"},
                              Filter{"lead_id", "lead_id"},
                              Filter{"stage_id", "stage_id"},
                              Filter{"pipeline_id", "pipeline_id"},
                              Filter{"done", "done"}};
/// What else version 2 knows of; `filter_id` names a saved filter, of which there is none.
constexpr std::array<std::string_view, 11> kOthers{
    "limit",         "cursor",    "sort_by",   "sort_direction",       "ids", "status", "include_fields",
    "custom_fields", "filter_id", "api_token", "include_option_labels"};

const Filter* filter_named(std::string_view parameter) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(),
                                  [parameter](const Filter& one) { return one.parameter == parameter; });
  return found == kFilters.end() ? nullptr : &*found;
}

Condition filter(const Ask& ask, const Object& object, const Filter& one, const std::string& text) {
  const Field* field = ask.schema.field(object, one.field);
  if (field == nullptr) throw not_valid(one.parameter, fmt::format("is not a filter of {}", object.name));
  const auto value = ask.schema.value(field->type, text);
  const bool no_option =
      value && !field->options.empty() && ask.schema.mismatch(ask.lookup, *field, text) == Mismatch::option;
  if (!value || no_option) throw not_valid(one.parameter, "has a wrong value");
  return where(*field, one.how, {*value});
}

std::optional<Condition> status_filter(const Ask& ask, const Object& object) {
  const std::string given = query_value(ask.request, "status");
  if (given.empty() || (given == "all_not_deleted" && ask.route.version == 1)) return std::nullopt;
  const Field* status = ask.schema.field(object, "status");
  if (status == nullptr) throw not_valid("status", fmt::format("is not a filter of {}", object.name));
  std::vector<Value> values;
  for (const std::string& word : comma_list(given)) {
    if (std::find(status->options.begin(), status->options.end(), word) == status->options.end())
      throw not_valid("status", fmt::format("is one of {}", "open, won, lost, deleted"));
    values.emplace_back(word);
  }
  return where(*status, Compare::in, std::move(values));
}

std::optional<Condition> ids_filter(const Ask& ask, const Object& object) {
  const auto ids = comma_list(query_value(ask.request, "ids"));
  if (ids.empty()) return std::nullopt;
  std::vector<Value> values;
  for (const std::string& text : ids) {
    const auto id = parse_id(text);
    if (!id) throw not_valid("ids", "has a wrong value");
    values.emplace_back(static_cast<double>(*id));
  }
  return where(*ask.schema.field(object, "id"), Compare::in, std::move(values));
}

}  // namespace

Refusal not_valid(std::string_view name, std::string_view why) {
  return {Refusal::Kind::value, std::string{name}, "Validation failed", fmt::format("{} {}", name, why)};
}

std::size_t number_param(const Ask& ask, std::string_view name, std::size_t otherwise, std::size_t least,
                         std::size_t most) {
  const auto number = whole_number(query_value(ask.request, name), otherwise, least, most);
  if (!number) throw not_valid(name, fmt::format("is a number from {} to {}", least, most));
  return *number;
}

bool asks_archived(const Ask& ask, const Object& object) {
  return object.kind() == Kind::opportunity && ask.route.part(1) == "archived";
}

Condition filters_of(const Ask& ask, const Object& object) {
  std::vector<Condition> all;
  if (const Field* archived = ask.schema.field(object, "is_archived");
      object.kind() == Kind::opportunity && archived != nullptr)
    all.push_back(where(*archived, Compare::equal, {asks_archived(ask, object)}));
  for (const auto& [name, text] : ask.request.query) {
    if (const Filter* one = filter_named(name); one != nullptr) {
      if (!text.empty()) all.push_back(filter(ask, object, *one, text));
      continue;
    }
    const bool known = std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
    if (!known && ask.route.version == 2) throw not_valid(name, "is not a known parameter");
    if (name == "filter_id") throw not_valid(name, "names no filter that is there");
  }
  if (auto status = status_filter(ask, object)) all.push_back(std::move(*status));
  if (auto ids = ids_filter(ask, object)) all.push_back(std::move(*ids));
  return all_of(std::move(all));
}

}  // namespace crmpulse::sandbox::pipedrive
