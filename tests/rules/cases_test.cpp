#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/rules/case_file.h"
#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;

namespace {

Reading reading_of(const std::string& text) {
  std::istringstream in{text};
  Reading reading;
  for (std::string part; std::getline(in, part, '|');)
    reading.push_back(part == "-" ? std::nullopt : std::optional{std::stod(part)});
  return reading;
}

/// A single reading may stand for several rules: `-` and `200` go to all of them.
void evaluate(Timeline& line, const std::string& text) {
  Reading reading = reading_of(text);
  if (reading.size() == 1) reading.assign(line.ruleset().rules.size(), reading.front());
  line.evaluate(reading);
}

void evaluate_group(Timeline& line, const std::string& token) {
  const std::size_t x = token.find('x');
  const int count = std::stoi(token.substr(0, x));
  std::string group = token.substr(x + 1);
  if (group.front() == '(') group = group.substr(1, group.size() - 2);
  for (int i = 0; i < count; ++i) {
    std::istringstream in{group};
    for (std::string part; std::getline(in, part, ',');) evaluate(line, part);
  }
}

void evaluate_ramp(Timeline& line, const std::string& token) {
  const std::size_t dots = token.find("..");
  const std::size_t slash = token.find('/');
  const double to = std::stod(token.substr(dots + 2, slash - dots - 2));
  const double by = std::stod(token.substr(slash + 1));
  for (double value = std::stod(token.substr(0, dots)); value <= to; value += by) line.evaluate(value);
}

bool control(Timeline& line, const std::string& token) {
  const bool on = token.front() == '+';
  if (token.substr(1) == "maintenance")
    line.say([on](Engine& engine, TimePoint now) { engine.set_maintenance("acme", on, now); });
  else if (token.substr(1) == "silence")
    line.say([on](Engine& engine, TimePoint now) { engine.set_silence("acme", on, now); });
  else if (token.substr(1) == "inhibit")
    line.say([on](Engine& engine, TimePoint now) { engine.set_inhibited("acme", on, now); });
  else if (token == "ack")
    line.say([](Engine& engine, TimePoint now) { engine.acknowledge("acme", "operator", std::nullopt, now); });
  else if (token == "mute")
    line.say([](Engine& engine, TimePoint) { engine.set_muted(true); });
  else if (token == "restart")
    line.restart();
  else if (token == "remove")
    line.remove();
  else
    return false;
  return true;
}

void edit(Timeline& line, const std::string& setting) {
  Ruleset changed = line.ruleset();
  for (Rule& rule : changed.rules) change_rule(rule, setting);
  line.edit(std::move(changed));
}

void play(Timeline& line, const std::string& token) {
  if (token.front() == '=') {
    INFO(fmt::format("{} at {} s", token, line.elapsed().count() / 1000));
    if (token == "=?") {
      CHECK(line.unknown());
    } else {
      CHECK_FALSE(line.unknown());
      CHECK(line.state() == std::stoi(token.substr(1)));
    }
  } else if (token.starts_with("gap:")) {
    line.gap(parse_duration(token.substr(4)).value());
  } else if (token.starts_with("edit:")) {
    edit(line, token.substr(5));
  } else if (token.find("..") != std::string::npos) {
    evaluate_ramp(line, token);
  } else if (token.find('x') != std::string::npos && std::isdigit(static_cast<unsigned char>(token.front())) != 0) {
    evaluate_group(line, token);
  } else if (!control(line, token)) {
    FAIL("unknown input " << token);
  }
}

std::string heard_by(const Timeline& line, const std::string& receiver, const std::vector<std::string>& expected) {
  std::string heard;
  std::size_t index = 0;
  for (const Message& message : line.messages()) {
    if (message.receiver != receiver) continue;
    const bool with_time = index < expected.size() && expected[index].find('@') != std::string::npos;
    heard += describe(message, with_time) + ' ';
    ++index;
  }
  return heard;
}

void run(const Case& one, bool ticks) {
  Timeline line{one.ruleset, one.receivers};
  if (ticks) line.use_ticks();
  for (const std::string& token : one.input) play(line, token);
  for (const ReceiverSpec& receiver : one.receivers) {
    const auto known = one.messages.find(receiver.name);
    const std::vector<std::string> expected = known == one.messages.end() ? std::vector<std::string>{} : known->second;
    std::string wanted;
    for (const std::string& message : expected) wanted += message + ' ';
    INFO("receiver " << receiver.name);
    CHECK(heard_by(line, receiver.name, expected) == wanted);
  }
}

}  // namespace

TEST_CASE("every case of the table") {
  const std::vector<Case> cases = read_cases(std::string{CRMPULSE_SOURCE_DIR} + "/tests/rules/cases.txt");
  REQUIRE(cases.size() > 70);
  for (const Case& one : cases) {
    INFO("case " << one.number << one.title);
    run(one, false);
  }
}

TEST_CASE("every case of the table, stepped each second instead of at deadlines") {
  for (const Case& one : read_cases(std::string{CRMPULSE_SOURCE_DIR} + "/tests/rules/cases.txt")) {
    INFO("case " << one.number << one.title);
    run(one, true);
  }
}

TEST_CASE("the cases the specification's model passes are all in the file") {
  const std::vector<Case> cases = read_cases(std::string{CRMPULSE_SOURCE_DIR} + "/tests/rules/cases.txt");
  const auto has = [&](const std::string& number) {
    return std::any_of(cases.begin(), cases.end(), [&](const Case& one) { return one.number == number; });
  };
  for (int number = 1; number <= 61; ++number) {
    INFO(number);
    CHECK(has(std::to_string(number)));
  }
  for (const char* number : {"97", "98", "104", "105", "62", "86", "87", "89", "94"}) {
    INFO(number);
    CHECK(has(number));
  }
}
