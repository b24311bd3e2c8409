// What /metrics still shows of the past: every remembered value has an end.

#include <catch2/catch.hpp>

#include "collector/metrics/exposition.h"
#include "collector/metrics/health_metrics.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

std::string metrics(Core& core) {
  std::string text;
  core.thread().run([&] {
    const auto part = sample_metrics(core.engine(), PageFormat::text);
    while (part->write(text)) {
    }
  });
  return text;
}

bool shows(Core& core, std::string_view piece) {
  return metrics(core).find(piece) != std::string::npos;
}

Sample of(const std::string& metric, double value, TimePoint at, const std::string& operation, Labels more = {}) {
  more.set("operation", operation);
  more.set("object", "leads");
  return sample(metric, "acme", value, at, std::move(more));
}

const Labels kRefused{{"stage", "response"}, {"reason", "server_error"}};

}  // namespace

TEST_CASE(
    "a success ends the failure of its operation at once, also when the agent does not say so and after a restart") {
  const TempDir directory;
  ManualClock clock{kStart};
  auto core = std::make_unique<Core>(directory, clock);
  const auto fails = [&](const std::string& operation) {
    clock.advance(30s);
    core->write({of("crm_operation_success", 0, clock.now(), operation),
                 of("crm_failure", 1, clock.now(), operation, kRefused)});
    core->tick();
  };
  const auto works = [&](const std::string& operation) {
    clock.advance(30s);
    core->write({of("crm_operation_success", 1, clock.now(), operation)});
    core->tick();
  };
  works("read");
  works("search");
  fails("read");
  fails("search");
  CHECK(shows(*core, "crm_failure{"));
  works("read");
  const std::string text = metrics(*core);
  CHECK(text.find("crm_failure{") != std::string::npos);  // search still fails
  CHECK(text.find(R"(operation="read",reason=)") == std::string::npos);
  works("search");
  CHECK_FALSE(shows(*core, "crm_failure{"));
  // A restart between the failure and the success.
  fails("read");
  REQUIRE(core->engine().close().has_value());
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(shows(*core, "crm_failure{"));
  works("read");
  CHECK_FALSE(shows(*core, "crm_failure{"));
}

TEST_CASE("a value seen once is shown for three intervals of its operation, not for three hours") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  for (int i = 0; i < 4; ++i) {
    clock.advance(30s);
    core.write({of("crm_operation_success", 1, clock.now(), "read")});
  }
  core.write({of("crm_operation_phase_seconds", 0.1, clock.now(), "read", {{"phase", "dns"}})});
  const auto pass = [&](Duration time) {
    for (Duration passed{}; passed < time; passed += 30s) {
      clock.advance(30s);
      core.write({of("crm_operation_success", 1, clock.now(), "read")});
    }
  };
  pass(4min);
  CHECK(shows(core, "crm_operation_phase_seconds{"));
  pass(2min);
  CHECK_FALSE(shows(core, "crm_operation_phase_seconds{"));
  // Hourly ones are shown until the next one comes.
  core.write({sample("crm_records", "acme", 5, clock.now(), {{"object", "leads"}})});
  pass(50min);
  CHECK(shows(core, "crm_records{"));
}
