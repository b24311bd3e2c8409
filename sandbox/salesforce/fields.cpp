#include "sandbox/salesforce/fields.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Pod and reserved characters of our ids.
constexpr std::string_view kPod = "Sb0";

constexpr std::array<Children, 15> kChildren{
    {{"Account", "Contacts", "Contact", "AccountId"},
     {"Account", "Opportunities", "Opportunity", "AccountId"},
     {"Account", "Cases", "Case", "AccountId"},
     {"Account", "Tasks", "Task", "WhatId"},
     {"Contact", "Cases", "Case", "ContactId"},
     {"Contact", "Tasks", "Task", "WhoId"},
     {"Contact", "Events", "Event", "WhoId"},
     {"Lead", "Tasks", "Task", "WhoId"},
     {"Lead", "Events", "Event", "WhoId"},
     {"Lead", "Histories", "LeadHistory", "LeadId"},
     {"Opportunity", "Tasks", "Task", "WhatId"},
     {"Opportunity", "Events", "Event", "WhatId"},
     {"Opportunity", "OpportunityHistories", "OpportunityHistory", "OpportunityId"},
     {"Case", "Tasks", "Task", "WhatId"},
     {"Case", "CaseMilestones", "CaseMilestone", "CaseId"}}};

std::string checksum(std::string_view fifteen) {
  static constexpr std::string_view kMarks = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  std::string out;
  for (std::size_t part = 0; part < 3; ++part) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const char c = fifteen[part * 5 + i];
      if (c >= 'A' && c <= 'Z') bits |= std::size_t{1} << i;
    }
    out.push_back(kMarks[bits]);
  }
  return out;
}

std::string prefix_of(const Company& company, RecordId id) {
  const Record* record = company.find(id);
  const Object* object = record == nullptr ? nullptr : object_of(record->kind);
  return std::string{object == nullptr ? std::string_view{"000"} : object->prefix};
}

}  // namespace

const Object* object_named(std::string_view name) {
  const auto& all = objects();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [name](const Object& one) { return ascii::same_without_case(one.name, name); });
  return found == all.end() ? nullptr : &*found;
}

const Object* object_of(Kind kind) {
  const auto& all = objects();
  const auto found =
      std::find_if(all.begin(), all.end(), [kind](const Object& one) { return one.is_stored() && one.kind() == kind; });
  return found == all.end() ? nullptr : &*found;
}

const Field* column_named(const Object& object, std::string_view name) {
  const auto& all = object.fields;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [name](const Field& one) { return ascii::same_without_case(one.name, name); });
  return found == all.end() ? nullptr : &*found;
}

bool is_groupable(FieldType type) {
  return type != FieldType::time && type != FieldType::currency && type != FieldType::number &&
         type != FieldType::long_text;
}

bool is_sortable(FieldType type) {
  return type != FieldType::long_text;
}

bool is_aggregatable(FieldType type) {
  return type != FieldType::boolean && type != FieldType::long_text;
}

bool is_comparable(FieldType type, Compare how) {
  switch (how) {
    case Compare::like: return is_text(type);
    case Compare::less:
    case Compare::less_equal:
    case Compare::greater:
    case Compare::greater_equal: return type != FieldType::boolean;
    default: return true;
  }
}

std::string_view relationship_of(const Field& column) {
  if (column.type != FieldType::reference) return {};
  return column.name.substr(0, column.name.size() - 2);
}

const Children* children_named(const Object& parent, std::string_view name) {
  const auto found = std::find_if(kChildren.begin(), kChildren.end(), [&](const Children& one) {
    return one.parent == parent.name && ascii::same_without_case(one.name, name);
  });
  return found == kChildren.end() ? nullptr : &*found;
}

std::vector<Children> children_of(const Object& parent) {
  std::vector<Children> out;
  std::copy_if(kChildren.begin(), kChildren.end(), std::back_inserter(out),
               [&parent](const Children& one) { return one.parent == parent.name; });
  return out;
}

std::string id_text(std::string_view prefix, RecordId id) {
  std::string number(9, '0');
  for (std::size_t place = number.size(); place > 0 && id > 0; --place, id /= kDigits.size())
    number[place - 1] = kDigits[id % kDigits.size()];
  const std::string fifteen = fmt::format("{}{}{}", prefix, kPod, number);
  return fifteen + checksum(fifteen);
}

std::optional<ParsedId> parse_id(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return std::nullopt;
  const std::string_view fifteen = text.substr(0, 15);
  if (fifteen.substr(3, 3) != kPod) return std::nullopt;
  ParsedId out{std::string{fifteen.substr(0, 3)}, 0};
  for (const char c : fifteen.substr(6)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    out.id = out.id * kDigits.size() + digit;
  }
  return out;
}

std::string datetime_text(TimePoint time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", fmt::gmtime(second), (time - second).count());
}

boost::json::value to_json(const Company& company, const Value& value, const Field& column, const Object& own) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* time = std::get_if<TimePoint>(&value))
    return boost::json::string{column.type == FieldType::date ? date_text(*time) : datetime_text(*time)};
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto kind = column.type == FieldType::object_name ? kind_from(*text) : std::nullopt;
    return boost::json::string{kind ? object_of(*kind)->name : std::string_view{*text}};
  }
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return nullptr;
  const auto id = static_cast<RecordId>(std::max(*number, 0.0));
  if (column.type == FieldType::id) return boost::json::string{id_text(own.prefix, id)};
  if (column.type == FieldType::reference) return boost::json::string{id_text(prefix_of(company, id), id)};
  return number_json(*number);
}

}  // namespace crmpulse::sandbox::salesforce
