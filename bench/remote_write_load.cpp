// A remote-write sender for benchmarks: bodies with the metrics and labels of our agent (8 labels a series, one sample
// each), several lanes, each with one request in flight and series of its own, so that stamps ascend per series. Bodies
// are made once; for each request only values and stamps are put in, so that the sender leaves the machine to the
// server. Prints one JSON object.

#include <fmt/format.h>
#include <snappy.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <future>
#include <protozero/pbf_writer.hpp>
#include <thread>

#include "core/labels.h"
#include "core/time/clock.h"
#include "net/client/http_client.h"

namespace {

using namespace crmpulse;
using Steady = std::chrono::steady_clock;

struct Plan {
  std::string url;
  int series = 50'000;
  int samples = 2'000;  ///< a body
  int lanes = 4;
  double seconds = 10;
  double rate = 0;      ///< samples a second of all lanes; 0: as fast as they are acknowledged
  int step_millis = 0;  ///< between two samples of a series; 0: as much time as went by
  int rounds = 0;       ///< end after so many samples of each series; 0: when the time is over
  int down = 0;         ///< of a hundred CRMs
};

struct Tally {
  std::uint64_t samples = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;
  std::vector<double> ack_seconds;
};

/// What a recipe with seven operations yields in one run of each.
constexpr std::array kOperations{"login", "read", "query", "search", "create", "update", "delete"};
constexpr std::array kPhases{"dns", "connect", "tls", "first_byte", "transfer"};
constexpr int kSeriesPerCrm = 50;

struct SeriesName {
  std::string metric;
  Labels labels;
  double value = 0;
};

/// Series `number` of its CRM: liveness, then duration, success and five phases of each operation. Eight labels with
/// the metric's name. Of each hundred CRMs the first `down` ones fail their liveness.
SeriesName name_of(int number, int down) {
  const int crm = number / kSeriesPerCrm;
  const int place = number % kSeriesPerCrm;
  SeriesName out;
  out.labels = {{"agent", fmt::format("branch-{}", crm % 7)},
                {"crm", fmt::format("customer-{:05}", crm)},
                {"kind", "tryton"},
                {"region", crm % 2 == 0 ? "eu" : "us"},
                {"site", fmt::format("site-{}", crm / 10)}};
  if (place == 0) {
    out.metric = "crm_up";
    out.labels.set("object", "Party");
    out.labels.set("operation", "login");
    out.value = crm % 100 < down ? 0 : 1;
    return out;
  }
  const auto operation = static_cast<std::size_t>((place - 1) / 7);
  const int part = (place - 1) % 7;
  out.labels.set("operation", kOperations.at(operation));
  out.value = 0.001 * (20 + number % 97);
  if (part >= 2) {
    out.metric = "crm_operation_phase_seconds";
    out.labels.set("phase", kPhases.at(static_cast<std::size_t>(part - 2)));
    return out;
  }
  out.labels.set("object", "Party");
  out.metric = part == 0 ? "crm_operation_duration_seconds" : "crm_operation_success";
  if (part == 1) out.value = 1;
  return out;
}

/// One request's body before compression, and where its values and stamps stand.
class Body {
 public:
  Body(int first, int count, int down) {
    protozero::pbf_writer request{bytes_};
    for (int i = first; i < first + count; ++i) add(request, name_of(i, down));
  }

  /// Durations change from round to round by whole milliseconds, as measured ones do.
  [[nodiscard]] const std::string& at(TimePoint stamp, std::uint64_t round) {
    for (const Place& place : places_) {
      double value = place.value;
      if (value != 1 && value != 0)
        value = 0.001 * static_cast<double>(20 + (static_cast<std::uint64_t>(value * 1000) * 31 + round * 17) % 97);
      std::memcpy(bytes_.data() + place.offset, &value, sizeof value);
      put_stamp(bytes_.data() + place.offset + sizeof value + 1, static_cast<std::uint64_t>(unix_millis(stamp)));
    }
    compressed_.clear();
    snappy::Compress(bytes_.data(), bytes_.size(), &compressed_);
    return compressed_;
  }
  [[nodiscard]] std::size_t samples() const { return places_.size(); }

 private:
  static constexpr std::size_t kStampBytes = 6;  ///< of a varint of milliseconds between 2^35 and 2^42 (until 2109)
  struct Place {
    std::size_t offset;  ///< of the value; the stamp follows it and one byte
    double value;
  };

  void add(protozero::pbf_writer& request, const SeriesName& name) {
    std::string series;
    protozero::pbf_writer writer{series};
    bool named = false;
    const auto label = [&writer](std::string_view key, std::string_view value) {
      protozero::pbf_writer one{writer, 1};
      one.add_string(1, std::string{key});
      one.add_string(2, std::string{value});
    };
    for (const auto& [key, value] : name.labels) {
      if (!std::exchange(named, true)) label("__name__", name.metric);
      label(key, value);
    }
    std::string sample;
    protozero::pbf_writer fields{sample};
    fields.add_double(1, name.value);
    fields.add_int64(2, unix_millis(wall_now()));
    writer.add_message(2, sample);
    request.add_message(1, series);
    places_.push_back({bytes_.size() - sizeof(double) - 1 - kStampBytes, name.value});
  }

  static void put_stamp(char* to, std::uint64_t millis) {
    for (std::size_t i = 0; i < kStampBytes; ++i, millis >>= 7)
      to[i] = static_cast<char>((millis & 0x7f) | (i + 1 < kStampBytes ? 0x80 : 0));
  }

  std::string bytes_;
  std::string compressed_;
  std::vector<Place> places_;
};

net::ClientResponse post(net::HttpClient& client, const Plan& plan, const std::string& body) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = plan.url;
  request.body = body;
  request.timeout = std::chrono::seconds{30};
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
  std::promise<net::ClientResponse> promise;
  auto answer = promise.get_future();
  client.send(std::move(request), [&promise](net::ClientResponse response) { promise.set_value(std::move(response)); });
  return answer.get();
}

/// One lane: its own series, its own stamps, one request at a time.
Tally run_lane(const Plan& plan, int lane, Steady::time_point begin, Steady::time_point end) {
  const int own = std::max(plan.samples, plan.series / plan.lanes / plan.samples * plan.samples);
  std::vector<Body> bodies;
  for (int first = 0; first < own; first += plan.samples)
    bodies.emplace_back(lane * own + first, plan.samples, plan.down);
  net::HttpClient client;
  Tally tally;
  const Duration back{plan.step_millis > 0 ? std::chrono::minutes{4} : std::chrono::minutes{0}};
  TimePoint stamp = wall_now() - back;
  const auto pause = std::chrono::duration<double>(plan.rate > 0 ? plan.lanes * plan.samples / plan.rate : 0);
  auto next = begin + std::chrono::duration_cast<Steady::duration>(pause * lane / plan.lanes);
  for (std::uint64_t number = 0; Steady::now() < end; ++number) {
    const std::uint64_t round = number / bodies.size();
    if (plan.rounds > 0 && round >= static_cast<std::uint64_t>(plan.rounds)) break;
    if (number % bodies.size() == 0)
      stamp = plan.step_millis > 0 ? stamp + std::chrono::milliseconds{plan.step_millis}
                                   : std::max(stamp + std::chrono::milliseconds{1}, wall_now());
    Body& body = bodies[number % bodies.size()];
    const std::string& bytes = body.at(stamp, round);
    tally.bytes += bytes.size();
    if (plan.rate > 0) {
      std::this_thread::sleep_until(next);
      next += std::chrono::duration_cast<Steady::duration>(pause);
    }
    const auto sent = Steady::now();
    const net::ClientResponse response = post(client, plan, bytes);
    tally.ack_seconds.push_back(std::chrono::duration<double>(Steady::now() - sent).count());
    ++tally.requests;
    if (response.status / 100 == 2) {
      tally.samples += body.samples();
    } else {
      ++tally.refused;
    }
  }
  return tally;
}

Tally run(const Plan& plan) {
  const auto begin = Steady::now();
  const auto end = begin + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(plan.seconds));
  std::vector<std::future<Tally>> lanes;
  for (int lane = 0; lane < plan.lanes; ++lane)
    lanes.push_back(
        std::async(std::launch::async, [&plan, lane, begin, end] { return run_lane(plan, lane, begin, end); }));
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
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"Sends remote-write bodies as fast as they are acknowledged, or at a rate"};
  app.add_option("--url", plan.url)->required();
  app.add_option("--series", plan.series)->capture_default_str();
  app.add_option("--samples", plan.samples, "a body")->capture_default_str();
  app.add_option("--lanes", plan.lanes)->capture_default_str();
  app.add_option("--seconds", plan.seconds)->capture_default_str();
  app.add_option("--rate", plan.rate, "samples a second of all lanes, 0: no limit")->capture_default_str();
  app.add_option("--step-millis", plan.step_millis,
                 "between two samples of a series, from four minutes ago; 0: real time")
      ->capture_default_str();
  app.add_option("--rounds", plan.rounds, "samples of each series, 0: until the time is over")->capture_default_str();
  app.add_option("--down", plan.down, "of a hundred CRMs whose liveness fails")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const Tally total = run(plan);
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
