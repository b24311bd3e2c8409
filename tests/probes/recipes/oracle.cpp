#include "tests/probes/recipes/oracle.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

namespace crmpulse::test {
namespace {

using sandbox::Company;
using sandbox::Kind;
using sandbox::Record;
using sandbox::RecordId;
using sandbox::Value;
using Get = std::function<Value(const Record&)>;
using Holds = std::function<bool(const Record&)>;
using Records = std::vector<const Record*>;

constexpr std::array<std::pair<std::string_view, Kind>, 8> kKinds{{{"account", Kind::account},
                                                                   {"contact", Kind::contact},
                                                                   {"lead", Kind::lead},
                                                                   {"opportunity", Kind::opportunity},
                                                                   {"case", Kind::case_},
                                                                   {"task", Kind::task},
                                                                   {"user", Kind::user},
                                                                   {"login", Kind::login}}};

bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

/// Both of one type and neither null.
std::optional<int> order(const Value& a, const Value& b) {
  if (is_null(a) || is_null(b) || a.index() != b.index()) return std::nullopt;
  return a < b ? -1 : b < a ? 1 : 0;
}

std::string tidy(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return {};
  const auto is_blank = [](unsigned char c) { return std::isspace(c) != 0; };
  auto begin = std::find_if_not(text->begin(), text->end(), is_blank);
  auto end = std::find_if_not(text->rbegin(), text->rend(), is_blank).base();
  std::string out;
  for (; begin < end; ++begin) out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(*begin))));
  return out;
}

double seconds(const Value& value) {
  if (const auto* at = std::get_if<TimePoint>(&value)) return static_cast<double>(unix_millis(*at)) / 1000;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  throw std::runtime_error("a number or time is needed");
}

class Parser {
 public:
  Parser(std::string_view text, const Company& company, TimePoint now) : text_(text), company_(company), now_(now) {}

  double whole() {
    const double value = sum();
    if (skip(), at_ != text_.size()) fail("the end is expected");
    return value;
  }

 private:
  // --- text ---
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("'" + std::string{text_} + "' at " + std::to_string(at_) + ": " + what);
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(std::string_view mark) {
    skip();
    if (!text_.substr(at_).starts_with(mark)) return false;
    at_ += mark.size();
    return true;
  }
  void need(std::string_view mark) {
    if (!take(mark)) fail("'" + std::string{mark} + "' is expected");
  }
  std::string_view peek_word() {
    skip();
    std::size_t end = at_;
    while (end < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_' || text_[end] == '.'))
      ++end;
    return text_.substr(at_, end - at_);
  }
  std::string word() {
    const std::string_view found = peek_word();
    if (found.empty()) fail("a word is expected");
    at_ += found.size();
    return std::string{found};
  }
  bool take_word(std::string_view wanted) {
    if (peek_word() != wanted) return false;
    at_ += wanted.size();
    return true;
  }

  // --- numbers ---
  double sum() {
    double value = product();
    for (;;) {
      if (take("+"))
        value += product();
      else if (take("-"))
        value -= product();
      else
        return value;
    }
  }
  double product() {
    double value = factor();
    for (;;) {
      if (take("*"))
        value *= factor();
      else if (take("/"))
        value /= factor();
      else
        return value;
    }
  }
  double factor() {
    if (take("(")) {
      const double value = sum();
      need(")");
      return value;
    }
    const std::string name = word();
    if (std::isdigit(static_cast<unsigned char>(name.front()))) return std::stod(name);
    need("(");
    const double value = function(name);
    need(")");
    return value;
  }

  double function(const std::string& name) {
    if (name == "count") return static_cast<double>(query().size());
    if (name == "newest") return newest();
    if (name == "larger") {
      const double first = sum();
      need(",");
      return std::max(first, sum());
    }
    if (name == "both") return both();
    double share = 0;
    if (name == "quantile") {
      share = std::stod(word());
      need(",");
    }
    const Get get = value();
    if (!take_word("of")) fail("'of' is expected");
    std::vector<Value> values;
    for (const Record* record : query())
      if (Value one = get(*record); !is_null(one)) values.push_back(std::move(one));
    return reduce(name, share, values);
  }

  double newest() {
    TimePoint last{};
    for (const Record* record : query()) last = std::max(last, record->modified);
    return seconds(last);
  }

  double both() {
    const Get get = value();
    if (!take_word("of")) fail("'of' is expected");
    std::set<Value> first;
    for (const Record* record : query()) first.insert(get(*record));
    need(";");
    std::set<Value> second;
    for (const Record* record : query()) second.insert(get(*record));
    return static_cast<double>(std::count_if(first.begin(), first.end(),
                                             [&](const Value& one) { return !is_null(one) && second.contains(one); }));
  }

  double reduce(const std::string& name, double share, const std::vector<Value>& values) const {
    if (name == "distinct") return static_cast<double>(std::set<Value>(values.begin(), values.end()).size());
    if (name == "duplicates") {
      std::set<std::string> seen;
      return static_cast<double>(std::count_if(values.begin(), values.end(), [&](const Value& one) {
        const std::string text = tidy(one);
        return !text.empty() && !seen.insert(text).second;
      }));
    }
    std::vector<double> numbers;
    for (const Value& one : values) numbers.push_back(seconds(one));
    std::sort(numbers.begin(), numbers.end());
    double total = 0;
    for (const double n : numbers) total += n;
    if (name == "sum") return total;
    if (numbers.empty()) fail("no values for " + name);
    if (name == "avg") return total / static_cast<double>(numbers.size());
    if (name == "min") return numbers.front();
    if (name == "max") return numbers.back();
    if (name != "quantile") fail("no function " + name);
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(numbers.size())));
    return numbers[std::max<std::size_t>(rank, 1) - 1];
  }

  // --- records ---
  Records query() {
    const std::string name = word();
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& each) { return each.first == name; });
    if (kind == kKinds.end()) fail("no kind " + name);
    Records found;
    for (const RecordId id : company_.of(kind->second))
      if (const Record* record = company_.find(id); !record->deleted) found.push_back(record);
    for (;;) {
      if (take_word("where")) {
        const Holds holds = any();
        std::erase_if(found, [&](const Record* record) { return !holds(*record); });
      } else if (take_word("top")) {
        cut(found);
      } else {
        return found;
      }
    }
  }

  void cut(Records& found) {
    const auto most = static_cast<std::size_t>(std::stoul(word()));
    if (!take_word("by")) fail("'by' is expected");
    const Get get = path(word());
    std::stable_sort(found.begin(), found.end(), [&](const Record* a, const Record* b) { return get(*b) < get(*a); });
    if (found.size() > most) found.resize(most);
  }

  Get path(const std::string& written) const {
    const std::size_t dot = written.find('.');
    const std::string name = written.substr(0, dot);
    if (written == "first_task") return [this](const Record& record) { return first_task(record.id); };
    if (dot == std::string::npos) return [name](const Record& record) { return sandbox::field(record, name); };
    const Get rest = path(written.substr(dot + 1));
    return [name, rest, this](const Record& record) -> Value {
      const Value id = sandbox::field(record, name);
      const auto* number = std::get_if<double>(&id);
      const Record* target = number == nullptr ? nullptr : company_.find(static_cast<RecordId>(*number));
      return target == nullptr ? Value{} : rest(*target);
    };
  }

  /// When the first task about a lead or contact was written.
  Value first_task(RecordId id) const {
    if (first_tasks_.empty()) {
      for (const RecordId task : company_.of(Kind::task)) {
        const Record& record = *company_.find(task);
        const Value who = sandbox::field(record, "who");
        if (record.deleted || is_null(who)) continue;
        const auto about = static_cast<RecordId>(std::get<double>(who));
        const Record* person = company_.find(about);
        if (person == nullptr || record.created < person->created) continue;
        const auto [place, is_new] = first_tasks_.emplace(about, record.created);
        if (!is_new) place->second = std::min(place->second, record.created);
      }
    }
    const auto found = first_tasks_.find(id);
    return found == first_tasks_.end() ? Value{} : Value{found->second};
  }

  Get value() {
    const std::string first = word();
    if (first == "days" && take("(")) {
      const Get whole = value();
      need(")");
      return [whole](const Record& record) -> Value {
        const Value span = whole(record);
        return is_null(span) ? Value{} : Value{std::floor(seconds(span) / 86400)};
      };
    }
    const TimePoint now = now_;
    const Get left = first == "now" ? Get{[now](const Record&) { return Value{now}; }} : path(first);
    if (!take("-")) return left;
    const Get right = path(word());
    return [left, right](const Record& record) -> Value {
      const Value a = left(record);
      const Value b = right(record);
      if (is_null(a) || is_null(b)) return {};
      return seconds(a) - seconds(b);
    };
  }

  // --- conditions ---
  Holds any() {
    Holds left = all();
    while (take_word("or")) {
      const Holds right = all();
      left = [left, right](const Record& record) { return left(record) || right(record); };
    }
    return left;
  }
  Holds all() {
    Holds left = one();
    while (take_word("and")) {
      const Holds right = one();
      left = [left, right](const Record& record) { return left(record) && right(record); };
    }
    return left;
  }
  Holds one() {
    if (take_word("not")) {
      const Holds inner = one();
      return [inner](const Record& record) { return !inner(record); };
    }
    if (take("(")) {
      const Holds inner = any();
      need(")");
      return inner;
    }
    const Get get = path(word());
    if (take_word("in")) return among(get);
    if (take_word("has")) {
      const Value part = literal();
      return [get, part](const Record& record) {
        const Value whole = get(record);
        const auto* text = std::get_if<std::string>(&whole);
        return text != nullptr && text->find(std::get<std::string>(part)) != std::string::npos;
      };
    }
    for (const std::string_view op : {"!=", "<=", ">=", "=", "<", ">"})
      if (take(op)) return comparison(get, std::string{op}, literal());
    return [get](const Record& record) { return get(record) == Value{true}; };
  }

  Holds among(const Get& get) {
    need("(");
    std::set<Value> wanted;
    do wanted.insert(literal());
    while (take(","));
    need(")");
    return [get, wanted](const Record& record) { return wanted.contains(get(record)); };
  }

  static Holds comparison(const Get& get, const std::string& op, const Value& wanted) {
    if (op == "=") return [=](const Record& record) { return get(record) == wanted; };
    if (op == "!=") return [=](const Record& record) { return get(record) != wanted; };
    return [=](const Record& record) {
      const auto way = order(get(record), wanted);
      if (!way) return false;
      if (op == "<") return *way < 0;
      if (op == ">") return *way > 0;
      return op == "<=" ? *way <= 0 : *way >= 0;
    };
  }

  Value literal() {
    if (take("'")) {
      const std::size_t end = text_.find('\'', at_);
      if (end == std::string_view::npos) fail("the text has no end");
      const std::string text{text_.substr(at_, end - at_)};
      at_ = end + 1;
      return text;
    }
    const std::string name = word();
    if (name == "null") return {};
    if (name == "true" || name == "false") return name == "true";
    if (std::isdigit(static_cast<unsigned char>(name.front()))) return std::stod(name);
    return time(name);
  }

  Value time(const std::string& name) {
    using std::chrono::days;
    const auto today = std::chrono::floor<days>(now_);
    const std::chrono::year_month_day date{today};
    TimePoint at = now_;
    if (name == "today") at = today;
    if (name == "month") at = std::chrono::sys_days{date.year() / date.month() / 1};
    if (name == "year") at = std::chrono::sys_days{date.year() / 1 / 1};
    if (name != "now" && at == now_) fail("no value " + name);
    if (!take("-")) return at;
    const std::string back = word();
    if (!back.ends_with("mo")) return at - parse_duration(back).value();
    const std::chrono::year_month_day from{std::chrono::floor<days>(at)};
    const auto month = from.year() / from.month() - std::chrono::months{std::stoi(back)};
    return TimePoint{std::chrono::sys_days{month / from.day()}};
  }

  std::string_view text_;
  const Company& company_;
  TimePoint now_;
  std::size_t at_ = 0;
  mutable std::map<RecordId, TimePoint> first_tasks_;
};

}  // namespace

double work_out(std::string_view expression, const sandbox::Company& company, TimePoint now) {
  return Parser{expression, company, now}.whole();
}

}  // namespace crmpulse::test
