#include "sandbox/odoo/groups.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string_view>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"
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
  [[nodiscard]] std::string written() const { return how.empty() ? name : name + ":" + how; }
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
  // No path over another model.
  spec.field = source.find_first_of("./") == std::string::npos ? field_of(source) : nullptr;
  if (spec.field == nullptr)
    throw value_error("Invalid field '" + source + "' on model '" + std::string{model.name} + "'");
  return spec;
}

bool is_among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void check_group(const Spec& spec) {
  static constexpr std::array<std::string_view, 6> kParts{"hour", "day", "week", "month", "quarter", "year"};
  const std::string name{spec.field->name};
  if (!spec.field->stored) throw value_error("Cannot group by " + name + ": it is not stored");
  if (spec.how.empty()) return;
  if (!is_day_or_time(spec.field->type))
    throw value_error("Granularity set on a no-datetime field: '" + spec.written() + "'");
  if (!is_among(spec.how, kParts)) throw value_error("Granularity specification isn't correct: '" + spec.how + "'");
}

/// As PostgreSQL has it: what is not a number has no sum, and a boolean no least one.
void check_measure(const Spec& spec) {
  static constexpr std::array<std::string_view, 6> kKnown{"sum", "avg", "max", "min", "count", "count_distinct"};
  if (spec.how.empty()) return;
  if (!is_among(spec.how, kKnown)) throw value_error("Invalid aggregation function '" + spec.how + "'.");
  const FieldType type = spec.field->type;
  const bool adds = spec.how == "sum" || spec.how == "avg";
  const bool extreme = spec.how == "max" || spec.how == "min";
  if ((adds && !is_number(type) && !is_id(type)) || (extreme && type == FieldType::boolean))
    throw odoo_error("psycopg2.errors.UndefinedFunction",
                     "function " + spec.how + "(" + std::string{spec.field->name} + ") does not exist");
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
  if (part == "hour") return TimePoint{std::chrono::floor<std::chrono::hours>(*at)};
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
  if (part == "hour") return sql_time(at);
  if (part == "year") return year;
  if (part == "quarter") return "Q" + std::to_string(month / 3 + 1) + " " + year;
  if (part == "day") return date.substr(8, 2) + " " + std::string{kMonths.at(month)}.substr(0, 3) + " " + year;
  if (part == "week") return "W" + date;
  return std::string{kMonths.at(month)} + " " + year;
}

value aggregate(const std::vector<const ModelRow*>& rows, const Spec& spec) {
  std::vector<double> numbers;
  std::set<Value> distinct;
  std::size_t filled = 0;
  for (const ModelRow* row : rows) {
    const Value one = field_value(*row, *spec.field);
    if (is_null(one)) continue;
    ++filled;
    distinct.insert(one);
    if (const auto* n = std::get_if<double>(&one)) numbers.push_back(*n);
  }
  if (spec.how == "count_distinct") return distinct.size();
  if (spec.how == "count") return filled;
  if ((spec.how == "max" || spec.how == "min") && !distinct.empty()) {
    const Value& end = spec.how == "max" ? *distinct.rbegin() : *distinct.begin();
    return odoo_value(*spec.field, end, [](const Field&, RecordId) { return std::string{}; });
  }
  if (numbers.empty()) return spec.how == "sum" || spec.how.empty() ? value(0) : value(false);
  double sum = 0;
  for (const double n : numbers) sum += n;
  return spec.how == "avg" ? value(sum / static_cast<double>(numbers.size())) : number_json(sum);
}

object group_of(const std::vector<Value>& key, const std::vector<const ModelRow*>& rows, const std::vector<Spec>& by,
                const std::vector<Spec>& measures, bool lazy, const NameOf& name_of) {
  object group;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const std::string written = by[i].written();
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
    // A bare name asks for the sum of a number, and for nothing of any other field.
    if (spec.how.empty() && (key_field || !is_number(spec.field->type))) continue;
    group[spec.name] = aggregate(rows, spec);
  }
  return group;
}

using Key = std::vector<Value>;
using Group = std::pair<Key, std::vector<const ModelRow*>>;

/// One term of `orderby`, worked out for every group.
struct Ranking {
  std::vector<Value> ranks;
  bool descending = false;
};

/// The groups' values of `name`: one of what they are grouped by, a measure, or their size.
std::vector<Value> ranks_of(const std::string& name, const std::vector<Group>& groups, const std::vector<Spec>& by,
                            const std::vector<Spec>& measures, const NameOf& name_of) {
  std::vector<Value> ranks;
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (name != by[i].name && name != by[i].written()) continue;
    for (const Group& group : groups) {
      const Value& key = group.first[i];
      const bool reference = by[i].field->type == FieldType::reference && !is_null(key);
      ranks.push_back(reference ? Value{name_of(*by[i].field, id_of(key))} : key);
    }
    return ranks;
  }
  if (name == "__count" || (!by.empty() && name == by.front().name + "_count")) {
    for (const Group& group : groups) ranks.emplace_back(static_cast<double>(group.second.size()));
    return ranks;
  }
  for (const Spec& spec : measures) {
    if (name != spec.name && name != spec.written()) continue;
    for (const Group& group : groups) {
      const value told = aggregate(group.second, spec);
      if (told.is_number())
        ranks.emplace_back(told.to_number<double>());
      else
        ranks.push_back(told.is_string() ? Value{std::string{told.get_string()}} : Value{});
    }
    return ranks;
  }
  throw value_error("Order term '" + name + "' is not a valid aggregate nor valid groupby");
}

/// By the members that `orderby` names: `amount_total desc, stage_id`.
void order_groups(std::vector<Group>& groups, const GroupQuery& query, const std::vector<Spec>& by,
                  const std::vector<Spec>& measures, const NameOf& name_of) {
  if (query.orderby.is_null() || query.orderby == value(false)) return;
  if (!query.orderby.is_string()) throw value_error("the order is a text");
  std::vector<Ranking> rankings;
  for (const std::string& term : comma_list(query.orderby.get_string())) {
    const std::string name = term.substr(0, term.find(' '));
    const std::string rest = ascii::lower(std::string_view{term}.substr(std::min(name.size() + 1, term.size())));
    if (!rest.empty() && rest != "asc" && rest != "desc")
      throw value_error("Invalid order '" + term + "' for read_group()");
    rankings.push_back({ranks_of(name, groups, by, measures, name_of), rest == "desc"});
  }
  std::vector<std::size_t> places(groups.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    for (const auto& [ranks, descending] : rankings) {
      if (ranks[a] == ranks[b]) continue;
      return descending ? ranks[b] < ranks[a] : ranks[a] < ranks[b];
    }
    return false;
  });
  std::vector<Group> sorted;
  for (const std::size_t place : places) sorted.push_back(std::move(groups[place]));
  groups = std::move(sorted);
}

void cut(std::vector<Group>& groups, const GroupQuery& query) {
  const std::size_t first = std::min(query.offset.value_or(0), groups.size());
  groups.erase(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(first));
  const std::size_t most = query.limit.value_or(0);  // 0: without a limit
  if (most > 0 && groups.size() > most) groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(most), groups.end());
}

}  // namespace

value grouped(const std::vector<ModelRow>& rows, const Object& model, const FieldOf& field_of, const GroupQuery& query,
              const NameOf& name_of) {
  auto by = specs_of(query.groupby, field_of, model);
  const auto measures = specs_of(query.fields, field_of, model);
  std::for_each(by.begin(), by.end(), check_group);
  std::for_each(measures.begin(), measures.end(), check_measure);
  const bool lazy = query.lazy != value(false) && query.lazy != value(0);
  if (lazy && by.size() > 1) by.resize(1);

  std::map<Key, std::vector<const ModelRow*>> members;
  for (const ModelRow& row : rows) {
    Key key;
    for (const Spec& spec : by)
      key.push_back(truncated(field_value(row, *spec.field), spec.how.empty() ? "month" : spec.how));
    members[std::move(key)].push_back(&row);
  }
  if (by.empty() && members.empty()) members[{}];  // without groups there is one row even over nothing
  std::vector<Group> groups{members.begin(), members.end()};
  order_groups(groups, query, by, measures, name_of);
  cut(groups, query);
  array out;
  for (const auto& [key, group] : groups) out.emplace_back(group_of(key, group, by, measures, lazy, name_of));
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
