// The governor and the scheduler together, over simulated days.

#include <algorithm>
#include <catch2/catch.hpp>

#include "agent/quota/governor.h"
#include "agent/run/scheduler.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:07Z").value();

/// A CRM like Salesforce: what it is asked, and what it counts.
struct Company {
  std::vector<PlannedRun> runs{{60s, 1, Part::liveness}, {5min, 1, Part::staleness}};
  double limit = 5000;
  TimePoint token_ends{};
  std::vector<TimePoint> log;   ///< every call
  bool fails_by_turns = false;  ///< of three looks whether it is alive two fail

  Company() {
    for (int i = 0; i < 12; ++i) runs.push_back({1h, 1.0 + i % 3});
    runs.push_back({24h, 5});
  }

  /// Makes a run's calls; the second number of them is a login when the token has ended.
  int answer(std::size_t run, TimePoint now) {
    int calls = static_cast<int>(runs[run].calls);
    if (now >= token_ends) {
      token_ends = now + 2h;
      ++calls;
    }
    log.insert(log.end(), static_cast<std::size_t>(calls), now);
    return calls;
  }
  [[nodiscard]] std::vector<Sample> quota(TimePoint now) const {
    const Labels labels{{"crm", "acme"}, {"allowance", "daily"}};
    return {{"crm_api_limit", labels, limit, now},
            {"crm_api_remaining", labels, limit - static_cast<double>(log.size()), now}};
  }
  /// The most calls in any 24 hours.
  [[nodiscard]] std::ptrdiff_t most_a_day() const {
    std::ptrdiff_t most = 0;
    for (auto first = log.begin(); first != log.end(); ++first)
      most = std::max(most, std::upper_bound(first, log.end(), *first + 24h) - first);
    return most;
  }
};

/// The agent of one CRM, as the runner drives it.
class Agent {
 public:
  Agent(Company& company, std::optional<double> configured, TimePoint now)
      : company_(company), governor_(options(company, configured)), scheduler_(items(now)) {}
  Agent(Company& company, std::optional<double> configured, TimePoint now, const Governor::Memory& memory)
      : company_(company),
        governor_(options(company, configured)),
        scheduler_((governor_.restore(memory, now), items(now))) {}

  void run_until(TimePoint end) {
    while (scheduler_.next() <= end) {
      const TimePoint now = scheduler_.next();
      for (const auto& due : scheduler_.due(now)) run(due.index, now);
    }
  }
  [[nodiscard]] Governor& governor() { return governor_; }

  std::vector<std::pair<std::size_t, TimePoint>> runs;
  int refused = 0;
  int asked_sooner = 0;

 private:
  static Governor::Options options(const Company& company, std::optional<double> configured) {
    Governor::Options out;
    out.runs = company.runs;
    out.allowance = "daily";
    out.per_day = configured;
    out.logs_in = true;
    return out;
  }
  Scheduler items(TimePoint now) {
    std::vector<Scheduler::Item> out;
    for (std::size_t i = 0; i < company_.runs.size(); ++i) {
      const Duration interval = company_.runs[i].interval;
      out.push_back({interval, splay("a", "acme", std::to_string(i), interval), governor_.stretch(i), i == 0});
    }
    return Scheduler{out, now, 5s};
  }
  void run(std::size_t index, TimePoint now) {
    if (const auto admission = governor_.admit(index, now); !admission.admitted) {
      ++refused;
      scheduler_.refused(index, admission.again);
      return;
    }
    runs.emplace_back(index, now);
    const int calls = company_.answer(index, now);
    const auto before = governor_.revision();
    const bool failed = company_.fails_by_turns && index == 0 && looks_++ % 3 != 2;
    governor_.finished(index, {calls, {}, failed ? std::optional{Reason::timeout} : std::nullopt}, now + 100ms);
    (void)governor_.learn(company_.quota(now));
    scheduler_.finished(index);
    if (governor_.revision() != before)
      for (std::size_t i = 0; i < company_.runs.size(); ++i) scheduler_.set_stretch(i, governor_.stretch(i), now);
    if (!failed) return;
    ++asked_sooner;
    scheduler_.ask_sooner(index, now);
  }

  Company& company_;
  int looks_ = 0;
  Governor governor_;
  Scheduler scheduler_;
};

Duration longest_gap(const Agent& agent, std::size_t run, TimePoint from, TimePoint to) {
  Duration longest{};
  TimePoint last = from;
  for (const auto& [index, at] : agent.runs) {
    if (index != run) continue;
    longest = std::max(longest, at - last);
    last = at;
  }
  return std::max(longest, to - last);
}

}  // namespace

TEST_CASE("with an allowance of 5,000 a day and a cap of 1 % at most 50 calls are made in any 24 hours") {
  Company company;
  Agent agent{company, 5000, kStart};
  agent.run_until(kStart + 96h);
  CHECK(company.most_a_day() <= 50);
  // The cap is also used.
  CHECK(company.log.size() >= 4 * 35);
  CHECK(agent.governor().status(kStart + 96h).stretch > 10);
  CHECK(agent.governor().status(kStart + 96h).allowed == 50);
}

TEST_CASE("liveness goes on through a short day without a long gap") {
  Company company;
  Agent agent{company, 5000, kStart};
  agent.run_until(kStart + 96h);
  CHECK(longest_gap(agent, 0, kStart, kStart + 96h) <= Duration{3h});
  CHECK(longest_gap(agent, 1, kStart, kStart + 96h) <= Duration{9h});
}

TEST_CASE("a CRM that fails again and again is asked sooner, and the cap holds all the same") {
  Company company;
  company.fails_by_turns = true;
  Agent agent{company, 5000, kStart};
  agent.run_until(kStart + 96h);
  CHECK(agent.asked_sooner > 20);
  CHECK(company.most_a_day() <= 50);
}

TEST_CASE("the cap holds when the CRM tells a smaller limit than was configured") {
  for (const std::optional<double> configured : {std::optional<double>{100'000}, std::optional<double>{}}) {
    Company company;
    Agent agent{company, configured, kStart};
    agent.run_until(kStart + 48h);
    CHECK(company.most_a_day() <= 50);
    CHECK(longest_gap(agent, 0, kStart, kStart + 48h) <= Duration{3h});
  }
}

TEST_CASE("restarts do not burst: the cap holds over twenty of them") {
  Company company;
  std::optional<Governor::Memory> memory;
  TimePoint now = kStart;
  for (int i = 0; i < 20; ++i) {
    auto agent = memory ? Agent{company, 5000, now, *memory} : Agent{company, 5000, now};
    now += 1h;
    agent.run_until(now);
    memory = agent.governor().memory();
  }
  CHECK(company.most_a_day() <= 50);
  CHECK(company.log.size() >= 20);
}

TEST_CASE("every measurement has its turn") {
  Company company;
  Agent agent{company, 5000, kStart};
  agent.run_until(kStart + 24h * 8);
  for (std::size_t index = 0; index < company.runs.size(); ++index) {
    INFO("measurement " << index);
    CHECK(std::any_of(agent.runs.begin(), agent.runs.end(), [&](const auto& run) { return run.first == index; }));
  }
}

TEST_CASE("a large allowance leaves the intervals alone") {
  Company company;
  company.limit = 10'000'000;
  Agent agent{company, company.limit, kStart};
  agent.run_until(kStart + 24h);
  CHECK(agent.refused == 0);
  CHECK(agent.governor().status(kStart).stretch == 1);
  CHECK(longest_gap(agent, 0, kStart, kStart + 24h) <= Duration{90s});
}
