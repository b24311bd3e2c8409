// What a sample costs in the engine when it does not come in the order of time: two senders of an HA pair, a backlog
// that overlaps, requests that overtake each other. 20,000 series get 60 samples in 15 minutes from each of two senders
// a few seconds apart; every order has the same samples. Prints a line for each and ends with 1 when one costs more
// than 1.5 times what order costs.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <random>
#include <stdexcept>

#include "collector/state/sample_sink.h"
#include "config/rules_file.h"
#include "core/time/clock.h"
#include "wire/series_key.h"

namespace {

using namespace crmpulse;
using collector::Point;

constexpr int kSeriesPerCrm = 50;
constexpr int kRequest = 2'000;
constexpr double kMost = 1.5;

struct Plan {
  std::string rules;
  int series = 20'000;
  int samples = 60;  ///< of each series and sender
  int minutes = 15;
  int apart_millis = 3'000;
  int rounds = 3;
};

/// Samples of many series at one time: what one scrape yields.
struct Slice {
  int number = 0;
  int sender = 0;
  [[nodiscard]] std::int64_t millis(const Plan& plan) const {
    return std::int64_t{number} * plan.minutes * 60'000 / plan.samples + std::int64_t{sender} * plan.apart_millis;
  }
};
using Order = std::vector<Slice>;

Order in_order(const Plan& plan) {
  Order out;
  for (int number = 0; number < plan.samples; ++number)
    for (const int sender : {0, 1}) out.push_back({number, sender});
  std::stable_sort(out.begin(), out.end(),
                   [&](const Slice& a, const Slice& b) { return a.millis(plan) < b.millis(plan); });
  return out;
}

Order one_after_the_other(const Plan& plan) {
  Order out;
  for (const int sender : {0, 1})
    for (int number = 0; number < plan.samples; ++number) out.push_back({number, sender});
  return out;
}

/// The second is some samples behind.
Order lagging(const Plan& plan, int behind) {
  Order out;
  for (int number = 0; number < plan.samples + behind; ++number) {
    if (number < plan.samples) out.push_back({number, 0});
    if (number >= behind) out.push_back({number - behind, 1});
  }
  return out;
}

/// The first goes on from the middle while the second sends what lies before.
Order beside_a_backlog(const Plan& plan) {
  Order out;
  const int middle = plan.samples / 2;
  for (int number = 0; number < middle; ++number) out.push_back({number, 0});
  for (int number = 0; number < plan.samples; ++number) {
    if (middle + number < plan.samples) out.push_back({middle + number, 0});
    out.push_back({number, 1});
  }
  return out;
}

Order backwards(const Plan& plan) {
  Order out = in_order(plan);
  std::reverse(out.begin(), out.end());
  return out;
}

Order shuffled(const Plan& plan) {
  Order out = in_order(plan);
  std::mt19937_64 random{24};
  std::shuffle(out.begin(), out.end(), random);
  return out;
}

Order the_same_twice(const Plan& plan) {
  Order out = one_after_the_other(plan);
  for (Slice& slice : out) slice.sender = 0;
  return out;
}

/// Series `number` as an agent names it: liveness, then duration and success of operations.
std::string key_of(int number) {
  const int crm = number / kSeriesPerCrm;
  const int place = number % kSeriesPerCrm;
  Labels labels{{"agent", fmt::format("branch-{}", crm % 7)},
                {"crm", fmt::format("customer-{:05}", crm)},
                {"kind", "tryton"},
                {"object", "Party"},
                {"operation", fmt::format("operation-{}", place / 2)}};
  if (place == 0) return wire::series_key("crm_up", labels);
  return wire::series_key(place % 2 == 1 ? "crm_operation_duration_seconds" : "crm_operation_success", labels);
}

double value_of(int number, const Slice& slice) {
  if (number % 2 == 0) return 1;
  return 0.001 * (20 + (number * 31 + slice.number * 17 + slice.sender) % 97);
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Nanoseconds a sample.
double measure(const Plan& plan, const Ruleset& ruleset, const Order& order) {
  collector::SampleSink sink{rules::Engine{ruleset, {}}};
  const TimePoint begin = wall_now() - std::chrono::minutes{plan.minutes};
  const TimePoint end = begin + std::chrono::minutes{plan.minutes} + Duration{plan.apart_millis};
  for (int number = 0; number < plan.series; ++number) {
    const std::string key = key_of(number);
    (void)sink.series().find_or_add({key, {}, {}});
  }
  std::vector<Point> points(kRequest);
  std::int64_t seq = 0;
  const double before = cpu_seconds();
  for (const Slice& slice : order) {
    for (int first = 0; first < plan.series; first += kRequest) {
      points.clear();
      for (int number = first; number < std::min(plan.series, first + kRequest); ++number)
        points.push_back({static_cast<collector::SeriesIndex>(number), unix_millis(begin) + slice.millis(plan),
                          value_of(number, slice)});
      if (!sink.take({++seq, end, {}}, points))
        throw std::runtime_error{"a record was left out: it took too long to fold"};
      (void)sink.engine().step(end);
    }
  }
  const double spent = cpu_seconds() - before;
  return spent / static_cast<double>(order.size()) / plan.series * 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"What samples out of order cost"};
  app.add_option("--rules", plan.rules, "a file of rules")->required();
  app.add_option("--series", plan.series)->capture_default_str();
  app.add_option("--samples", plan.samples, "of each series and sender")->capture_default_str();
  app.add_option("--minutes", plan.minutes)->capture_default_str();
  app.add_option("--rounds", plan.rounds)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto ruleset = config::load_rules({plan.rules});
  if (!ruleset) {
    fmt::print(stderr, "{} cannot be used\n", plan.rules);
    return 2;
  }
  const std::array<std::pair<const char*, Order>, 8> orders{{
      {"in order", in_order(plan)},
      {"the second sender 15 s behind", lagging(plan, 1)},
      {"the second sender 2 min behind", lagging(plan, 8)},
      {"one sender after the other", one_after_the_other(plan)},
      {"the same twice", the_same_twice(plan)},
      {"live beside a backlog", beside_a_backlog(plan)},
      {"backwards", backwards(plan)},
      {"shuffled", shuffled(plan)},
  }};
  std::array<std::vector<double>, orders.size()> costs;
  for (int round = 0; round < plan.rounds; ++round) {
    for (std::size_t i = 0; i < orders.size(); ++i) costs.at(i).push_back(measure(plan, *ruleset, orders.at(i).second));
  }
  double ordered = 0;
  double worst = 0;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    std::sort(costs.at(i).begin(), costs.at(i).end());
    const double cost = costs.at(i)[costs.at(i).size() / 2];
    if (i == 0) ordered = cost;
    worst = std::max(worst, cost / ordered);
    fmt::print("{:<32} {:7.0f} ns a sample, {:.2f} M samples per CPU-second, {:.2f} x\n", orders.at(i).first, cost,
               1000 / cost, cost / ordered);
  }
  fmt::print("worst: {:.2f} x what order costs, {:.1f} x at most\n", worst, kMost);
  return worst > kMost ? 1 : 0;
}
