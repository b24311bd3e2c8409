#include "tests/rules/case_file.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/rules/timeline.h"

namespace crmpulse::rules::test {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::vector<double> numbers_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<double> numbers;
  for (std::string part; std::getline(in, part, '/');) numbers.push_back(std::stod(part));
  return numbers;
}

Duration seconds(double value) {
  return Duration{static_cast<std::int64_t>(value * 1000)};
}

std::pair<std::string, std::string> split(const std::string& word, char at) {
  const std::size_t place = word.find(at);
  if (place == std::string::npos) throw std::runtime_error("no '" + std::string{at} + "' in " + word);
  return {word.substr(0, place), word.substr(place + 1)};
}

void change_settings(NotificationPolicy& settings, const std::string& word) {
  const auto [name, text] = split(word, '=');
  const std::vector<double> n = numbers_of(text);
  if (name == "group_wait") {
    settings.group_wait_sub = seconds(n.at(0));
    settings.group_wait_poor = seconds(n.at(1));
  } else if (name == "score") {
    settings.score_sub = n.at(0);
    settings.score_poor = n.at(1);
    settings.score_band = n.at(2);
  } else if (name == "ack_expiry") {
    settings.ack_expiry = seconds(n.at(0));
  } else {
    throw std::runtime_error("unknown setting " + name);
  }
}

ReceiverSpec receiver_of(const std::string& word) {
  const auto [name, level] = split(word, ':');
  return receiver(name, static_cast<Level>(std::stoi(level)));
}

void read_line(Case& current, const std::string& keyword, std::vector<std::string> words) {
  if (keyword == "rule") {
    Rule rule = table_rule("d" + std::to_string(current.ruleset.rules.size() + 1));
    for (const std::string& word : words) change_rule(rule, word);
    current.ruleset.rules.push_back(rule);
  } else if (keyword == "settings") {
    for (const std::string& word : words) change_settings(current.ruleset.settings, word);
  } else if (keyword == "receivers") {
    for (const std::string& word : words) current.receivers.push_back(receiver_of(word));
  } else if (keyword == "input") {
    current.input.insert(current.input.end(), words.begin(), words.end());
  } else if (keyword.ends_with(':')) {
    auto& expected = current.messages[keyword.substr(0, keyword.size() - 1)];
    if (words != std::vector<std::string>{"none"}) expected = std::move(words);
  } else {
    throw std::runtime_error("case " + current.number + ": unknown word " + keyword);
  }
}

void complete(Case& current) {
  if (current.ruleset.rules.empty()) current.ruleset.rules.push_back(table_rule());
  if (current.receivers.empty()) current.receivers.push_back(receiver("all"));
}

}  // namespace

void change_rule(Rule& rule, const std::string& setting) {
  const auto [name, text] = split(setting, '=');
  if (name == "op") {
    rule.op = text == "below" ? Direction::below : Direction::above;
  } else if (name == "role") {
    rule.role = text == "soft" ? Role::soft : Role::gate;
  } else if (name == "missing") {
    rule.no_data = text == "keep"     ? NoDataState::keep
                   : text == "ignore" ? NoDataState::ignore
                                      : NoDataState::sub_healthy;
  } else if (name == "aggregator") {
    const auto known = aggregator_from(text).value();
    rule.aggregator = known.aggregator;
    rule.quantile = known.quantile;
  } else {
    const std::vector<double> n = numbers_of(text);
    if (name == "sub") {
      rule.sub.enter = n.at(0);
      rule.sub.exit = n.at(1);
    } else if (name == "poor") {
      rule.poor.enter = n.at(0);
      rule.poor.exit = n.at(1);
    } else if (name == "for") {
      rule.sub.hold = seconds(n.at(0));
      rule.poor.hold = seconds(n.at(1));
    } else if (name == "recover") {
      rule.recover_sub = seconds(n.at(0));
      rule.recover_poor = seconds(n.at(1));
    } else if (name == "no_data") {
      rule.no_data_after = seconds(n.at(0));
    } else if (name == "weight") {
      rule.weight = n.at(0);
    } else if (name == "window") {
      rule.window = seconds(n.at(0));
    } else if (name == "min_samples") {
      rule.min_samples = static_cast<int>(n.at(0));
    } else {
      throw std::runtime_error("unknown rule setting " + name);
    }
  }
}

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream in{path};
  if (!in) throw std::runtime_error("cannot open " + path);
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    const std::string keyword = words[0];
    words.erase(words.begin());
    if (keyword == "case") {
      Case& next = cases.emplace_back();
      next.number = words.at(0);
      next.title = line.substr(line.find(next.number) + next.number.size());
      next.ruleset.settings = table_settings();
    } else {
      read_line(cases.at(cases.size() - 1), keyword, std::move(words));
    }
  }
  for (Case& each : cases) complete(each);
  return cases;
}

}  // namespace crmpulse::rules::test
