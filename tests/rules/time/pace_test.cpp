// Stretched intervals and pauses, judged by the rules that are shipped.

#include "rules/time/pace.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <queue>

#include "config/rules_file.h"
#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T06:00:00Z").value();  // a Friday

Ruleset shipped() {
  return config::load_rules({CRMPULSE_SOURCE_DIR "/config/rules/default.yaml"}).value();
}

/// A healthy CRM whose agent asks as often as it may; everything that happens goes through one engine.
class Company {
 public:
  Company() : engine(shipped(), {receiver("all")}) {}

  double stretch = 1;               ///< of the liveness and all else
  bool tells = true;                ///< the agent tells its stretch
  bool answers = true;              ///< samples come at all
  std::optional<TimePoint> paused;  ///< nothing is asked until then

  void run(Duration time) {
    for (const TimePoint end = now + time; now < end; now += 1s) {
      if ((now - kStart) % Duration{30s} == Duration{0s} && tells) report();
      if (answers && now >= next_liveness && (!paused || now >= *paused)) liveness();
      if (answers && now >= next_scan && (!paused || now >= *paused)) scan();
      const Outcome outcome = engine.step(now);
      messages.insert(messages.end(), outcome.messages.begin(), outcome.messages.end());
    }
  }
  void set_stretch(double to) {
    stretch = to;
    // As the scheduler does: half to one and a half of the new interval after the last run, or now.
    next_liveness = std::max(now, std::min(next_liveness, last_liveness + every(30s)));
  }
  [[nodiscard]] CrmStatus status() const { return engine.status("acme").value(); }

  Engine engine;
  TimePoint now = kStart;
  std::vector<Message> messages;

 private:
  [[nodiscard]] Duration every(Duration interval) const {
    return Duration{static_cast<Duration::rep>(static_cast<double>(interval.count()) * stretch)};
  }
  void fold(std::string_view metric, double value, Labels labels = {}) {
    labels.set("crm", "acme");
    labels.set("kind", "salesforce");
    labels.set("agent", "a");
    engine.fold(engine.bind(metric, labels), now, value, now);
  }
  void report() {
    fold(kStretchMetric, stretch);
    if (paused && now < *paused) fold(kPauseMetric, to_seconds(paused->time_since_epoch()));
  }
  void liveness() {
    last_liveness = now;
    next_liveness = now + every(30s);
    fold("crm_up", 1);
    fold("crm_operation_duration_seconds", 0.2, {{"operation", "query"}});
  }
  void scan() {
    next_scan = now + every(1h);
    fold("crm_records", 1000, {{"object", "Contact"}});
    fold("crm_records_incomplete", 10, {{"object", "Contact"}, {"field", "Email"}});
    fold("crm_last_modified_timestamp_seconds", to_seconds(now.time_since_epoch()) - 60, {{"object", "Contact"}});
  }

  TimePoint last_liveness = kStart;
  TimePoint next_liveness = kStart + 2s;
  TimePoint next_scan = kStart + 3s;
};

}  // namespace

TEST_CASE("an agent with 50 calls a day raises no alert about a CRM that is well", "[slow]") {
  Company company;
  company.stretch = 120;  // a look each hour
  company.run(72h);
  CHECK(company.messages.empty());
  CHECK(company.status().state == Level::healthy);
  CHECK(company.status().data_status == DataStatus::fresh);
}

TEST_CASE("an agent that does not tell its stretch is taken for silent") {
  Company company;
  company.tells = false;
  company.stretch = 120;
  company.run(2h);
  CHECK_FALSE(company.messages.empty());
}

TEST_CASE("an interval that is stretched and relaxed at run time raises no alert", "[slow]") {
  Company company;
  company.run(2h);
  for (const double stretch : {2.0, 16.0, 120.0, 30.0, 1.0, 64.0, 1.0}) {
    company.set_stretch(stretch);
    company.run(10h);
  }
  CHECK(company.messages.empty());
  CHECK(company.status().state == Level::healthy);
}

TEST_CASE("silence is noticed also while intervals are stretched, only later") {
  Company company;
  company.stretch = 120;
  company.run(24h);
  company.answers = false;
  company.run(3h);
  CHECK(company.messages.empty());
  company.run(4h);
  REQUIRE_FALSE(company.messages.empty());
  CHECK(company.messages[0].reason == "no_data");
}

TEST_CASE("back at its interval an agent that falls silent is noticed soon again") {
  Company company;
  company.stretch = 120;
  company.run(24h);
  company.set_stretch(1);
  company.run(1h);
  company.answers = false;
  company.run(4min);
  CHECK_FALSE(company.messages.empty());
}

TEST_CASE("while a CRM wants to be left alone its silence raises no alarm") {
  Company company;
  company.run(2h);
  company.paused = company.now + 1h;
  company.run(1h + 10min);
  CHECK(company.messages.empty());
  CHECK(company.status().state == Level::healthy);
  company.paused = company.now + 1h;
  company.answers = false;
  company.run(1h + 10min);
  CHECK_FALSE(company.messages.empty());  // it could be asked again, and nothing came
}

TEST_CASE("while an agent leaves a CRM alone nothing is shown as fresh beyond the interval it was measured at") {
  for (const double afterwards : {1.0, 2.0, 16.0}) {
    INFO(afterwards);
    Company company;
    company.run(2h);
    REQUIRE(company.status().data_status == DataStatus::fresh);
    company.paused = company.now + 1h;
    company.run(1s);
    CHECK(company.status().data_status == DataStatus::fresh);  // measured half a minute ago
    company.stretch = afterwards;
    for (int minute = 0; minute < 58; ++minute) {
      company.run(1min);
      CHECK(company.status().data_status == DataStatus::stale);
    }
    CHECK(company.messages.empty());
    company.set_stretch(1);
    company.run(5min);
    // Rules with long windows have to gather samples again; liveness is known at once.
    const CrmStatus status = company.status();
    const auto outage = std::find_if(status.rules.begin(), status.rules.end(),
                                     [](const RuleStatus& rule) { return rule.rule == "availability_outage"; });
    REQUIRE(outage != status.rules.end());
    CHECK(outage->data_status == DataStatus::fresh);
  }
}

TEST_CASE("what another agent goes on measuring is fresh while one leaves the CRM alone") {
  Company company;
  company.run(2h);
  const TimePoint until = company.now + 10min;
  const auto from_b = [&](std::string_view metric, double value, Labels labels) {
    for (const auto& [name, text] :
         {std::pair{"crm", "acme"}, std::pair{"kind", "salesforce"}, std::pair{"agent", "b"}})
      labels.set(name, text);
    company.engine.fold(company.engine.bind(metric, labels), company.now, value, company.now);
  };
  while (company.now < until) {
    from_b(kStretchMetric, 1, {});
    from_b(kPauseMetric, to_seconds(until.time_since_epoch()), {});
    company.run(30s);
    CHECK(company.status().data_status == DataStatus::fresh);
  }
}

TEST_CASE("a slow CRM is seen through stretched intervals, by the window its samples need") {
  Ruleset rules = shipped();
  Engine engine{rules, {receiver("all")}};
  const auto stretch = engine.bind(kStretchMetric, {{"crm", "acme"}, {"agent", "a"}});
  const auto read =
      engine.bind("crm_operation_duration_seconds", {{"crm", "acme"}, {"agent", "a"}, {"operation", "read"}});
  TimePoint now = kStart;
  for (int i = 0; i < 12; ++i, now += 30min) {
    engine.fold(stretch, now, 60, now);
    engine.fold(read, now, 5, now);
    static_cast<void>(engine.step(now));
  }
  const CrmStatus status = engine.status("acme").value();
  const auto latency =
      std::find_if(status.rules.begin(), status.rules.end(), [](const auto& r) { return r.rule == "latency"; });
  CHECK(latency->level == Level::poor);
  CHECK(latency->value == 5);
}

TEST_CASE("what is known of a stretch outlives a restart") {
  Company company;
  company.stretch = 120;
  company.run(24h);
  const std::string saved = company.engine.save("acme");
  Engine next{shipped(), {receiver("all")}};
  REQUIRE(next.load("acme", saved).has_value());
  next.restarted(company.now);
  company.engine = std::move(next);
  company.tells = false;
  company.run(24h);
  CHECK(company.messages.empty());
}

TEST_CASE("a spacing is expected longer when it is stretched more, never shorter") {
  CHECK(steps_of(1) == 0);
  CHECK(steps_of(0) == 0);
  CHECK(steps_of(2) == 8);
  CHECK(at_pace(30s, 0, steps_of(4)) == Duration{2min});
  CHECK(at_pace(2min, steps_of(4), 0) == Duration{2min});
  CHECK(at_pace(30s, 0, steps_of(100)) >= Duration{3000s});
  CHECK(at_pace(30s, 0, steps_of(100)) <= Duration{3300s});
}

TEST_CASE("of two agents the slower counts, one that is gone does not") {
  Paces paces;
  const auto fast = paces.place_of("fast");
  const auto slow = paces.place_of("slow");
  paces.take_stretch(fast, kStart, 1);
  paces.take_stretch(slow, kStart, 64);
  CHECK(paces.now().stretch == steps_of(64));
  paces.take_stretch(fast, kStart + 11min, 1);
  CHECK(paces.now().stretch == 0);
  paces.take_pause(fast, kStart + 11min, to_seconds((kStart + 1h).time_since_epoch()));
  CHECK(paces.now().paused_until == kStart + 1h);
  // No agent may silence a CRM for longer than a day.
  paces.take_pause(fast, kStart + 11min, to_seconds((kStart + 1000h).time_since_epoch()));
  CHECK(paces.now().paused_until == kStart + 11min + 24h);
}

TEST_CASE(
    "an allowance that the CRM says is used up is poor at once by the shipped rules, and a long pause is not healthy") {
  for (const char* kind : {"zoho", "hubspot", "salesforce", "pipedrive"}) {
    INFO(kind);
    Engine engine{shipped(), {receiver("all")}};
    TimePoint now = kStart;
    std::vector<Message> messages;
    const auto say = [&](std::string_view metric, double value, Labels labels) {
      labels.set("crm", "acme");
      labels.set("kind", kind);
      labels.set("agent", "branch-1");
      engine.fold(engine.bind(metric, labels), now, value, now);
    };
    const auto step = [&](Duration time) {
      for (const TimePoint end = now + time; now < end; now += 1s) {
        if ((now - kStart) % Duration{30s} == Duration{0s})
          say("crm_agent_heartbeat_timestamp_seconds", to_seconds(now.time_since_epoch()), {});
        Outcome outcome = engine.step(now);
        messages.insert(messages.end(), outcome.messages.begin(), outcome.messages.end());
      }
    };
    const Labels read{{"operation", "read"}, {"object", "users"}};
    for (int i = 0; i < 20; ++i) {
      say("crm_up", 1, {});
      say("crm_operation_success", 1, read);
      say("crm_operation_duration_seconds", 0.2, read);
      step(30s);
    }
    CHECK(engine.status("acme")->state == Level::healthy);
    // The allowance is used up: the agent is told to come back in an hour, and asks nothing meanwhile.
    Labels refused = read;
    refused.set("stage", "response");
    refused.set("reason", "quota");
    say("crm_up", 0, {});
    say("crm_operation_success", 0, read);
    say("crm_failure", 1, refused);
    const TimePoint until = now + 1h;
    for (int i = 0; i < 20; ++i) {
      say("crm_agent_paused_until_timestamp_seconds", to_seconds(until.time_since_epoch()), {});
      say("crm_agent_paused_seconds", 30.0 * i, {});
      step(30s);
      CHECK(engine.status("acme")->state == Level::poor);
    }
    CHECK(messages.at(0).type == Event::opened);
    CHECK(messages.at(0).state == Level::poor);
    now = until;
    for (int i = 0; i < 4; ++i) {
      say("crm_up", 1, {});
      say("crm_operation_success", 1, read);
      say("crm_operation_duration_seconds", 0.2, read);
      say("crm_agent_paused_seconds", 0, {});
      step(30s);
    }
    const CrmStatus after = *engine.status("acme");
    for (const RuleStatus& rule : after.rules) {
      if (rule.dimension == "quota") CHECK(rule.level == Level::healthy);
    }
  }
}

TEST_CASE(
    "a CRM that wants to be left alone for some minutes is sub-healthy by the shipped rules, for some seconds it is "
    "not") {
  Engine engine{shipped(), {receiver("all")}};
  TimePoint now = kStart;
  const auto fold = [&](std::string_view metric, double value, Labels labels) {
    labels.set("crm", "acme");
    labels.set("kind", "hubspot");
    labels.set("agent", "branch-1");
    engine.fold(engine.bind(metric, labels), now, value, now);
  };
  const auto say = [&](std::string_view metric, double value) {
    fold(metric, value, {});
    fold("crm_up", 1, {});
    fold("crm_operation_duration_seconds", 0.2, {{"operation", "read"}});
    now += 30s;
    static_cast<void>(engine.step(now));
  };
  for (const double paused : {0.0, 30.0, 60.0, 90.0, 0.0}) {
    say("crm_agent_paused_seconds", paused);
    CHECK(engine.status("acme")->state == Level::healthy);
  }
  for (int i = 0; i < 10; ++i) say("crm_agent_paused_seconds", 60 + 30.0 * i);
  CHECK(engine.status("acme")->state == Level::sub_healthy);
  say("crm_agent_paused_seconds", 0);
  say("crm_agent_paused_seconds", 0);
  say("crm_agent_paused_seconds", 0);
  CHECK(engine.status("acme")->state == Level::healthy);
}

TEST_CASE("a CRM that is left alone after any refusal is never shown as healthy and fresh, and soon not as healthy") {
  for (const auto& [kind, reason] : {std::pair{"zoho", "rate_limited"}, std::pair{"hubspot", "rate_limited"},
                                     std::pair{"salesforce", "maintenance"}, std::pair{"pipedrive", "rate_limited"}}) {
    INFO(kind);
    Engine engine{shipped(), {receiver("all")}};
    TimePoint now = kStart;
    const auto say = [&](std::string_view metric, double value, Labels labels) {
      for (const auto& [name, text] : {std::pair{"crm", "acme"}, std::pair{"kind", kind}, std::pair{"agent", "a"}})
        labels.set(name, text);
      engine.fold(engine.bind(metric, labels), now, value, now);
    };
    const auto step = [&](Duration time) {
      for (const TimePoint end = now + time; now < end; now += 1s) static_cast<void>(engine.step(now));
    };
    const Labels read{{"operation", "read"}, {"object", "users"}};
    for (int i = 0; i < 20; ++i) {
      say("crm_agent_paused_seconds", 0, {});
      say(kStretchMetric, 1, {});
      say("crm_up", 1, {});
      say("crm_operation_success", 1, read);
      say("crm_operation_duration_seconds", 0.2, read);
      step(30s);
    }
    REQUIRE(engine.status("acme")->data_status == DataStatus::fresh);
    // One measurement is refused with a wait of ten minutes; all that comes now is the agent's word.
    Labels refused = read;
    refused.set("stage", "response");
    refused.set("reason", reason);
    say("crm_failure", 1, refused);
    say("crm_operation_success", 0, read);
    const TimePoint begun = now;
    const TimePoint until = now + 10min;
    while (now < until) {
      say(kPauseMetric, to_seconds(until.time_since_epoch()), {});
      say("crm_agent_paused_seconds", to_seconds(now - begun), {});
      say(kStretchMetric, 2, {});
      step(30s);
      const CrmStatus status = *engine.status("acme");
      INFO(format_duration(now - begun));
      CHECK((status.state != Level::healthy || status.data_status != DataStatus::fresh || now - begun <= 30s));
      if (now - begun > 150s) CHECK(status.state != Level::healthy);
    }
  }
}
