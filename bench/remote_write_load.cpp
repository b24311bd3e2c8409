// A remote-write sender for benchmarks: bodies like our agent's (8 labels a series, one sample each), several lanes,
// each with one request in flight and series of its own, so that stamps ascend per series. Prints one JSON object.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <thread>

#include "core/clock.h"
#include "net/http_client.h"
#include "wire/remote_write.h"

namespace {

using namespace crmpulse;
using Steady = std::chrono::steady_clock;

struct Plan {
  std::string url;
  int series = 50'000;
  int samples = 2'000;  ///< a body
  int lanes = 4;
  double seconds = 10;
};

struct Tally {
  std::uint64_t samples = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;
  std::vector<double> ack_seconds;
};

std::vector<Sample> make_series(int first, int count) {
  constexpr std::array kOperations{"login", "read", "query", "search", "create", "update", "delete"};
  std::vector<Sample> out;
  for (int i = first; i < first + count; ++i) {
    Sample sample;
    sample.metric = "crm_operation_duration_seconds";
    sample.labels = {
        {"crm", fmt::format("customer-{:04}", i / 50)}, {"kind", "tryton"},
        {"agent", fmt::format("branch-{}", i % 7)},     {"operation", kOperations.at(static_cast<std::size_t>(i) % 7)},
        {"object", fmt::format("object-{}", i % 50)},   {"region", i % 2 == 0 ? "eu" : "us"},
        {"site", fmt::format("site-{}", i / 500)}};
    sample.value = 0.001 * (i % 997);
    out.push_back(std::move(sample));
  }
  return out;
}

/// One lane: its own series, its own stamps, one request at a time.
Tally run_lane(const Plan& plan, int lane, Steady::time_point end) {
  const int own = std::max(plan.samples, plan.series / plan.lanes / plan.samples * plan.samples);
  std::vector<std::vector<Sample>> groups;
  for (int first = 0; first < own; first += plan.samples)
    groups.push_back(make_series(lane * own + first, plan.samples));
  net::HttpClient client;
  Tally tally;
  TimePoint stamp = wall_now() - std::chrono::hours{1};
  for (std::size_t round = 0; Steady::now() < end; ++round) {
    auto& group = groups[round % groups.size()];
    if (round % groups.size() == 0) stamp += std::chrono::milliseconds{250};
    for (Sample& sample : group) {
      sample.at = stamp;
      sample.value += 0.0001;
    }
    net::ClientRequest request;
    request.method = "POST";
    request.url = plan.url;
    request.body = wire::encode(group);
    request.timeout = std::chrono::seconds{30};
    request.headers = {{"Content-Type", "application/x-protobuf"},
                       {"Content-Encoding", "snappy"},
                       {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
    tally.bytes += request.body.size();
    std::promise<net::ClientResponse> promise;
    auto answer = promise.get_future();
    const auto sent = Steady::now();
    client.send(std::move(request),
                [&promise](net::ClientResponse response) { promise.set_value(std::move(response)); });
    const auto response = answer.get();
    tally.ack_seconds.push_back(std::chrono::duration<double>(Steady::now() - sent).count());
    ++tally.requests;
    if (response.status / 100 == 2) {
      tally.samples += group.size();
    } else {
      ++tally.refused;
    }
  }
  return tally;
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"Sends remote-write bodies as fast as they are acknowledged"};
  app.add_option("--url", plan.url)->required();
  app.add_option("--series", plan.series)->capture_default_str();
  app.add_option("--samples", plan.samples)->capture_default_str();
  app.add_option("--lanes", plan.lanes)->capture_default_str();
  app.add_option("--seconds", plan.seconds)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto end =
      Steady::now() + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(plan.seconds));
  std::vector<std::future<Tally>> lanes;
  for (int lane = 0; lane < plan.lanes; ++lane)
    lanes.push_back(std::async(std::launch::async, [&plan, lane, end] { return run_lane(plan, lane, end); }));
  Tally total;
  for (auto& lane : lanes) {
    Tally one = lane.get();
    total.samples += one.samples;
    total.requests += one.requests;
    total.refused += one.refused;
    total.bytes += one.bytes;
    total.ack_seconds.insert(total.ack_seconds.end(), one.ack_seconds.begin(), one.ack_seconds.end());
  }
  std::sort(total.ack_seconds.begin(), total.ack_seconds.end());
  const auto at = [&](double share) {
    return total.ack_seconds.empty()
               ? 0.0
               : total.ack_seconds[static_cast<std::size_t>(share * static_cast<double>(total.ack_seconds.size() - 1))];
  };
  fmt::print(
      R"({{"samples":{},"requests":{},"refused":{},"bytes_per_sample":{:.1f},"ack_p50_ms":{:.2f},"ack_p99_ms":{:.2f}}})"
      "\n",
      total.samples, total.requests, total.refused,
      static_cast<double>(total.bytes) /
          static_cast<double>(std::max<std::uint64_t>(1, total.requests * static_cast<std::uint64_t>(plan.samples))),
      at(0.5) * 1000, at(0.99) * 1000);
  return total.refused == 0 ? 0 : 1;
}
