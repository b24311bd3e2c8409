#include "collector/backtest/reader.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <istream>
#include <limits>
#include <tuple>

#include "config/zone.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

struct ControlName {
  std::string_view name;
  BacktestControl control;
};
constexpr std::array kControls{
    ControlName{"maintenance_start", BacktestControl::maintenance_start},
    ControlName{"maintenance_end", BacktestControl::maintenance_end},
    ControlName{"silence_start", BacktestControl::silence_start},
    ControlName{"silence_end", BacktestControl::silence_end},
    ControlName{"inhibit_start", BacktestControl::inhibit_start},
    ControlName{"inhibit_end", BacktestControl::inhibit_end},
    ControlName{"ack", BacktestControl::ack},
    ControlName{"hours", BacktestControl::hours},
    ControlName{"restart", BacktestControl::restart},
};

Error missing(std::string_view field, std::string_view what) {
  return Error{fmt::format("'{}' must be {}", field, what)};
}

Result<std::string> text_of(const json::object& line, std::string_view field, std::string_view what) {
  const json::value* value = line.if_contains(field);
  if (value == nullptr || !value->is_string()) return missing(field, what);
  // In place: a text could be read as an error's message too.
  return std::string{value->get_string()};
}

Result<TimePoint> time_of(const json::object& line, std::string_view field) {
  const auto text = text_of(line, field, "a time such as 2026-11-21T09:00:00Z");
  if (text.has_error()) return text.error();
  return parse_time(*text);
}

/// JSON has no NaN and no infinity; as text they are what Prometheus writes.
std::optional<double> number_of(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->to_number<double>();
  if (!value->is_string()) return std::nullopt;
  const std::string_view text = value->get_string();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

Result<Sample> sample_of(const json::object& line, TimePoint at) {
  Sample sample;
  auto metric = text_of(line, "metric", "a metric's name");
  if (metric.has_error()) return metric.error();
  sample.metric = std::move(*metric);
  sample.at = at;
  const json::value* labels = line.if_contains("labels");
  if (labels == nullptr || !labels->is_object()) return missing("labels", "an object of texts");
  for (const auto& [name, value] : labels->get_object()) {
    if (!value.is_string()) return missing(fmt::format("labels.{}", std::string_view{name}), "a text");
    sample.labels.set(name, value.get_string());
  }
  const auto value = number_of(line.if_contains("value"));
  if (!value) return missing("value", "a number");
  sample.value = *value;
  return sample;
}

/// A text, or a list of texts; nothing when it is anything else.
std::optional<std::string> list_of(const json::object& line, const char* key, const char* otherwise) {
  const json::value* value = line.if_contains(key);
  if (value == nullptr) return otherwise;
  const json::array one{*value};
  const json::array& items = value->is_array() ? value->get_array() : one;
  std::string joined;
  for (const json::value& item : items) {
    const auto* text = item.if_string();
    if (text == nullptr) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined.append(text->data(), text->size());
  }
  return joined;
}

/// `{"control":"hours","crm":"acme","days":"mon-fri","from":"08:00","to":"18:00","tz":"Asia/Shanghai","holidays":[…]}`
Result<void> read_hours(const json::object& line, BacktestLine& into) {
  if (!line.contains("tz")) return {};
  HoursText text;
  const std::initializer_list<std::tuple<const char*, const char*, std::string*>> parts{
      {"days", "mon-sun", &text.days},
      {"from", "00:00", &text.from},
      {"to", "24:00", &text.to},
      {"tz", "", &text.zone},
      {"holidays", "", &text.holidays}};
  for (const auto& [key, otherwise, part] : parts) {
    auto read = list_of(line, key, otherwise);
    if (!read) return missing(key, "a text or a list of texts");
    *part = std::move(*read);
  }
  auto hours = hours_from(text);
  if (!hours)
    return Error{"the hours are not valid; they look like \"days\":\"mon-fri\",\"from\":\"08:00\",\"to\":\"18:00\""};
  auto zone = config::load_zone(text.zone);
  if (zone.has_error()) return zone.error();
  hours->zone = std::move(*zone);
  into.hours = std::move(hours);
  return {};
}

Result<void> read_control(const json::object& line, BacktestLine& into) {
  const auto name = text_of(line, "control", "a text");
  if (name.has_error()) return name.error();
  for (const ControlName& known : kControls) {
    if (known.name == *name) into.control = known.control;
  }
  if (!into.control) return Error{fmt::format("'{}' is not a control", *name)};
  if (into.control == BacktestControl::restart) return {};
  auto crm = text_of(line, "crm", "the name of a CRM");
  if (crm.has_error()) return crm.error();
  into.crm = std::move(*crm);
  if (into.control == BacktestControl::hours) return read_hours(line, into);
  if (line.contains("author")) {
    auto author = text_of(line, "author", "a text");
    if (author.has_error()) return author.error();
    into.author = std::move(*author);
  }
  if (!line.contains("until")) return {};
  const auto until = time_of(line, "until");
  if (until.has_error()) return until.error();
  into.until = *until;
  return {};
}

/// Walks over a line as programs write it: no blanks but after `:` and `,`, no escapes. Everything else is not plain.
class Plain {
 public:
  explicit Plain(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool is(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void blank() {
    if (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  /// The inside of a text; nothing when it holds an escape.
  [[nodiscard]] std::optional<std::string_view> text() {
    if (!is("\"")) return std::nullopt;
    const std::size_t end = rest_.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inside = rest_.substr(0, end);
    if (inside.find('\\') != std::string_view::npos) return std::nullopt;
    rest_.remove_prefix(end + 1);
    return inside;
  }
  /// Over `"name":`.
  [[nodiscard]] bool key(std::string_view name) {
    if (!is("\"") || !is(name) || !is("\":")) return false;
    blank();
    return true;
  }
  [[nodiscard]] bool comma() {
    if (!is(",")) return false;
    blank();
    return true;
  }
  /// Over `{"a":"x","b":"y"}`, giving each pair to `take`.
  template <class Take>
  [[nodiscard]] bool labels(const Take& take) {
    if (!is("{")) return false;
    if (is("}")) return true;
    while (true) {
      const auto name = text();
      if (!name || !is(":")) return false;
      blank();
      const auto value = text();
      if (!value) return false;
      take(*name, *value);
      if (is("}")) return true;
      if (!comma()) return false;
    }
  }
  [[nodiscard]] std::optional<double> number() {
    double value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    // from_chars knows `inf` and `.5`, JSON does not: such a line is not plain.
    const bool digit = !rest_.empty() && (rest_[0] == '-' || (rest_[0] >= '0' && rest_[0] <= '9'));
    if (error != std::errc{} || !digit || !std::isfinite(value)) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace

Result<BacktestLine> parse_backtest_line(std::string_view text) {
  std::array<unsigned char, 4096> buffer;
  json::monotonic_resource memory{buffer.data(), buffer.size()};
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error, &memory);
  if (error) return Error{fmt::format("not JSON: {}", error.message())};
  if (!parsed.is_object()) return Error{"not a JSON object"};
  const json::object& line = parsed.get_object();

  BacktestLine result;
  const auto at = time_of(line, "at");
  if (at.has_error()) return at.error();
  result.at = *at;
  const bool has_sample = line.contains("metric");
  const bool has_control = line.contains("control");
  if (has_sample && has_control) return Error{"a line is a sample or a control, not both"};
  if (has_sample) {
    auto sample = sample_of(line, result.at);
    if (sample.has_error()) return sample.error();
    result.sample = std::move(*sample);
  } else if (has_control) {
    if (const auto read = read_control(line, result); read.has_error()) return read.error();
  } else if (line.size() != 1) {
    return Error{"neither 'metric' nor 'control'; a tick has 'at' alone"};
  }
  return result;
}

std::optional<std::uint32_t> BacktestNames::find(std::string_view key) {
  if (keys_.empty()) return std::nullopt;
  const std::uint32_t expected = next_[last_];
  if (keys_[expected] == key) return last_ = expected;
  const auto known = numbers_.find(key);
  if (known == numbers_.end()) return std::nullopt;
  came(known->second);
  return known->second;
}

void BacktestNames::came(std::uint32_t number) {
  next_[last_] = number;
  last_ = number;
}

std::uint32_t BacktestNames::add(std::string_view key, BacktestBatch::Name name, BacktestBatch& batch) {
  const auto number = static_cast<std::uint32_t>(numbers_.size());
  numbers_.emplace(keys_.emplace_back(key), number);
  next_.push_back(0);
  came(number);
  batch.names.push_back(std::move(name));
  return number;
}

bool JsonBatches::fill() {
  buffer_.erase(0, from_);
  from_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kBlock);
  in_.read(buffer_.data() + kept, static_cast<std::streamsize>(kBlock));
  buffer_.resize(kept + static_cast<std::size_t>(in_.gcount()));
  return buffer_.size() > kept;
}

/// The next line, without its end; the last one may have none.
std::optional<std::string_view> JsonBatches::line() {
  std::size_t searched = from_;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      const std::string_view found = std::string_view{buffer_}.substr(from_, end - from_);
      from_ = end + 1;
      return found;
    }
    searched = buffer_.size() - from_;
    if (fill()) continue;
    if (from_ == buffer_.size()) return std::nullopt;
    const std::string_view rest = std::string_view{buffer_}.substr(from_);
    from_ = buffer_.size();
    return rest;
  }
}

bool JsonBatches::read_time(std::string_view text) {
  if (text == time_text_) return true;
  const auto time = parse_time(text);
  if (!time) return false;
  time_text_ = text;
  time_ = *time;
  return true;
}

/// `{"at":"…","metric":"…","labels":{…},"value":…}`, in this order.
bool JsonBatches::take_plain(std::string_view text, BacktestBatch& batch) {
  Plain plain{text};
  if (!plain.is("{") || !plain.key("at")) return false;
  const auto at = plain.text();
  if (!at || !plain.comma() || !plain.key("metric")) return false;
  const std::string_view from_metric = plain.rest();
  const auto metric = plain.text();
  if (!metric || metric->empty() || !plain.comma() || !plain.key("labels")) return false;
  const auto ignore = [](std::string_view, std::string_view) {};
  if (!plain.labels(ignore)) return false;
  const std::string_view key = from_metric.substr(0, from_metric.size() - plain.rest().size());
  if (!plain.comma() || !plain.key("value")) return false;
  const auto value = plain.number();
  if (!value || plain.rest() != "}" || !read_time(*at)) return false;
  auto number = names_.find(key);
  if (!number) {
    BacktestBatch::Name name{std::string{*metric}, {}};
    Plain again{from_metric.substr(from_metric.find('{'))};
    if (!again.labels([&name](std::string_view label, std::string_view is) { name.labels.set(label, is); }))
      return false;
    number = names_.add(key, std::move(name), batch);
  }
  batch.events.push_back({time_, *value, *number});
  return true;
}

Result<void> JsonBatches::take(std::string_view text, BacktestBatch& batch) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.find_first_not_of(" \t\r") == std::string_view::npos) return {};
  if (take_plain(text, batch)) return {};
  auto parsed = parse_backtest_line(text);
  if (parsed.has_error()) return parsed.error();
  BacktestLine& line = *parsed;
  if (line.control) {
    batch.events.push_back({line.at, 0, BacktestEvent::kControl});
    batch.controls.push_back(std::move(line));
  } else if (line.sample) {
    // Under a key no plain line has.
    std::string key{'\xff'};
    key += line.sample->metric + to_string(line.sample->labels);
    auto number = names_.find(key);
    if (!number) number = names_.add(key, {line.sample->metric, line.sample->labels}, batch);
    batch.events.push_back({line.at, line.sample->value, *number});
  } else {
    batch.events.push_back({line.at, 0, BacktestEvent::kTick});
  }
  return {};
}

Result<std::optional<BacktestBatch>> JsonBatches::next() {
  if (wrong_) return *wrong_;
  BacktestBatch batch;
  batch.events.reserve(kEvents);
  while (!ended_ && batch.events.size() < kEvents) {
    const auto text = line();
    if (!text) {
      ended_ = true;
      if (in_.bad()) wrong_ = Error{fmt::format("line {}: cannot be read", number_ + 1)};
      break;
    }
    ++number_;
    if (const auto taken = take(*text, batch); taken.has_error()) {
      wrong_ = Error{fmt::format("line {}: {}", number_, taken.error().message)};
      break;
    }
  }
  if (batch.events.empty() && wrong_) return *wrong_;
  if (batch.events.empty() && ended_) return std::optional<BacktestBatch>{};
  return std::optional{std::move(batch)};
}

}  // namespace crmpulse::collector
