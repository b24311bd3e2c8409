// Bytes and CPU a reading costs in the stored history: a journal like the one our agents fill (every 30 s, durations in
// whole microseconds or milliseconds, liveness, counters, timestamps), moved into blocks and merged as the collector
// does, on a simulated clock. Prints one line for each kind of journal.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <random>

#include "collector/history/builder.h"
#include "collector/history/query.h"
#include "wire/remote_write.h"

namespace {

using namespace crmpulse;
using collector::HistoryBuilder;

struct Plan {
  int crms = 100;
  int hours = 24;
  std::string folder;
};

struct Variant {
  std::string_view name;
  double resolution;  ///< of durations, seconds
  int jitter_millis;  ///< of stamps
};

constexpr Duration kInterval{std::chrono::seconds{30}};
constexpr std::size_t kBody = 2'000;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// One CRM's measurements: seven operations, liveness, three objects, one allowance.
class Crm {
 public:
  Crm(int number, std::uint64_t seed) : name_(fmt::format("customer-{:04}", number)), random_(seed) {}

  void measure(TimePoint at, const Variant& variant, std::vector<Sample>& out) {
    ++round_;
    add(out, jittered(at, variant), "crm_up", 1, {});
    for (const std::string_view operation : {"login", "read", "query", "search", "create", "update", "delete"}) {
      const TimePoint stamp = jittered(at, variant);
      const double whole = rounded(seconds_(random_), variant);
      add(out, stamp, "crm_operation_duration_seconds", whole, {{"operation", std::string{operation}}});
      add(out, stamp, "crm_operation_success", random_() % 500 == 0 ? 0 : 1, {{"operation", std::string{operation}}});
      for (const std::string_view phase : {"connect", "first_byte", "transfer"}) {
        add(out, stamp, "crm_operation_phase_seconds", rounded(seconds_(random_) / 3, variant),
            {{"operation", std::string{operation}}, {"phase", std::string{phase}}});
      }
    }
    const TimePoint stamp = jittered(at, variant);
    for (const std::string_view object : {"party", "lead", "invoice"}) {
      records_ += static_cast<double>(random_() % 2);
      if (random_() % 4 == 0) newest_ = static_cast<double>(unix_millis(at) / 1000 - static_cast<int>(random_() % 30));
      add(out, stamp, "crm_records", records_, {{"object", std::string{object}}});
      add(out, stamp, "crm_last_modified_timestamp_seconds", newest_, {{"object", std::string{object}}});
    }
    add(out, stamp, "crm_api_used", static_cast<double>(round_ % 2880) * 12, {{"allowance", "daily"}});
    add(out, stamp, "crm_agent_calls_total", static_cast<double>(round_) * 12, {});
  }

 private:
  void add(std::vector<Sample>& out, TimePoint at, std::string metric, double value, Labels labels) const {
    labels.set("crm", name_);
    labels.set("kind", "tryton");
    labels.set("agent", "branch-1");
    out.push_back({std::move(metric), std::move(labels), value, at});
  }
  TimePoint jittered(TimePoint at, const Variant& variant) {
    if (variant.jitter_millis == 0) return at;
    return at + Duration{static_cast<std::int64_t>(random_() % (2 * static_cast<unsigned>(variant.jitter_millis) + 1)) -
                         variant.jitter_millis};
  }
  static double rounded(double seconds, const Variant& variant) {
    return std::round(seconds / variant.resolution) / std::round(1 / variant.resolution);
  }

  std::string name_;
  std::mt19937_64 random_;
  std::lognormal_distribution<double> seconds_{-1.5, 0.4};
  double records_ = 40'000;
  double newest_ = 1'795'000'000;
  std::uint64_t round_ = 0;
};

void append(store::Writer& writer, const std::vector<Sample>& samples, TimePoint received, std::size_t& body_bytes) {
  for (std::size_t first = 0; first < samples.size(); first += kBody) {
    store::JournalRecord record;
    record.received = received;
    record.body = wire::encode(std::span{samples}.subspan(first, std::min(kBody, samples.size() - first)));
    body_bytes += record.body.size();
    writer
        .run([&](store::Database& database) -> Result<void> {
          const auto seq = store::append(database, record);
          if (!seq) return seq.error();
          return {};
        })
        .value();
  }
}

void measure(const Plan& plan, const Variant& variant) {
  const std::string folder = plan.folder + "/" + std::string{variant.name};
  std::filesystem::create_directories(folder);
  std::size_t readings = 0;
  std::size_t body_bytes = 0;
  double building = 0;
  double merging = 0;
  double reading = 0;
  std::int64_t unmerged = 0;
  store::HistorySize size;
  std::size_t points = 0;
  {
    store::Writer writer{store::open_collector(folder).value()};
    HistoryBuilder builder{store::open_collector_reader(folder).value(), writer};
    builder.begin().value();
    store::Database reader = store::open_collector_reader(folder).value();
    std::vector<Crm> crms;
    for (int i = 0; i < plan.crms; ++i) crms.emplace_back(i, static_cast<std::uint64_t>(i));
    const auto timed = [](double& sum, const auto& work) {
      const double before = cpu_seconds();
      while (work().value()) {
      }
      sum += cpu_seconds() - before;
    };
    const TimePoint start = store::part_of(from_unix_millis(1'795'000'000'000));
    TimePoint now = start;
    TimePoint looked = start;
    for (; now < start + plan.hours * std::chrono::hours{1}; now += kInterval) {
      std::vector<Sample> samples;
      for (Crm& crm : crms) crm.measure(now, variant, samples);
      readings += samples.size();
      append(writer, samples, now, body_bytes);
      timed(building, [&] { return builder.build(now); });
      if (now - looked < std::chrono::minutes{10}) continue;
      looked = now;
      timed(merging, [&] { return builder.merge(now); });
    }
    now += std::chrono::hours{8};
    timed(building, [&] { return builder.build(now); });
    unmerged = store::history_size(reader).value().bytes;
    timed(merging, [&] { return builder.merge(now); });
    size = store::history_size(reader).value();
    const double before = cpu_seconds();
    const auto answer = collector::read_history(
        reader, {"customer-0000", {{"crm_operation_duration_seconds", {}}}, start, now, std::chrono::minutes{5}, 0});
    reading = cpu_seconds() - before;
    for (const collector::HistoryLine& line : answer.value().lines) points += line.points.size();
    writer.run([](store::Database& database) { return database.execute("DELETE FROM journal"); }).value();
  }
  store::Database database = store::open_collector(folder).value();
  database.execute("VACUUM").value();
  database.execute("PRAGMA wal_checkpoint(TRUNCATE)").value();
  const auto file = std::filesystem::file_size(folder + "/collector.db");
  const auto each = [&](auto bytes) { return static_cast<double>(bytes) / static_cast<double>(readings); };
  fmt::print("{:24} {:10} {:9.1f} {:9.2f} {:9.2f} {:9.2f} {:8} {:9.0f} {:9.0f} {:9.1f} ({} points)\n", variant.name,
             readings, each(body_bytes), each(unmerged), each(size.bytes), each(file), size.blocks,
             building * 1e9 / static_cast<double>(readings), merging * 1e9 / static_cast<double>(readings),
             reading * 1000, points);
  if (size.readings != static_cast<std::int64_t>(readings)) throw std::runtime_error("readings were lost");
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"What a reading costs in the stored history"};
  app.add_option("--crms", plan.crms, "of 45 series each")->capture_default_str();
  app.add_option("--hours", plan.hours)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  plan.folder = std::filesystem::temp_directory_path() / fmt::format("crmpulse-bench-history.{}", getpid());
  fmt::print("{} CRMs, {} h, every 30 s; bytes and CPU ns a reading\n", plan.crms, plan.hours);
  fmt::print("{:24} {:>10} {:>9} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9} {:>9}\n", "journal", "readings", "journal",
             "unmerged", "blocks", "file", "blocks", "build ns", "merge ns", "query ms");
  for (const Variant& variant : {Variant{"milliseconds aligned", 1e-3, 0}, Variant{"milliseconds +-3 ms", 1e-3, 3},
                                 Variant{"microseconds aligned", 1e-6, 0}, Variant{"microseconds +-3 ms", 1e-6, 3}})
    measure(plan, variant);
  std::filesystem::remove_all(plan.folder);
  return 0;
}
