// When the runner asks a CRM, on a clock of the test's own: how busy the machine is says nothing here.

#include "agent/run/runner.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tests/agent/support.h"
#include "tests/probes/crm_server.h"
#include "tests/support/manual_clock.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;
using crmpulse::test::answers;
using crmpulse::test::CrmServer;
using crmpulse::test::ManualClock;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T06:00:07Z").value();
constexpr Duration kInterval = 1s;

/// Asks a CRM whose only measurement is its liveness. The clock stands still while a run is under way and jumps to the
/// next one when none is.
class OneCrm {
 public:
  explicit OneCrm(const std::string& url) : settings_(settings_for(url)) {
    Targets targets = make_targets(settings_, runtime_).value();
    governors_.configure(settings_.crms, targets, {}, clock_.now());
    runner_.replace(std::move(targets), "a");
  }

  /// Returns the stamps of the runs so far, at least as many as wanted; crm_up was 0 in each.
  std::vector<TimePoint> runs(std::size_t wanted) {
    run_until([this, wanted] { return stamps_.size() >= wanted; });
    return stamps_;
  }
  /// Returns the stamps of the runs until one was not admitted.
  std::vector<TimePoint> runs_until_refused() {
    run_until([this] { return runner_.counters().refused > 0; });
    return stamps_;
  }
  [[nodiscard]] TimePoint next_run() const { return runner_.next_run(); }

 private:
  static Settings settings_for(const std::string& url) {
    const TempDir folder;
    const std::string recipe = folder.write("alive.yaml", R"(recipe: alive
title: {en: Alive, zh: 存活}
transport: http
parameters:
  url: {type: url, required: true, help: {en: Its address, zh: 地址}}
measurements:
  - {id: liveness, liveness: true, request: {url: /alive}}
)");
    const std::string file =
        folder.write("agent.yaml", fmt::format("agent: {{name: a}}\nship: {{url: 'http://127.0.0.1:1/api/v1/write'}}\n"
                                               "defaults: {{interval: 1s, timeout: 1s}}\ncrms:\n"
                                               "  - {{name: acme, recipe: '{}', with: {{url: '{}'}}}}\n",
                                               recipe, url));
    auto loaded = load_settings(file, {"a", "", source_dir("config/recipes"), source_dir("config/rules/default.yaml")});
    if (!loaded) FAIL(to_string(loaded.error()));
    loaded->state_dir.clear();
    return *loaded;
  }

  void run_until(const std::function<bool()>& condition) {
    const auto deadline = loop_.after(60s, [this] { loop_.stop(); });
    const auto look = loop_.every(5ms, [this, &condition] {
      if (runner_.counters().runs > ended_) return;
      if (condition()) return loop_.stop();
      clock_.set(runner_.next_run());
    });
    loop_.run();
    REQUIRE(condition());
  }

  void add(const probes::Reading& reading) {
    ++ended_;
    CHECK(reading.failure.has_value());
    for (const Sample& sample : reading.samples) {
      if (sample.metric != "crm_up") continue;
      CHECK(sample.value == 0);
      stamps_.push_back(sample.at);
    }
  }

  Settings settings_;
  ManualClock clock_{kStart};
  net::Loop loop_;
  probes::Runtime runtime_;
  Governors governors_;
  Runner runner_{loop_, clock_, [this] { return clock_.now(); }, governors_,
                 [this](const std::string&, const probes::Reading& reading) { add(reading); }};
  std::uint64_t ended_ = 0;
  std::vector<TimePoint> stamps_;
};

}  // namespace

TEST_CASE("an outage is asked again after half an interval, twice, so that three failures are there within one") {
  const CrmServer broken{answers({500, {}, "oops"})};
  for (const std::string& url : {broken.url(), std::string{"http://127.0.0.1:1"}}) {
    INFO(url);
    OneCrm crm{url};
    const auto at = crm.runs(5);
    REQUIRE(at.size() == 5);
    CHECK(at[1] - at[0] == kInterval / 2);
    CHECK(at[2] - at[0] == kInterval);
    CHECK(at[4] - at[3] == kInterval);  // on its grid from now on
    CHECK(crm.next_run() - at[4] == kInterval);
  }
}

TEST_CASE("liveness is not asked again sooner when the login is what the CRM refuses") {
  for (const int status : {401, 403}) {
    INFO(status);
    const CrmServer locked{answers({status, {}, "no"})};
    OneCrm crm{locked.url()};
    const auto at = crm.runs(3);
    REQUIRE(at.size() == 3);
    // The first comes soon; the others stand on the grid, the second not half an interval before.
    CHECK(at[1] - at[0] >= kInterval / 2);
    CHECK(at[2] - at[1] == kInterval);
    CHECK(crm.next_run() - at[2] == kInterval);
  }
}

TEST_CASE("a CRM that counts our calls is left alone for as long as it says") {
  for (const int status : {429, 402}) {
    INFO(status);
    const CrmServer busy{answers({status, {{"Retry-After", "3600"}}, "slow down"})};
    OneCrm crm{busy.url()};
    const auto at = crm.runs_until_refused();
    REQUIRE(at.size() == 1);
    CHECK(crm.next_run() - at[0] >= 1h);
    CHECK(busy.count("/alive") == 1);
  }
}
