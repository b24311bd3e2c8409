// Random histories with fixed seeds against the invariants of the specification (docs/health-states.md, "Invariants").
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

// CHECK notes every success too; over hundreds of thousands that is most of the run.
#define HOLDS(condition)                \
  do {                                  \
    if (!(condition)) CHECK(condition); \
  } while (false)

namespace {

struct Happening {
  enum class Kind { reading, restart, maintenance, silence, inhibit, ack } kind = Kind::reading;
  Reading reading;
  bool on = false;
};
using History = std::vector<Happening>;

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int upto(int most) { return std::uniform_int_distribution<int>{0, most}(engine_); }
  bool one_in(int n) { return upto(n - 1) == 0; }

 private:
  std::mt19937 engine_;
};

Ruleset random_rules(Dice& dice) {
  Ruleset ruleset;
  ruleset.settings = table_settings();
  if (dice.one_in(2)) ruleset.settings.group_wait_poor = 0s;
  const int count = 1 + dice.upto(2);
  for (int i = 0; i < count; ++i) {
    Rule rule = table_rule("d" + std::to_string(i + 1));
    rule.weight = 1 + dice.upto(3);
    rule.sub.hold = dice.upto(4) * 15s;
    rule.poor.hold = dice.upto(3) * 15s;
    rule.recover_sub = dice.upto(4) * 15s;
    rule.recover_poor = dice.upto(4) * 15s;
    if (i > 0 && dice.one_in(3)) rule.role = Role::soft;
    if (dice.one_in(4)) rule.no_data = NoDataState::keep;
    ruleset.rules.push_back(rule);
  }
  return ruleset;
}

/// Values come in stretches, as they do in life; pure noise never confirms anything.
History random_history(Dice& dice, std::size_t rules, int length, bool operators) {
  constexpr double kLevels[] = {200, 950, 999.999, 1000, 1500, 2800, 3000, 4000};
  History history;
  std::vector<double> level(rules, 200);
  std::vector<bool> silent(rules, false);
  for (int i = 0; i < length; ++i) {
    Happening event;
    for (std::size_t rule = 0; rule < rules; ++rule) {
      if (dice.one_in(6)) level[rule] = kLevels[dice.upto(7)];
      if (dice.one_in(25)) silent[rule] = !silent[rule];
      event.reading.push_back(silent[rule] ? std::nullopt : std::optional{level[rule]});
    }
    history.push_back(event);
    if (!operators || !dice.one_in(20)) continue;
    Happening said;
    said.kind = static_cast<Happening::Kind>(2 + dice.upto(3));
    said.on = dice.one_in(2);
    history.push_back(said);
  }
  return history;
}

void say(Timeline& line, const Happening& event) {
  line.say([&event](Engine& engine, TimePoint now) {
    if (event.kind == Happening::Kind::maintenance) engine.set_maintenance("acme", event.on, now);
    if (event.kind == Happening::Kind::silence) engine.set_silence("acme", event.on, now);
    if (event.kind == Happening::Kind::inhibit) engine.set_inhibited("acme", event.on, now);
    if (event.kind == Happening::Kind::ack) engine.acknowledge("acme", "operator", std::nullopt, now);
  });
}

void play(Timeline& line, const Happening& event) {
  if (event.kind == Happening::Kind::reading) {
    line.evaluate(event.reading);
  } else if (event.kind == Happening::Kind::restart) {
    line.restart();
  } else {
    say(line, event);
  }
}

/// One hour of the same, with nothing suppressed: long enough for every timer and for flapping to end.
void settle(Timeline& line, const Reading& reading) {
  line.say([](Engine& engine, TimePoint now) {
    engine.set_maintenance("acme", false, now);
    engine.set_silence("acme", false, now);
    engine.set_inhibited("acme", false, now);
  });
  line.times(280, reading);
}

const std::vector<ReceiverSpec> kReceivers{receiver("chat"), receiver("pager", Level::poor)};

std::map<std::string, Level> told(const Timeline& line) {
  std::map<std::string, Level> told;
  for (const Message& message : line.messages()) told[message.receiver] = message.state;
  return told;
}

/// Open, then anything but `opened`, then resolved; `flapping` may open.
void check_order(const Timeline& line) {
  std::map<std::string, bool> open;
  std::map<std::string, std::int64_t> seq;
  for (const Message& message : line.messages()) {
    bool& is_open = open[message.receiver];
    HOLDS(message.seq == ++seq[message.receiver]);
    HOLDS(!message.incident.empty());
    if (message.type == Event::opened) HOLDS(!is_open);
    if (message.type != Event::opened && message.type != Event::flapping) HOLDS(is_open);
    is_open = message.type != Event::resolved;
  }
}

void check_histories(unsigned first, unsigned last) {
  for (unsigned seed = first; seed <= last; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Ruleset ruleset = random_rules(dice);
    Timeline line{ruleset, kReceivers};
    int before = 0;
    for (const Happening& event : random_history(dice, ruleset.rules.size(), 150, true)) {
      play(line, event);
      const int state = line.state();
      HOLDS((state == 0 || state == 1 || state == 2));
      const bool no_data =
          std::none_of(event.reading.begin(), event.reading.end(), [](const auto& value) { return value.has_value(); });
      if (no_data) HOLDS(state >= before);
      before = state;
      if (dice.one_in(30)) line.restart();
    }
    settle(line, Reading(ruleset.rules.size(), dice.one_in(2) ? 200.0 : 4000.0));
    check_order(line);
    const Level state = line.status().state;
    auto knows = told(line);
    HOLDS(knows["chat"] == state);
    HOLDS(knows["pager"] == (state == Level::poor ? state : Level::healthy));
  }
}

}  // namespace

TEST_CASE("states stay in range, nothing improves without data, messages alternate, quiet means everybody knows, 1",
          "[slow]") {
  check_histories(1, 500);
}
TEST_CASE("states stay in range, nothing improves without data, messages alternate, quiet means everybody knows, 2",
          "[slow]") {
  check_histories(501, 1000);
}
TEST_CASE("states stay in range, nothing improves without data, messages alternate, quiet means everybody knows, 3",
          "[slow]") {
  check_histories(1001, 1500);
}
TEST_CASE("states stay in range, nothing improves without data, messages alternate, quiet means everybody knows, 4",
          "[slow]") {
  check_histories(1501, 2000);
}

TEST_CASE("a restart at any point ends in the same state and the same told", "[slow]") {
  for (unsigned seed = 1; seed <= 1200; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Ruleset ruleset = random_rules(dice);
    const History history = random_history(dice, ruleset.rules.size(), 120, true);
    const auto at = static_cast<std::size_t>(1 + dice.upto(static_cast<int>(history.size()) - 2));
    Timeline plain{ruleset, kReceivers};
    Timeline restarted{ruleset, kReceivers};
    for (std::size_t i = 0; i < history.size(); ++i) {
      play(plain, history[i]);
      play(restarted, history[i]);
      if (i == at) restarted.restart();
    }
    const Reading end(ruleset.rules.size(), dice.one_in(2) ? 200.0 : 1500.0);
    settle(plain, end);
    settle(restarted, end);
    HOLDS(plain.state() == restarted.state());
    HOLDS(told(plain) == told(restarted));
    check_order(restarted);
  }
}

TEST_CASE("bytes there and back change nothing", "[slow]") {
  for (unsigned seed = 1; seed <= 600; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Ruleset ruleset = random_rules(dice);
    Timeline line{ruleset, kReceivers};
    for (const Happening& event : random_history(dice, ruleset.rules.size(), 80, true)) play(line, event);
    const std::string bytes = line.engine().save("acme");
    Engine other{ruleset, kReceivers};
    other.load("acme", bytes).value();
    HOLDS(other.save("acme") == bytes);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 37) {
      Engine third{ruleset, kReceivers};
      HOLDS(third.load("acme", std::string_view{bytes}.substr(0, size)).has_error());
      HOLDS(third.crms().empty());
    }
  }
}

TEST_CASE("the mirrored rule judges mirrored values alike", "[slow]") {
  for (unsigned seed = 1; seed <= 1200; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Ruleset ruleset = random_rules(dice);
    Ruleset mirrored = ruleset;
    for (Rule& rule : mirrored.rules) {
      rule.op = Direction::below;
      for (double* line : {&rule.sub.enter, &rule.sub.exit, &rule.poor.enter, &rule.poor.exit}) *line = -*line;
    }
    Timeline one{ruleset, kReceivers};
    Timeline two{mirrored, kReceivers};
    for (Happening event : random_history(dice, ruleset.rules.size(), 150, true)) {
      play(one, event);
      for (auto& value : event.reading) value = value ? std::optional{-*value} : std::nullopt;
      play(two, event);
      HOLDS(one.state() == two.state());
      HOLDS(one.status().score == two.status().score);
    }
    HOLDS(one.messages().size() == two.messages().size());
  }
}

TEST_CASE("worse values never give a better state", "[slow]") {
  for (unsigned seed = 1; seed <= 1200; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Ruleset ruleset = random_rules(dice);
    Timeline better{ruleset, kReceivers};
    Timeline worse{ruleset, kReceivers};
    for (Happening event : random_history(dice, ruleset.rules.size(), 150, false)) {
      play(better, event);
      for (auto& value : event.reading) {
        if (value && dice.one_in(4)) value = *value + 100 * dice.upto(20);
      }
      play(worse, event);
      HOLDS(worse.state() >= better.state());
    }
  }
}

TEST_CASE("timers never exceed the time that passed", "[slow]") {
  // A level that needs 10 min of observed breach cannot be confirmed in less, however the samples fall.
  for (unsigned seed = 1; seed <= 600; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    Ruleset ruleset{table_settings(), {table_rule()}};
    ruleset.rules[0].sub.hold = ruleset.rules[0].poor.hold = 10min;
    ruleset.rules[0].no_data_after = 24h;
    Timeline line{ruleset, kReceivers};
    while (line.elapsed() < 10min - Timeline::kInterval) {
      if (dice.one_in(5)) line.restart();
      if (dice.one_in(5)) line.gap(Duration{dice.upto(20'000)});
      line.evaluate(Reading{dice.one_in(4) ? std::nullopt : std::optional{4000.0}});
      if (line.elapsed() < 10min) HOLDS(line.state() == 0);
      if (line.engine().crms().empty()) break;
    }
  }
}

TEST_CASE("ticks and deadlines give the same messages at the same times", "[slow]") {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Ruleset ruleset = random_rules(dice);
    const History history = random_history(dice, ruleset.rules.size(), 100, true);
    Timeline jumping{ruleset, kReceivers};
    Timeline ticking{ruleset, kReceivers};
    ticking.use_ticks();
    for (const Happening& event : history) {
      play(jumping, event);
      play(ticking, event);
    }
    REQUIRE(jumping.messages().size() == ticking.messages().size());
    for (std::size_t i = 0; i < jumping.messages().size(); ++i) {
      HOLDS(describe(jumping.messages()[i], true) == describe(ticking.messages()[i], true));
      HOLDS(jumping.messages()[i].incident == ticking.messages()[i].incident);
    }
    HOLDS(jumping.changes().size() == ticking.changes().size());
  }
}
