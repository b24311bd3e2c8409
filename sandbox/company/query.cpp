#include "sandbox/company/query.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"

namespace crmpulse::sandbox {
namespace {

/// Reads `text` as the kind of value `like` is. Returns an empty value if it is not of that kind.
Value read_as(const Value& like, const std::string& text) {
  if (std::holds_alternative<bool>(like)) {
    const std::string word = ascii::lower(text);
    if (word == "true" || word == "false") return word == "true";
    return {};
  }
  const auto number = number_from<double>(text);
  if (std::holds_alternative<TimePoint>(like)) {
    if (number) return from_unix_millis(static_cast<std::int64_t>(*number));
    const auto time = parse_time(text.size() == 10 ? text + "T00:00:00Z" : text);
    if (time) return time.value();
    return {};
  }
  if (std::holds_alternative<double>(like) && number) return *number;
  return {};
}

template <class T>
int order(const T& left, const T& right) {
  if (left < right) return -1;
  return right < left ? 1 : 0;
}

/// `%`: any number of characters, `_`: one; a backslash before either takes it as it is.
bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '%') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (is_like(text.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (pattern.front() == '_') return is_like(text.substr(1), pattern.substr(1));
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return ascii::lower(text.front()) == ascii::lower(pattern.front()) && is_like(text.substr(1), pattern.substr(1));
}

bool is_word_character(char c) {
  return ascii::is_letter(c) || ascii::is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

/// A `*` at an end of the word lets it be a part of a longer one.
bool contains_word(std::string_view text, std::string_view word) {
  const bool open_begin = !word.empty() && word.front() == '*';
  if (open_begin) word.remove_prefix(1);
  const bool open_end = !word.empty() && word.back() == '*';
  if (open_end) word.remove_suffix(1);
  if (word.empty()) return !text.empty();
  const std::string in = ascii::lower(text);
  const std::string what = ascii::lower(word);
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) {
    const std::size_t end = at + what.size();
    const bool begins = open_begin || at == 0 || !is_word_character(in[at - 1]);
    const bool ends = open_end || end == in.size() || !is_word_character(in[end]);
    if (begins && ends) return true;
  }
  return false;
}

bool equals(const Value& left, const Value& right) {
  if (is_null(left) || is_null(right)) return is_null(left) && is_null(right);
  return compare(left, right) == 0;
}

bool is_among(const Value& value, const std::vector<Value>& values) {
  return std::any_of(values.begin(), values.end(), [&value](const Value& one) { return equals(value, one); });
}

bool compares(Compare how, const Value& value, const std::vector<Value>& values) {
  if (how == Compare::in) return is_among(value, values);
  if (how == Compare::not_in) return !is_among(value, values);
  static const Value kNull;
  const Value& other = values.empty() ? kNull : values.front();
  switch (how) {
    case Compare::equal: return equals(value, other);
    case Compare::not_equal: return !equals(value, other);
    case Compare::like: return !is_null(value) && is_like(text_of(value), text_of(other));
    case Compare::contains_word: return contains_word(text_of(value), text_of(other));
    default: break;
  }
  const auto order = compare(value, other);
  if (!order) return false;
  switch (how) {
    case Compare::less: return *order < 0;
    case Compare::less_equal: return *order <= 0;
    case Compare::greater: return *order > 0;
    default: return *order >= 0;
  }
}

Value part_of(const Value& value, std::string_view part) {
  const auto* time = std::get_if<TimePoint>(&value);
  if (part.empty() || time == nullptr) return value;
  const auto day = std::chrono::floor<std::chrono::days>(*time);
  const std::chrono::year_month_day date{day};
  const auto month = static_cast<unsigned>(date.month());
  if (part == "date") return TimePoint{day};
  if (part == "year") return static_cast<double>(static_cast<int>(date.year()));
  if (part == "quarter") return static_cast<double>((month + 2) / 3);
  if (part == "month") return static_cast<double>(month);
  if (part == "day") return static_cast<double>(static_cast<unsigned>(date.day()));
  if (part == "hour") return static_cast<double>((*time - day) / std::chrono::hours{1});
  return {};
}

using Members = std::vector<const Record*>;

/// One evaluation: subqueries are answered once, before the records are looked at.
class Evaluation {
 public:
  Evaluation(const Company& company, const Query& query, TimePoint now) : company_(company), query_(query), now_(now) {
    where_ = answered(query.where);
  }

  [[nodiscard]] Condition answered(const Condition& condition) const;
  [[nodiscard]] bool holds(const Condition& condition, const Record& record) const;
  [[nodiscard]] Rows rows_of(Members members) const;
  [[nodiscard]] const Condition& where() const { return where_; }

 private:
  struct Keyed {
    Row row;
    std::vector<Value> keys;
  };
  [[nodiscard]] Value value_of(const Output& output, const Record& record) const {
    return part_of(resolve(company_, record, output.field), output.part);
  }
  [[nodiscard]] Value aggregate(const Output& output, const Members& members) const;
  [[nodiscard]] Value value_of(const Output& output, const Members& members) const;
  [[nodiscard]] Keyed keyed(const Members& members, RecordId id) const;
  [[nodiscard]] std::vector<Members> groups_of(const Members& members) const;
  [[nodiscard]] bool is_before(const Keyed& left, const Keyed& right) const;
  [[nodiscard]] bool is_grouped() const;

  const Company& company_;
  const Query& query_;
  TimePoint now_;
  Condition where_;
};

Condition Evaluation::answered(const Condition& condition) const {
  Condition out = condition;
  out.children.clear();
  for (const Condition& child : condition.children) out.children.push_back(answered(child));
  if (!condition.subquery) return out;
  out.subquery.reset();
  for (Row& row : evaluate(company_, *condition.subquery, now_).rows) {
    if (!row.values.empty() && !is_null(row.values.front())) out.values.push_back(std::move(row.values.front()));
  }
  return out;
}

bool Evaluation::holds(const Condition& condition, const Record& record) const {
  const auto child_holds = [this, &record](const Condition& child) { return holds(child, record); };
  const auto& children = condition.children;
  switch (condition.kind) {
    case Condition::Kind::always: return true;
    case Condition::Kind::all: return std::all_of(children.begin(), children.end(), child_holds);
    case Condition::Kind::any: return std::any_of(children.begin(), children.end(), child_holds);
    case Condition::Kind::none: return std::none_of(children.begin(), children.end(), child_holds);
    case Condition::Kind::compare: break;
  }
  return compares(condition.compare, part_of(resolve(company_, record, condition.field), condition.part),
                  condition.values);
}

Value Evaluation::aggregate(const Output& output, const Members& members) const {
  if (output.aggregate == Aggregate::count && output.field.empty()) return static_cast<double>(members.size());
  std::vector<Value> values;
  for (const Record* member : members) {
    Value value = value_of(output, *member);
    if (!is_null(value)) values.push_back(std::move(value));
  }
  const auto is_less = [](const Value& a, const Value& b) { return compare(a, b).value_or(0) < 0; };
  double sum = 0;
  for (const Value& value : values) {
    if (const auto* number = std::get_if<double>(&value)) sum += *number;
  }
  switch (output.aggregate) {
    case Aggregate::count: return static_cast<double>(values.size());
    case Aggregate::count_distinct: {
      const std::set<Value, decltype(is_less)> distinct(values.begin(), values.end(), is_less);
      return static_cast<double>(distinct.size());
    }
    default: break;
  }
  if (values.empty()) return {};
  switch (output.aggregate) {
    case Aggregate::sum: return sum;
    case Aggregate::avg: return sum / static_cast<double>(values.size());
    case Aggregate::min: return *std::min_element(values.begin(), values.end(), is_less);
    default: return *std::max_element(values.begin(), values.end(), is_less);
  }
}

Value Evaluation::value_of(const Output& output, const Members& members) const {
  if (output.aggregate != Aggregate::none) return aggregate(output, members);
  if (members.empty()) return {};
  return value_of(output, *members.front());
}

Evaluation::Keyed Evaluation::keyed(const Members& members, RecordId id) const {
  Keyed out;
  out.row.id = id;
  for (const Output& output : query_.outputs) out.row.values.push_back(value_of(output, members));
  for (const Order& order : query_.order_by) {
    if (order.expression)
      out.keys.push_back(value_of(*order.expression, members));
    else if (!order.field.empty())
      out.keys.push_back(value_of(Output{order.field, Aggregate::none, {}, {}}, members));
    else
      out.keys.push_back(order.output < out.row.values.size() ? out.row.values[order.output] : Value{});
  }
  return out;
}

/// Texts are the same group whatever their case.
std::vector<Members> Evaluation::groups_of(const Members& members) const {
  if (query_.group_by.empty()) return {members};
  std::vector<Members> groups;
  std::map<std::vector<Value>, std::size_t> places;
  for (const Record* member : members) {
    std::vector<Value> key;
    for (const Output& output : query_.group_by) {
      key.push_back(value_of(output, *member));
      if (auto* text = std::get_if<std::string>(&key.back())) *text = ascii::lower(*text);
    }
    const auto [place, is_new] = places.try_emplace(std::move(key), groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(member);
  }
  return groups;
}

bool Evaluation::is_grouped() const {
  const auto aggregates = [](const Output& output) { return output.aggregate != Aggregate::none; };
  return !query_.group_by.empty() || std::any_of(query_.outputs.begin(), query_.outputs.end(), aggregates);
}

bool Evaluation::is_before(const Keyed& left, const Keyed& right) const {
  for (std::size_t i = 0; i < query_.order_by.size(); ++i) {
    const Order& order = query_.order_by[i];
    const bool left_null = is_null(left.keys[i]);
    const bool right_null = is_null(right.keys[i]);
    if (left_null != right_null) return left_null != order.nulls_last;
    const int which = compare(left.keys[i], right.keys[i]).value_or(0);
    if (which != 0) return order.descending ? which > 0 : which < 0;
  }
  return false;
}

Rows Evaluation::rows_of(Members members) const {
  std::vector<Keyed> all;
  if (is_grouped()) {
    for (const Members& group : groups_of(members)) {
      const auto& having = query_.having;
      if (having && !compares(having->second.first, value_of(having->first, group), {Value{having->second.second}}))
        continue;
      all.push_back(keyed(group, 0));
    }
  } else {
    for (const Record* member : members) all.push_back(keyed({member}, member->id));
  }
  if (!query_.order_by.empty())
    std::stable_sort(all.begin(), all.end(), [this](const Keyed& a, const Keyed& b) { return is_before(a, b); });
  Rows out;
  out.total = all.size();
  const std::size_t begin = std::min(query_.offset, all.size());
  const std::size_t most = query_.limit.value_or(all.size());
  for (std::size_t i = begin; i < all.size() && i - begin < most; ++i) out.rows.push_back(std::move(all[i].row));
  return out;
}

Condition group(Condition::Kind kind, std::vector<Condition> children) {
  Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  return condition;
}

}  // namespace

Condition where(std::string_view field, Compare how, Value value) {
  Condition condition;
  condition.kind = Condition::Kind::compare;
  condition.field = field;
  condition.compare = how;
  condition.values = {std::move(value)};
  return condition;
}

Condition all_of(std::vector<Condition> children) {
  return group(Condition::Kind::all, std::move(children));
}

Condition any_of(std::vector<Condition> children) {
  return group(Condition::Kind::any, std::move(children));
}

Condition none_of(std::vector<Condition> children) {
  return group(Condition::Kind::none, std::move(children));
}

Condition never() {
  return none_of({Condition{}});
}

Value resolve(const Company& company, const Record& record, std::string_view path) {
  const Record* at = &record;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const Value reference = field(*at, path.substr(0, dot));
    const auto* id = std::get_if<double>(&reference);
    at = id == nullptr ? nullptr : company.find(static_cast<RecordId>(*id));
    if (at == nullptr) return {};
    path.remove_prefix(dot + 1);
  }
  return field(*at, path);
}

std::optional<int> compare(const Value& left, const Value& right) {
  if (is_null(left) || is_null(right)) return std::nullopt;
  if (left.index() != right.index()) {
    if (const auto* text = std::get_if<std::string>(&right)) {
      const Value read = read_as(left, *text);
      return read.index() == left.index() ? compare(left, read) : std::nullopt;
    }
    if (std::holds_alternative<std::string>(left)) {
      const auto turned = compare(right, left);
      return turned ? std::optional{-*turned} : std::nullopt;
    }
    return std::nullopt;
  }
  if (const auto* text = std::get_if<std::string>(&left))
    return order(ascii::lower(*text), ascii::lower(std::get<std::string>(right)));
  return order(left, right);
}

bool holds(const Company& company, const Condition& condition, const Record& record, TimePoint now) {
  const Query query;
  const Evaluation evaluation{company, query, now};
  return evaluation.holds(evaluation.answered(condition), record);
}

Rows evaluate(const Company& company, const Query& query, TimePoint now, bool search) {
  const Evaluation evaluation{company, query, now};
  Members members;
  for (const RecordId id : company.of(query.from)) {
    const Record& record = *company.find(id);
    if (record.deleted || (search && record.visible > now)) continue;
    if (evaluation.holds(evaluation.where(), record)) members.push_back(&record);
  }
  return evaluation.rows_of(std::move(members));
}

Rows evaluate(const Company& company, const std::vector<Record>& records, const Query& query, TimePoint now) {
  const Evaluation evaluation{company, query, now};
  Members members;
  for (const Record& record : records) {
    if (evaluation.holds(evaluation.where(), record)) members.push_back(&record);
  }
  return evaluation.rows_of(std::move(members));
}

}  // namespace crmpulse::sandbox
