// The worst a token may send: the collector goes on, forgets nobody else, and starts again.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/collector/collector_fixture.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

/// The rules people have.
std::string shipped_rules() {
  std::ifstream in{std::string{CRMPULSE_SOURCE_DIR} + "/config/rules/default.yaml"};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

constexpr int kSeries = 25'000;

std::vector<Sample> objects_of_one_crm(TimePoint at) {
  std::vector<Sample> samples;
  for (int i = 0; i < kSeries; ++i)
    samples.push_back(
        sample("crm_records", "victim", 100, at, {{"agent", "b"}, {"object", fmt::format("object-{}", i)}}));
  return samples;
}

std::vector<Sample> many_crms(TimePoint at) {
  std::vector<Sample> samples;
  for (int i = 0; i < kSeries; ++i)
    samples.push_back(sample("crm_up", fmt::format("crm-{}", i), 0, at, {{"agent", "b"}}));
  return samples;
}

std::vector<Sample> labels_that_change(TimePoint at) {
  std::vector<Sample> samples;
  for (int i = 0; i < kSeries; ++i) {
    samples.push_back(
        sample("crm_up", "victim", 0, at,
               {{"agent", "b"}, {"kind", i % 2 == 0 ? "odoo" : "tryton"}, {"place", fmt::format("{}", i)}}));
  }
  return samples;
}

std::vector<Sample> long_labels(TimePoint at) {
  std::vector<Sample> samples;
  for (int i = 0; i < 400; ++i) {
    Labels labels{{"agent", "b"}};
    for (int label = 0; label < 50; ++label)
      labels.set(fmt::format("l{}", label), fmt::format("{}-{}", i, std::string(1000, 'x')));
    samples.push_back(sample("crm_up", fmt::format("long-{}", i), 0, at, labels));
  }
  return samples;
}

std::vector<Sample> a_pace_that_changes(TimePoint at) {
  std::vector<Sample> samples;
  for (int i = 0; i < 20'000; ++i) {
    samples.push_back(sample("crm_agent_interval_stretch_ratio", "victim", i % 2 == 0 ? 1 : 8,
                             at - std::chrono::milliseconds{20'000 - i}, {{"agent", "b"}}));
  }
  return samples;
}

std::string lines_about_many_crms(TimePoint at) {
  std::string lines;
  for (int i = 0; i < 1000; ++i)
    lines += fmt::format(R"({{"at":"{}","crm":"told-{}","kind":"odoo","agent":"b","text":"x"}})"
                         "\n",
                         format_time(at), i);
  return lines;
}

Call with_token(Call call, const std::string& token, const std::string& agent) {
  call.headers.emplace_back("Authorization", "Bearer " + token);
  call.headers.emplace_back("X-Crm-Agent", agent);
  return call;
}

double metric(const RunningCollector& running, const std::string& name) {
  const std::string text = running.get("/metrics").body;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

}  // namespace

TEST_CASE("the worst bodies of a token take a bounded room, and the collector starts again with them") {
  RunningCollector running{
      {"", "metrics: open\nlimits: {crms: 100, crms_per_sender: 50, series_per_crm: 500, memory: 64MiB}\n", "required",
       shipped_rules()}};
  const std::string state = running.directory().path("state");
  const std::string honest = create_token(state, "honest", AccessRole::ingest, {"a", std::nullopt, {}}).value();
  const std::string hostile = create_token(state, "hostile", AccessRole::ingest, {"b", std::nullopt, {}}).value();
  running.tick();
  const auto up = [&] {
    const std::vector<Sample> samples{sample("crm_up", "acme", 1, running.now(), {{"agent", "a"}})};
    return send(with_token(write_call(running.base(), wire::encode(samples)), honest, "a")).status;
  };
  REQUIRE(up() == 204);
  for (const auto& make : {objects_of_one_crm, many_crms, labels_that_change, long_labels, a_pace_that_changes}) {
    const net::ClientResponse answer =
        send(with_token(write_call(running.base(), wire::encode(make(running.now()))), hostile, "b"));
    INFO(answer.body);
    CHECK(answer.status < 500);
  }
  Call evidence{"POST", running.base() + "/api/v1/evidence", {}, lines_about_many_crms(running.now())};
  CHECK(send(with_token(evidence, hostile, "b")).status < 500);

  const auto is_bounded = [&] {
    CHECK(metric(running, "crmpulse_collector_crms") <= 51);
    CHECK(metric(running, "crmpulse_collector_estimated_memory_bytes") <= 64.0 * 1024 * 1024);
    CHECK(metric(running, "crmpulse_collector_records_set_aside_total") == 0);
    CHECK(running.get("/-/ready").status == 200);
  };
  is_bounded();
  CHECK(up() == 204);
  running.stop();
  running.start();
  is_bounded();
  CHECK(up() == 204);
  const std::string viewer = create_token(state, "page", AccessRole::viewer).value();
  running.tick();
  const Call one{"GET", running.base() + "/api/v1/crms/acme", {{"Authorization", "Bearer " + viewer}}, ""};
  CHECK(send(one).status == 200);
}

TEST_CASE("a request that takes longer to fold than it may is set aside once, told, and not folded by the next start") {
  RunningCollector running{{"", "metrics: open\nlimits: {fold_time: 1ms}\n"}};
  const std::string state = running.directory().path("state");
  std::vector<Sample> samples;
  for (int i = 0; i < kSeries; ++i)
    samples.push_back(
        sample("crm_records", fmt::format("crm-{}", i % 10), 1, running.now(), {{"object", fmt::format("{}", i)}}));
  REQUIRE(send(write_call(running.base(), wire::encode(samples))).status == 204);
  CHECK(metric(running, "crmpulse_collector_records_set_aside_total") == 1);
  CHECK(eventually([&] { return store::damaged_files(state) == 1; }));
  CHECK(running.write_latency("acme", 0.1, 1) == 204);
  CHECK(running.get("/api/v1/crms/acme").status == 200);
  running.stop();
  running.start();
  CHECK(running.get("/api/v1/crms/acme").status == 200);
  CHECK(metric(running, "crmpulse_collector_records_set_aside_total") == 0);
  CHECK(store::damaged_files(state) == 1);
}

TEST_CASE("a record in which the program ended again and again is passed over, and those behind it are folded") {
  const TempDir directory;
  ManualClock clock{parse_time("2026-11-21T09:00:00Z").value()};
  {
    Core core{directory, clock};
    core.latency(0.2, 3);
  }
  {
    ReplayMark mark{directory.path()};
    for (std::uint32_t death = 0; death < ReplayMark::kMostDeaths; ++death) {
      REQUIRE(mark.begin(2));
      ReplayMark next{directory.path()};  // what the next process sees of one that was killed
    }
  }
  Core core{directory, clock};
  core.thread().run([&] {
    CHECK(core.engine().stats().set_aside_records == 1);
    CHECK(core.engine().folded_seq() == 3);
  });
  CHECK(eventually([&] { return store::damaged_files(directory.path()) == 1; }));
}
