#include "collector/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <istream>
#include <limits>
#include <ostream>
#include <set>

namespace crmpulse::collector {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

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
    ControlName{"restart", BacktestControl::restart},
};

Error missing(std::string_view field, std::string_view what) {
  return Error{fmt::format("'{}' must be {}", field, what)};
}

Result<std::string> text_of(const json::object& line, std::string_view field, std::string_view what) {
  const json::value* value = line.if_contains(field);
  if (value == nullptr || !value->is_string()) return missing(field, what);
  // In place: a text could be read as an error's message too.
  return Result<std::string>{boost::system::in_place_value, value->get_string()};
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

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

/// By dimension the worst of its rules; a rule that was never judged says nothing.
json::object levels_of(const rules::CrmStatus& status) {
  json::object levels;
  for (const rules::RuleStatus& rule : status.rules) {
    if (rule.data_status == DataStatus::warming_up) continue;
    const int level = std::max(static_cast<int>(rule.level), rule.no_data_latch ? 1 : 0);
    json::value& shown = levels[rule.dimension];
    shown = std::max<std::int64_t>(level, shown.is_int64() ? shown.get_int64() : 0);
  }
  return levels;
}

void write(std::ostream& out, const rules::StateChange& change) {
  json::object line;
  line["at"] = format_time(change.at);
  line["crm"] = change.status.crm;
  line["state"] = view(to_string(change.status.state));
  line["data_status"] = view(to_string(change.status.data_status));
  line["levels"] = levels_of(change.status);
  out << json::serialize(line) << '\n';
}

void write(std::ostream& out, const rules::Message& message) {
  json::object line;
  line["at"] = format_time(message.at);
  line["crm"] = message.crm;
  line["receiver"] = message.receiver;
  line["type"] = view(rules::to_string(message.type));
  line["state"] = view(to_string(message.state));
  if (!message.reason.empty()) line["reason"] = message.reason;
  out << json::serialize(line) << '\n';
}

/// A longer pause between two lines is time in which nobody watched (a suspended machine): no deadline falls into it.
/// Silence that was watched has ticks.
constexpr Duration kLongestSilence = 1h;

class Backtest {
 public:
  Backtest(const Ruleset& ruleset, std::vector<rules::ReceiverSpec> receivers, std::ostream& out)
      : ruleset_(ruleset), receivers_(std::move(receivers)), engine_(ruleset_, receivers_), out_(out) {}

  void take(const BacktestLine& line) {
    const bool restart = line.control == BacktestControl::restart;
    if (!started_) now_ = line.at;
    started_ = true;
    if (line.at > now_) {
      judge();
      if (!restart && line.at - now_ <= kLongestSilence) meet_deadlines(line.at);
      now_ = line.at;
    }
    if (line.sample) {
      const auto series = engine_.bind(line.sample->metric, line.sample->labels);
      engine_.fold(series, line.at, line.sample->value, now_);
    } else if (line.control) {
      if (!restart) judge();
      apply(line);
    }
  }

  void judge() { print(engine_.step(now_)); }

 private:
  void meet_deadlines(TimePoint before) {
    for (auto due = engine_.next_deadline(); due && *due < before; due = engine_.next_deadline()) {
      now_ = std::max(*due, now_ + 1ms);
      judge();
    }
  }

  void apply(const BacktestLine& line) {
    if (!line.control) return;
    marked_.insert(line.crm);
    switch (*line.control) {
      case BacktestControl::maintenance_start: return engine_.set_maintenance(line.crm, true, now_);
      case BacktestControl::maintenance_end: return engine_.set_maintenance(line.crm, false, now_);
      case BacktestControl::silence_start: return engine_.set_silence(line.crm, true, now_);
      case BacktestControl::silence_end: return engine_.set_silence(line.crm, false, now_);
      case BacktestControl::inhibit_start: return engine_.set_inhibited(line.crm, true, now_);
      case BacktestControl::inhibit_end: return engine_.set_inhibited(line.crm, false, now_);
      case BacktestControl::ack:
        return engine_.acknowledge(line.crm, line.author.empty() ? "backtest" : line.author, line.until, now_);
      case BacktestControl::restart: return restart();
    }
  }

  /// The engine's state goes through its bytes, as when the collector stops and starts.
  void restart() {
    rules::Engine next{ruleset_, receivers_};
    std::set<std::string> names = marked_;
    for (std::string& name : engine_.crms()) names.insert(std::move(name));
    for (const std::string& name : names) {
      const std::string bytes = engine_.save(name);
      if (!bytes.empty()) next.load(name, bytes).value();
    }
    next.load_shared(engine_.save_shared()).value();
    engine_ = std::move(next);
    engine_.restarted(now_);
  }

  void print(const rules::Outcome& outcome) {
    for (const rules::StateChange& change : outcome.changes) write(out_, change);
    for (const rules::Message& message : outcome.messages) write(out_, message);
  }

  const Ruleset& ruleset_;
  std::vector<rules::ReceiverSpec> receivers_;
  rules::Engine engine_;
  std::ostream& out_;
  std::set<std::string> marked_;  ///< CRMs a control named: they may be unknown still
  TimePoint now_;
  bool started_ = false;
};

/// Lines of a stream, counted from 1.
class JsonLines {
 public:
  explicit JsonLines(std::istream& in) : in_(in) {}

  Result<std::optional<BacktestLine>> next() {
    while (std::getline(in_, text_)) {
      ++number_;
      if (text_.find_first_not_of(" \t\r") == std::string::npos) continue;
      auto line = parse_backtest_line(text_);
      if (line.has_error()) return Error{fmt::format("line {}: {}", number_, line.error().message)};
      return std::optional{std::move(*line)};
    }
    if (in_.bad()) return Error{fmt::format("line {}: cannot be read", number_ + 1)};
    return std::optional<BacktestLine>{};
  }

 private:
  std::istream& in_;
  std::string text_;
  std::size_t number_ = 0;
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

Result<void> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                          const BacktestSource& source, std::ostream& out) {
  rules::ReceiverSpec everybody;
  everybody.name = "default";
  Backtest backtest{ruleset, receivers.empty() ? std::vector{everybody} : receivers, out};
  while (true) {
    const auto next = source();
    if (next.has_error()) return next.error();
    const std::optional<BacktestLine>& line = next.value();
    if (!line) break;
    backtest.take(*line);
  }
  backtest.judge();
  return {};
}

Result<void> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                          std::istream& samples_jsonl, std::ostream& out) {
  JsonLines lines{samples_jsonl};
  return run_backtest(ruleset, receivers, [&lines] { return lines.next(); }, out);
}

}  // namespace crmpulse::collector
