#include "sandbox/odoo/groups.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

/// A `groupby` or a member of `fields`: `date_closed:month`, `amount_total:sum`, `n:count(id)`.
struct Spec {
  std::string name;  ///< the member's name in the answer
  const Field* field = nullptr;
  std::string how;
};

Spec spec_of(const value& written, const FieldOf& field_of, const Object& model) {
  if (!written.is_string()) throw value_error("read_group needs names of fields");
  const std::string_view text = written.get_string();
  const std::size_t colon = text.find(':');
  Spec spec{std::string{text.substr(0, colon)}, nullptr, {}};
  if (colon != std::string_view::npos) spec.how = text.substr(colon + 1);
  std::string source = spec.name;
  if (const std::size_t open = spec.how.find('('); open != std::string::npos && spec.how.ends_with(')')) {
    source = spec.how.substr(open + 1, spec.how.size() - open - 2);
    spec.how.resize(open);
  }
  spec.field = field_of(odoo_field(source));
  if (spec.field == nullptr)
    throw value_error("Invalid field '" + source + "' on model '" + std::string{model.name} + "'");
  return spec;
}

std::vector<Spec> specs_of(const value& written, const FieldOf& field_of, const Object& model) {
  std::vector<Spec> specs;
  if (written.is_null()) return specs;
  for (const value& each : written.is_array() ? written.get_array() : array{written}) {
    specs.push_back(spec_of(each, field_of, model));
  }
  return specs;
}

Value field_value(const ModelRow& row, const Field& field) {
  if (field.type == FieldType::id) return static_cast<double>(row.id);
  const auto found = row.fields.find(field.name);
  return found == row.fields.end() ? Value{} : found->second;
}

/// The beginning of the day, week, month, quarter or year.
Value truncated(const Value& value, const std::string& part) {
  const auto* at = std::get_if<TimePoint>(&value);
  if (at == nullptr) return value;
  const auto day = std::chrono::floor<std::chrono::days>(*at);
  if (part == "day") return TimePoint{day};
  if (part == "week") {
    const auto since_monday = std::chrono::weekday{day} - std::chrono::Monday;
    return TimePoint{day - since_monday};
  }
  const std::chrono::year_month_day date{day};
  unsigned month = static_cast<unsigned>(date.month());
  if (part == "year") month = 1;
  if (part == "quarter") month = (month - 1) / 3 * 3 + 1;
  return TimePoint{std::chrono::sys_days{date.year() / std::chrono::month{month} / 1}};
}

/// What Odoo shows for a truncated time in English.
std::string time_label(TimePoint at, const std::string& part) {
  static constexpr std::array kMonths{"January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December"};
  const std::string date = sql_date(at);
  const std::string year = date.substr(0, 4);
  const auto month = static_cast<std::size_t>(std::stoi(date.substr(5, 2))) - 1;
  if (part == "year") return year;
  if (part == "quarter") return "Q" + std::to_string(month / 3 + 1) + " " + year;
  if (part == "day") return date.substr(8, 2) + " " + std::string{kMonths.at(month)}.substr(0, 3) + " " + year;
  if (part == "week") return "W" + date;
  return std::string{kMonths.at(month)} + " " + year;
}

value aggregate(const std::vector<const ModelRow*>& rows, const Spec& spec) {
  std::vector<double> numbers;
  std::set<Value> distinct;
  for (const ModelRow* row : rows) {
    const Value one = field_value(*row, *spec.field);
    if (is_null(one)) continue;
    distinct.insert(one);
    if (const auto* n = std::get_if<double>(&one)) numbers.push_back(*n);
  }
  if (spec.how == "count_distinct") return distinct.size();
  if (spec.how == "count") return numbers.size();
  if ((spec.how == "max" || spec.how == "min") && !distinct.empty()) {
    const Value& end = spec.how == "max" ? *distinct.rbegin() : *distinct.begin();
    return odoo_value(*spec.field, end, [](const Field&, RecordId) { return std::string{}; });
  }
  if (numbers.empty()) return spec.how == "sum" || spec.how.empty() ? value(0) : value(false);
  double sum = 0;
  for (const double n : numbers) sum += n;
  return spec.how == "avg" ? value(sum / static_cast<double>(numbers.size())) : number_json(sum);
}

/// By the members that `orderby` names: `amount_total desc, stage_id`.
void order_groups(array& groups, const value& orderby) {
  if (!orderby.is_string()) return;
  const std::string_view text = orderby.get_string();
  const std::string name{text.substr(0, text.find_first_of(" ,"))};
  const bool descending = text.find("desc") != std::string_view::npos || text.find("DESC") != std::string_view::npos;
  const auto rank = [&](const value& group) {
    const value* member = group.get_object().if_contains(name);
    return member != nullptr && member->is_number() ? member->to_number<double>() : 0.0;
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const value& a, const value& b) { return descending ? rank(b) < rank(a) : rank(a) < rank(b); });
}

void cut(array& groups, const value& offset, const value& limit) {
  if (offset.is_int64() && offset.get_int64() > 0)
    groups.erase(groups.begin(), groups.begin() + std::min<std::ptrdiff_t>(offset.get_int64(), std::ssize(groups)));
  if (limit.is_int64() && limit.get_int64() > 0 && std::ssize(groups) > limit.get_int64())
    groups.erase(groups.begin() + limit.get_int64(), groups.end());
}

object group_of(const std::vector<Value>& key, const std::vector<const ModelRow*>& rows, const std::vector<Spec>& by,
                const std::vector<Spec>& measures, bool lazy, const NameOf& name_of) {
  object group;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const std::string written = by[i].name + (by[i].how.empty() ? "" : ":" + by[i].how);
    const auto* at = std::get_if<TimePoint>(&key[i]);
    group[written] = at != nullptr ? value(time_label(*at, by[i].how.empty() ? "month" : by[i].how))
                                   : odoo_value(*by[i].field, key[i], name_of);
    if (at != nullptr) group["__range"] = object{{written, object{{"from", sql_time(*at)}}}};
  }
  const std::string count = lazy && !by.empty() ? by.front().name + "_count" : "__count";
  group[count] = rows.size();
  for (const Spec& spec : measures) {
    const bool key_field =
        std::any_of(by.begin(), by.end(), [&](const Spec& each) { return each.field == spec.field; });
    if (spec.field->name == "id" && spec.how.empty()) continue;
    if (!key_field || !spec.how.empty()) group[spec.name] = aggregate(rows, spec);
  }
  return group;
}

}  // namespace

value grouped(const std::vector<ModelRow>& rows, const Object& model, const FieldOf& field_of, const GroupQuery& query,
              const NameOf& name_of) {
  auto by = specs_of(query.groupby, field_of, model);
  const auto measures = specs_of(query.fields, field_of, model);
  const bool lazy = query.lazy != value(false) && query.lazy != value(0);
  if (lazy && by.size() > 1) by.resize(1);

  std::map<std::vector<Value>, std::vector<const ModelRow*>> groups;
  for (const ModelRow& row : rows) {
    std::vector<Value> key;
    for (const Spec& spec : by)
      key.push_back(truncated(field_value(row, *spec.field), spec.how.empty() ? "month" : spec.how));
    groups[std::move(key)].push_back(&row);
  }
  if (by.empty() && groups.empty()) groups[{}];  // without groups there is one row even over nothing
  array out;
  for (const auto& [key, members] : groups) out.emplace_back(group_of(key, members, by, measures, lazy, name_of));
  order_groups(out, query.orderby);
  cut(out, query.offset, query.limit);
  return value(std::move(out));
}

value odoo_value(const Field& field, const Value& stored, const NameOf& name_of) {
  if (is_null(stored)) {
    return field.type == FieldType::number ? value(0) : value(false);
  }
  if (const auto* text = std::get_if<std::string>(&stored)) return value(*text);
  if (const auto* flag = std::get_if<bool>(&stored)) return *flag;
  if (const auto* at = std::get_if<TimePoint>(&stored))
    return value(field.type == FieldType::date ? sql_date(*at) : sql_time(*at));
  const double n = std::get<double>(stored);
  if (field.type != FieldType::reference) return number_json(n);
  const auto id = static_cast<RecordId>(n);
  return array{id, name_of(field, id)};
}

}  // namespace crmpulse::sandbox::selfhosted
