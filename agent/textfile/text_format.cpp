#include "agent/textfile/text_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "core/metric_names.h"
#include "core/text/utf8.h"
#include "wire/text.h"

namespace crmpulse::agent {
namespace {

constexpr std::size_t kMostSamples = 200;
constexpr std::size_t kMostLabels = 8;
constexpr std::size_t kMostValue = 256;  ///< bytes of a label's value
/// In seconds the year 5138; what is above are milliseconds.
constexpr double kMostUnixTime = 1e11;

/// Reads one line from its start to its end. Each step returns what is wrong, empty if nothing is.
class Line {
 public:
  Line(std::string_view text, TimePoint at) : rest_(text) { sample_.at = at; }

  [[nodiscard]] std::string read() {
    sample_.metric = take_while([](char c) { return c != '{' && c != ' ' && c != '\t'; });
    if (!wire::is_metric_name(sample_.metric)) return "the line does not start with the name of a metric";
    skip_blanks();
    if (take('{')) {
      if (std::string fault = read_labels(); !fault.empty()) return fault;
      skip_blanks();
    }
    return read_value();
  }
  [[nodiscard]] Sample& sample() { return sample_; }

 private:
  template <class Wanted>
  std::string take_while(Wanted wanted) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), wanted);
    std::string taken{rest_.begin(), end};
    rest_.remove_prefix(taken.size());
    return taken;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    while (take(' ') || take('\t')) {
    }
  }

  std::string read_labels() {
    while (true) {
      skip_blanks();
      if (take('}')) return {};
      const std::string name = take_while([](char c) { return c != '=' && c != ' ' && c != '}'; });
      if (!wire::is_label_name(name)) return fmt::format("'{}' is not a valid label name", name);
      skip_blanks();
      if (!take('=')) return fmt::format("the label {} has no value", name);
      skip_blanks();
      std::string value;
      if (std::string fault = read_quoted(name, value); !fault.empty()) return fault;
      if (name == "crm" || name == "kind" || name == "agent")
        return fmt::format("the label {} is set by the agent itself; leave it out", name);
      if (!sample_.labels.get(name).empty()) return fmt::format("the label {} stands twice", name);
      sample_.labels.set(name, value);
      if (sample_.labels.size() > kMostLabels) return fmt::format("there are more than {} labels", kMostLabels);
      skip_blanks();
      if (take(',')) continue;
      if (rest_.empty() || rest_.front() != '}') return "the labels do not end with }";
    }
  }

  std::string read_quoted(const std::string& name, std::string& value) {
    if (!take('"')) return fmt::format("the value of the label {} must stand in double quotes", name);
    while (!take('"')) {
      if (rest_.empty()) return fmt::format("the value of the label {} has no closing quote", name);
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (rest_.empty()) return fmt::format("the value of the label {} has no closing quote", name);
        c = rest_.front() == 'n' ? '\n' : rest_.front();
        rest_.remove_prefix(1);
      }
      value += c;
    }
    if (value.empty() || value.size() > kMostValue || !utf8::is_valid(value))
      return fmt::format("the value of the label {} must be 1 to {} bytes of UTF-8", name, kMostValue);
    return {};
  }

  std::string read_value() {
    const std::string text = take_while([](char c) { return c != ' ' && c != '\t'; });
    const std::string_view digits = std::string_view{text}.substr(text.starts_with('+') ? 1 : 0);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), sample_.value);
    if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(sample_.value))
      return fmt::format("'{}' is not a valid number", text);
    skip_blanks();
    if (!rest_.empty()) return "a time stamp, or something else, stands behind the value; leave it out";
    return {};
  }

  std::string_view rest_;
  Sample sample_;
};

/// Empty: the sample may go on.
std::string fault_of(const Sample& sample, const std::set<std::string, std::less<>>& taken) {
  if (!is_metric_name(sample.metric))
    return fmt::format("there is no metric {}; docs/reference.md lists them", sample.metric);
  if (is_written_by_agent(sample.metric)) return fmt::format("{} is written by the agent itself", sample.metric);
  if (taken.contains(sample.metric)) return fmt::format("{} is measured by the CRM's recipe already", sample.metric);
  for (const std::string_view label : required_labels(sample.metric))
    if (sample.labels.get(label).empty()) return fmt::format("{} needs the label {}", sample.metric, label);
  if (sample.metric.ends_with("_timestamp_seconds") && (sample.value <= 0 || sample.value > kMostUnixTime))
    return fmt::format("{} must be a Unix time in seconds, such as `date +%s` gives", sample.metric);
  return {};
}

}  // namespace

bool is_written_by_agent(std::string_view metric) {
  constexpr std::array<std::string_view, 4> kNames{"crm_api_exhaustion_timestamp_seconds", "crm_reconciliation_ratio",
                                                   "crm_up", "crm_write_visible_seconds"};
  constexpr std::array<std::string_view, 3> kFamilies{"crm_failure", "crm_operation_", "crm_transaction_"};
  return std::find(kNames.begin(), kNames.end(), metric) != kNames.end() ||
         std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view family) { return metric.starts_with(family); });
}

boost::system::result<std::vector<Sample>, Problems> parse_text_format(std::string_view text, const std::string& file,
                                                                       const std::set<std::string, std::less<>>& taken,
                                                                       TimePoint at) {
  std::vector<Sample> samples;
  std::set<std::pair<std::string, Labels>> seen;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const auto refuse = [&](std::string why) { return Problems{{file, number, "", std::move(why)}}; };
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos)
      return refuse("the last line has no end: write the file under another name, then rename it");
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end + 1);
    while (!content.empty() && (content.back() == '\r' || content.back() == ' ' || content.back() == '\t'))
      content.remove_suffix(1);
    content.remove_prefix(std::min(content.find_first_not_of(" \t"), content.size()));
    if (content.empty() || content.front() == '#') continue;
    Line line{content, at};
    if (std::string fault = line.read(); !fault.empty()) return refuse(std::move(fault));
    if (std::string fault = fault_of(line.sample(), taken); !fault.empty()) return refuse(std::move(fault));
    if (!seen.emplace(line.sample().metric, line.sample().labels).second)
      return refuse(fmt::format("{}{} stands twice", line.sample().metric, to_string(line.sample().labels)));
    if (samples.size() == kMostSamples) return refuse(fmt::format("there are more than {} samples", kMostSamples));
    samples.push_back(std::move(line.sample()));
  }
  return samples;
}

}  // namespace crmpulse::agent
