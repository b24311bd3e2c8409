// Rules that are judged only while people work: cases 99 to 103 and 106 of docs/health-states.md.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <functional>

#include "config/rules_file.h"
#include "config/zone.h"
#include "rules/engine.h"
#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kChanged = "crm_last_modified_timestamp_seconds";

TimePoint at(const char* time) {
  return parse_time(time).value();
}

Zone zone(const char* name) {
  return config::load_zone(name).value();
}

ActiveHours office(const char* name, std::chrono::minutes from = 8h, std::chrono::minutes to = 18h,
                   unsigned char days = 0x1f) {
  ActiveHours hours;
  hours.days = days;
  hours.from = from;
  hours.to = to;
  hours.zone = zone(name);
  return hours;
}

/// The rule on staleness as it is shipped.
Ruleset shipped() {
  Ruleset all = config::load_rules({std::string{CRMPULSE_SOURCE_DIR} + "/config/rules/default.yaml"}).value();
  std::erase_if(all.rules, [](const Rule& rule) { return rule.id != "staleness"; });
  REQUIRE(all.rules.size() == 1);
  REQUIRE(all.rules[0].active_crm);
  return all;
}

/// Like shipped(), but poor after an hour, and paging.
Ruleset strict() {
  Ruleset rules = shipped();
  rules.rules[0].sub = {1800, 1200, 0s};
  rules.rules[0].poor = {3600, 2400, 0s};
  rules.rules[0].role = Role::gate;
  rules.settings.group_wait_sub = rules.settings.group_wait_poor = 0s;
  return rules;
}

Labels labels(std::initializer_list<std::pair<const char*, std::string>> more) {
  Labels out{{"crm", "acme"}, {"kind", "table"}, {"agent", "a"}};
  for (const auto& [name, value] : more) out.set(name, value);
  return out;
}

/// One CRM, measured every minute; what changes in it is said by a function of the minute.
class Office {
 public:
  Office(Ruleset rules, const char* start) : engine_(std::move(rules), {pager()}), now_(at(start)), changed_(now_) {
    series_ = engine_.bind(kChanged, labels({{"object", "deal"}}));
  }

  Office& works(ActiveHours hours) {
    engine_.set_hours("acme", std::move(hours), now_);
    return *this;
  }
  /// Until then, changing in the minutes `changes` names.
  Office& until(const std::string& end, const std::function<bool(TimePoint)>& changes) {
    for (const TimePoint last = at(end.c_str()); now_ < last; now_ += 1min) {
      for (auto due = engine_.next_deadline(); due && *due < now_; due = engine_.next_deadline())
        take(engine_.step(*due));
      if (changes(now_)) changed_ = now_;
      if (measured_) engine_.fold(series_, now_, to_seconds(changed_.time_since_epoch()), now_);
      take(engine_.step(now_));
    }
    return *this;
  }
  Office& quiet_until(const char* end) {
    return until(end, [](TimePoint) { return false; });
  }
  /// Nothing is measured any more; the agent goes on with other things.
  void stop_measuring() { measured_ = false; }
  Engine& engine() { return engine_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
  /// `opened(2) 2026-11-24T11:05:00Z`, …
  [[nodiscard]] std::vector<std::string> heard() const {
    std::vector<std::string> out;
    for (const Message& message : messages_) out.push_back(describe(message, false) + " " + format_time(message.at));
    return out;
  }
  [[nodiscard]] RuleStatus rule() const { return engine_.status("acme").value().rules.at(0); }

 private:
  static ReceiverSpec pager() { return receiver("pager"); }
  void take(Outcome outcome) {
    for (Message& message : outcome.messages) messages_.push_back(std::move(message));
  }

  Engine engine_;
  TimePoint now_;
  TimePoint changed_;
  Engine::SeriesId series_;
  bool measured_ = true;
  std::vector<Message> messages_;
};

/// Every ten minutes inside the hours, but for a lunch of one hour that begins so long after them; 0: without lunch.
std::function<bool(TimePoint)> every_ten_minutes(const ActiveHours& hours, Duration lunch = 4h) {
  return [hours, lunch](TimePoint time) {
    const Duration clock = (time + hours.zone.offset_at(time)).time_since_epoch() % Duration{24h};
    const Duration into = (clock - hours.from + 24h) % Duration{24h};
    return active_at(hours, time) && clock % Duration{10min} == 0s &&
           (lunch == 0s || into < lunch || into >= lunch + 1h);
  };
}

std::vector<std::string> opened_times(const Office& office) {
  std::vector<std::string> out;
  for (const std::string& line : office.heard()) {
    if (line.starts_with("opened")) out.push_back(line);
  }
  return out;
}

}  // namespace

TEST_CASE("case 99: lunch, nights and weekends open nothing in four weeks, wherever the people are", "[slow]") {
  for (const char* where : {"Asia/Shanghai", "Europe/Prague", "America/Los_Angeles", "Asia/Kolkata"}) {
    INFO(where);
    const ActiveHours hours = office(where);
    Office acme{shipped(), "2026-10-12T00:00:00Z"};  // over the end of summer time in Prague and Los Angeles
    acme.works(hours).until("2026-11-09T00:00:00Z", every_ten_minutes(hours));
    CHECK(acme.heard().empty());
    CHECK(acme.rule().data_status != DataStatus::warming_up);
  }
}

TEST_CASE("case 100: what stops at 10:05 is poor at 11:05, and nobody is reminded at night") {
  const ActiveHours hours = office("Asia/Shanghai");  // UTC+8, so 08:00 is 00:00Z
  Office acme{strict(), "2026-11-23T00:00:00Z"};
  acme.works(hours).until("2026-11-24T02:05:00Z", every_ten_minutes(hours, 0s));
  acme.until("2026-11-24T02:06:00Z", [](TimePoint) { return true; });  // 10:05
  acme.quiet_until("2026-11-25T01:15:00Z");
  std::vector<std::string> expected{"opened(1) 2026-11-24T02:35:00Z", "escalated(2) 2026-11-24T03:05:00Z"};
  for (TimePoint reminder = at("2026-11-24T03:35:00Z"); reminder < at("2026-11-24T10:00:00Z"); reminder += 30min)
    expected.push_back("reminder(2) " + format_time(reminder));
  for (const char* again : {"2026-11-25T00:00:00Z", "2026-11-25T00:30:00Z", "2026-11-25T01:00:00Z"})
    expected.push_back(fmt::format("reminder(2) {}", again));
  CHECK(acme.heard() == expected);
}

TEST_CASE("case 101: what stops at 17:40 is poor at 08:40 of the next working day, a holiday and a weekend between") {
  ActiveHours hours = office("Europe/Prague");
  hours.holidays = {std::chrono::sys_days{std::chrono::year{2026} / 11 / 27}};  // a Friday
  Office acme{strict(), "2026-11-25T00:00:00Z"};
  acme.works(hours).until("2026-11-26T16:41:00Z", every_ten_minutes(hours, 0s));  // Thursday, 17:40
  acme.quiet_until("2026-11-30T09:00:00Z");
  CHECK(acme.heard() == std::vector<std::string>{"opened(1) 2026-11-30T07:10:00Z", "escalated(2) 2026-11-30T07:40:00Z",
                                                 "reminder(2) 2026-11-30T08:10:00Z",
                                                 "reminder(2) 2026-11-30T08:40:00Z"});
}

TEST_CASE("case 102: a night shift over both changes of the clock opens nothing, and still ages", "[slow]") {
  for (const auto& [from, to] : {std::pair{"2026-03-16T00:00:00Z", "2026-04-13T00:00:00Z"},
                                 std::pair{"2026-10-12T00:00:00Z", "2026-11-09T00:00:00Z"}}) {
    const ActiveHours hours = office("Europe/Prague", 22h, 6h, 0x7f);
    Office acme{shipped(), from};
    acme.works(hours).until(to, every_ten_minutes(hours, 5h));
    CHECK(acme.heard().empty());
  }
  // The hour from 02:00 to 03:00 is there twice: 22:00 to 06:00 are nine hours.
  Office acme{strict(), "2026-10-24T12:00:00Z"};
  const ActiveHours hours = office("Europe/Prague", 22h, 6h, 0x7f);
  acme.works(hours).until("2026-10-25T00:51:00Z", [](TimePoint) { return true; });  // 02:50, the first time
  acme.quiet_until("2026-10-25T02:00:00Z");
  CHECK(acme.heard() ==
        std::vector<std::string>{"opened(1) 2026-10-25T01:20:00Z", "escalated(2) 2026-10-25T01:50:00Z"});
}

TEST_CASE("case 103: without hours two weeks teach them, nothing pages before, and all is quiet after", "[slow]") {
  const ActiveHours real = office("UTC", 1h, 10h);
  Office acme{shipped(), "2026-11-02T00:00:00Z"};
  acme.until("2026-11-16T00:00:00Z", every_ten_minutes(real));
  CHECK(acme.heard().empty());
  CHECK(acme.rule().data_status == DataStatus::warming_up);
  acme.until("2026-12-14T00:00:00Z", every_ten_minutes(real));
  CHECK(acme.heard().empty());
  CHECK(acme.rule().data_status == DataStatus::fresh);
  // And a real fault is found: nothing changes from Tuesday, 05:00 on. Two hours later that is too long.
  acme.until("2026-12-15T05:01:00Z", every_ten_minutes(real));
  acme.quiet_until("2026-12-15T12:00:00Z");
  CHECK(opened_times(acme) == std::vector<std::string>{"opened(1) 2026-12-15T07:50:30Z"});
}

TEST_CASE("hours are learned from the weeks in which something happened, and a stray hour teaches nothing", "[slow]") {
  const ActiveHours real = office("UTC", 1h, 10h);
  const auto usual = every_ten_minutes(real);
  Office acme{shipped(), "2026-11-02T00:00:00Z"};
  // One Saturday somebody works three hours; a week the house is closed.
  acme.until("2026-11-30T00:00:00Z", [&](TimePoint time) {
    const bool saturday = time >= at("2026-11-21T01:00:00Z") && time < at("2026-11-21T04:00:00Z");
    return usual(time) || saturday;
  });
  acme.quiet_until("2026-12-07T00:00:00Z");
  CHECK(opened_times(acme).size() == 1);  // that nobody works is told once: nobody said it was a holiday
  acme.until("2026-12-28T00:00:00Z", usual);
  CHECK(opened_times(acme).size() == 1);
}

TEST_CASE("a day without any change may be a holiday as long as the hours are learned, a second one is a fault",
          "[slow]") {
  const ActiveHours real = office("UTC", 1h, 10h);
  const auto usual = every_ten_minutes(real);
  Office acme{shipped(), "2026-11-02T00:00:00Z"};
  acme.until("2026-11-26T00:00:00Z", usual);  // Wednesday
  acme.quiet_until("2026-11-27T00:00:00Z");   // Thursday is a holiday
  acme.until("2026-12-01T08:51:00Z", usual);  // Tuesday: it stops, 70 minutes before they go
  acme.quiet_until("2026-12-03T03:00:00Z");   // nothing is said on Wednesday
  CHECK(acme.heard() == std::vector<std::string>{"opened(1) 2026-12-03T01:50:30Z"});
}

TEST_CASE("learning survives a restart, in its middle and at its end", "[slow]") {
  const ActiveHours real = office("UTC", 1h, 10h);
  Office acme{shipped(), "2026-11-02T00:00:00Z"};
  for (const char* stop : {"2026-11-09T12:30:00Z", "2026-11-16T03:00:00Z", "2026-11-20T03:00:00Z"}) {
    acme.until(stop, every_ten_minutes(real));
    const std::string bytes = acme.engine().save("acme");
    REQUIRE(acme.engine().load("acme", bytes).has_value());
    CHECK(acme.engine().save("acme") == bytes);
  }
  CHECK(acme.rule().data_status == DataStatus::fresh);
  CHECK(acme.heard().empty());
}

TEST_CASE("maintenance does not age") {
  const ActiveHours hours = office("UTC");
  Office acme{strict(), "2026-11-24T08:00:00Z"};
  acme.works(hours).until("2026-11-24T10:01:00Z", every_ten_minutes(hours, 0s));
  acme.engine().set_maintenance("acme", true, acme.now());
  acme.quiet_until("2026-11-24T13:01:00Z");
  acme.engine().set_maintenance("acme", false, acme.now());
  CHECK(acme.rule().value.value() < 120);
  acme.quiet_until("2026-11-24T14:31:00Z");
  CHECK(acme.heard() == std::vector<std::string>{"opened(1) 2026-11-24T13:30:00Z", "escalated(2) 2026-11-24T14:00:00Z",
                                                 "reminder(2) 2026-11-24T14:30:00Z"});
}

TEST_CASE("an age crosses its threshold when it is time, not when the next sample comes") {
  Ruleset rules = strict();
  rules.rules[0].active_crm = false;
  rules.rules[0].no_data_after = 4h;
  Office acme{rules, "2026-11-24T08:00:00Z"};
  acme.until("2026-11-24T09:00:00Z", [](TimePoint) { return true; });
  acme.stop_measuring();
  acme.quiet_until("2026-11-24T10:30:00Z");
  CHECK(acme.heard() == std::vector<std::string>{"opened(1) 2026-11-24T09:29:00Z", "escalated(2) 2026-11-24T09:59:00Z",
                                                 "reminder(2) 2026-11-24T10:29:00Z"});
}

TEST_CASE("a sample that is due is waited for before an age is held against the CRM") {
  Ruleset rules = strict();
  rules.rules[0].active_crm = false;
  Engine engine{rules, {receiver("pager")}};
  const auto series = engine.bind(kChanged, labels({{"object", "deal"}}));
  std::size_t messages = 0;
  // Measured every 20 minutes, changed five minutes before each: never 30 minutes old when looked at, though it would
  // be between two looks.
  for (TimePoint now = at("2026-11-24T08:00:00Z"); now < at("2026-11-24T20:00:00Z"); now += 20min) {
    for (auto due = engine.next_deadline(); due && *due < now; due = engine.next_deadline())
      messages += engine.step(*due).messages.size();
    engine.fold(series, now, to_seconds((now - 15min).time_since_epoch()), now);
    messages += engine.step(now).messages.size();
  }
  CHECK(messages == 0);
}

TEST_CASE("hours that an agent declares are taken, checked, and given up when it says them no more") {
  Ruleset rules = strict();
  const auto hours_series = [](Engine& engine, std::string days, std::string from, std::string to, std::string tz,
                               std::string holidays = "") {
    Labels said = labels({{"days", days}, {"from", from}, {"to", to}, {"tz", tz}});
    if (!holidays.empty()) said.set("holidays", holidays);
    return engine.bind("crm_hours_info", said);
  };
  Office acme{rules, "2026-11-24T00:00:00Z"};
  const auto judged = [&] { return acme.rule().data_status != DataStatus::warming_up; };
  const auto say = [&](Engine::SeriesId id) { acme.engine().fold(id, acme.now(), 1, acme.now()); };
  for (const auto& [days, from, to, tz, holidays] :
       std::vector<std::array<const char*, 5>>{{"monday", "08:00", "18:00", "UTC", ""},
                                               {"mon", "8:00", "18:00", "UTC", ""},
                                               {"mon", "08:00", "08:00", "UTC", ""},
                                               {"mon", "08:00", "25:00", "UTC", ""},
                                               {"mon", "08:00", "18:00", "Middle/Earth", ""},
                                               {"mon", "08:00", "18:00", "../../etc/passwd", ""},
                                               {"mon", "08:00", "18:00", "local", ""},
                                               {"mon", "08:00", "18:00", "", ""},
                                               {"", "08:00", "18:00", "UTC", ""},
                                               {"mon", "08:00", "18:00", "UTC", "2026-02-30"},
                                               {"mon", "08:00", "18:00", "UTC", "2026-12-24,,"}}) {
    INFO(days << ' ' << from << ' ' << to << ' ' << tz << ' ' << holidays);
    say(hours_series(acme.engine(), days, from, to, tz, holidays));
    acme.until(format_time(acme.now() + 1min), [](TimePoint) { return true; });
    CHECK_FALSE(judged());
  }
  const auto good = hours_series(acme.engine(), "mon,tue,wed,thu,fri", "08:00", "18:00", "Asia/Shanghai", "2026-12-25");
  say(good);
  acme.until("2026-11-24T00:30:00Z", [](TimePoint) { return true; });
  CHECK(judged());
  // The agent goes on measuring and says nothing of hours: after an hour they hold no more.
  acme.until("2026-11-24T01:30:00Z", [](TimePoint) { return true; });
  acme.quiet_until("2026-11-24T05:00:00Z");
  CHECK(acme.heard().empty());
}

TEST_CASE("two agents that disagree about the hours: the first is believed while it speaks") {
  Office acme{strict(), "2026-11-24T00:00:00Z"};
  const auto series = [&](const char* agent, const char* from, const char* to) {
    return acme.engine().bind("crm_hours_info", {{"crm", "acme"},
                                                 {"kind", "table"},
                                                 {"agent", agent},
                                                 {"days", "mon-sun"},
                                                 {"from", from},
                                                 {"to", to},
                                                 {"tz", "UTC"}});
  };
  const auto first = series("a", "00:00", "24:00");
  const auto rival = series("b", "12:00", "13:00");
  acme.until("2026-11-24T01:00:00Z", [&](TimePoint now) {
    acme.engine().fold(first, now, 1, now);
    acme.engine().fold(rival, now + 1s, 1, now + 1s);
    return true;
  });
  acme.until("2026-11-24T02:30:00Z", [&](TimePoint now) {
    acme.engine().fold(first, now, 1, now);
    acme.engine().fold(rival, now + 1s, 1, now + 1s);
    return false;
  });
  CHECK(opened_times(acme).size() == 1);  // around the clock, as the first one says
}

TEST_CASE("outside its hours a rule holds its news back, and what else is wrong is told") {
  Ruleset rules = strict();
  Rule latency = table_rule("d1");
  latency.interval = 60s;
  latency.no_data_after = 10min;
  latency.sub.hold = latency.poor.hold = 0s;
  rules.rules.push_back(latency);
  const ActiveHours hours = office("UTC");
  Engine engine{rules, {receiver("chat"), receiver("pager", Level::poor)}};
  engine.set_hours("acme", hours, at("2026-11-24T08:00:00Z"));
  const auto changed = engine.bind(kChanged, labels({{"object", "deal"}}));
  const auto slow = engine.bind("d1", labels({}));
  std::vector<std::string> heard;
  const auto run = [&](const char* from, const char* to, double latency_value) {
    for (TimePoint now = at(from); now < at(to); now += 1min) {
      engine.fold(changed, now, to_seconds(at("2026-11-24T16:59:00Z").time_since_epoch()), now);
      engine.fold(slow, now, latency_value, now);
      for (const Message& message : engine.step(now).messages)
        heard.push_back(message.receiver + " " + describe(message, false) + " " + format_time(message.at));
    }
  };
  engine.set_silence("acme", true, at("2026-11-24T17:00:00Z"));
  run("2026-11-24T17:00:00Z", "2026-11-24T18:30:00Z", 200);
  CHECK(heard.empty());
  engine.set_silence("acme", false, at("2026-11-24T18:30:00Z"));
  run("2026-11-24T18:30:00Z", "2026-11-24T20:00:00Z", 200);
  CHECK(heard.empty());  // poor since 17:59, and nobody works
  run("2026-11-24T20:00:00Z", "2026-11-24T20:10:00Z", 1500);
  CHECK(heard == std::vector<std::string>{"chat opened(2) 2026-11-24T20:00:00Z"});
  run("2026-11-24T20:10:00Z", "2026-11-25T08:01:00Z", 200);
  REQUIRE(heard.size() == 3);
  CHECK(heard[1] == "chat reminder(2) 2026-11-25T08:00:00Z");
  CHECK(heard[2] == "pager opened(2) 2026-11-25T08:00:00Z");
}

TEST_CASE("case 106: the score shown never contradicts the state") {
  Ruleset rules;
  rules.settings = table_settings();
  for (const char* id : {"d1", "d2", "d3", "d4", "d5"}) rules.rules.push_back(table_rule(id));
  Timeline line{rules, {receiver("all")}};
  const Reading fine(5, 100.0);
  Reading stopped = fine;
  stopped[0] = 9000;
  line.times(10, fine);
  CHECK(line.status().score.value() >= 80);
  line.times(10, stopped);
  CHECK(line.state() == 2);
  CHECK(line.status().score.value() <= 49);
  line.times(12, fine);
  CHECK(line.state() == 0);
  CHECK(line.status().score.value() >= 80);
  Reading slow = fine;
  slow[0] = 1500;
  line.times(10, slow);
  CHECK(line.state() == 1);
  CHECK(line.status().score.value() >= 50);
  CHECK(line.status().score.value() <= 79);
  for (const Message& message : line.messages()) {
    const double score = message.status.score.value();
    const int state = static_cast<int>(message.status.state);
    CHECK(score >= std::array{80.0, 50.0, 0.0}.at(static_cast<std::size_t>(state)));
    CHECK(score <= std::array{100.0, 79.0, 49.0}.at(static_cast<std::size_t>(state)));
  }
}
