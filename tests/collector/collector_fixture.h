#pragma once
// A whole collector on a free port, its files in a folder that goes with the test.

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>

#include "collector/collector.h"
#include "core/time/clock.h"
#include "tests/collector/support.h"

namespace crmpulse::test {

struct CollectorFiles {
  std::string receivers;  ///< YAML under `receivers:`
  std::string extra;      ///< more top-level lines
  std::string auth = "off";
  std::string rules = kQuickRules;
};

/// The machine's wall clock, which a test may set.
class SetWallClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return wall_now() + Duration{off_.load()}; }
  void step(Duration by) { off_ += by.count(); }

 private:
  std::atomic<Duration::rep> off_{0};
};

/// As the file thread and the loop do together.
[[nodiscard]] inline Result<void> refresh(collector::Tokens& tokens) {
  return tokens.take(tokens.store()->read_if_changed());
}

class RunningCollector {
 public:
  explicit RunningCollector(CollectorFiles files = {}) : files_(std::move(files)) {
    write_files();
    start();
  }
  ~RunningCollector() { stop(); }

  void write_files() const {
    directory_.write("rules.yaml", files_.rules);
    directory_.write("remedies.yaml", kRemedies);
    directory_.write(
        "collector.yaml",
        fmt::format(
            "listen: 127.0.0.1:0\nauth: {}\nstate_dir: {}\nrules: [rules.yaml]\nremedies: [remedies.yaml]\n{}{}",
            files_.auth, directory_.path("state"), files_.extra,
            files_.receivers.empty() ? "" : "receivers:\n" + files_.receivers));
  }
  void start() {
    const std::string config = directory_.path("collector.yaml");
    auto configuration = collector::load_configuration(config);
    if (!configuration) throw std::runtime_error(to_string(configuration.error()));
    thread_ = std::make_unique<LoopThread>();
    collector_ = collector::Collector::start(thread_->loop(), {clock_, wall_}, config, *configuration).value();
    thread_->begin();
  }
  /// As SIGTERM does.
  void stop() {
    if (!collector_) return;
    thread_->run([this] { collector_->stop(); });
    thread_->join();
    collector_.reset();
    thread_.reset();
  }

  [[nodiscard]] std::string base() const { return fmt::format("http://127.0.0.1:{}", collector_->port()); }
  [[nodiscard]] net::ClientResponse get(const std::string& path) const { return send({"GET", base() + path, {}, ""}); }
  [[nodiscard]] boost::json::value get_json(const std::string& path) const {
    return boost::json::parse(get(path).body);
  }
  [[nodiscard]] std::string state_of(const std::string& crm) const {
    const net::ClientResponse response = get("/api/v1/crms/" + crm);
    if (response.status != 200) return "";
    const boost::json::value parsed = boost::json::parse(response.body);
    return std::string{parsed.at("state").as_string()};
  }
  /// Latencies one second apart that end now.
  [[nodiscard]] int write_latency(const std::string& crm, double seconds, int count = 6) const {
    std::vector<Sample> samples{sample("crm_agent_target_info", crm, 1, clock_.now(), {{"transport", "sql"}})};
    for (int i = count - 1; i >= 0; --i) {
      samples.push_back(sample("crm_operation_duration_seconds", crm, seconds, clock_.now() - std::chrono::seconds{i},
                               {{"operation", "read"}}));
    }
    return send(write_call(base(), wire::encode(samples))).status;
  }
  /// What is due now, with what the file thread has to do for it.
  void tick() {
    thread_->run([this] { collector_->tick(); });
    const auto is_quiet = [this] {
      bool quiet = false;
      thread_->run([&] { quiet = collector_->quiet(); });
      return quiet;
    };
    if (!eventually(is_quiet)) throw std::runtime_error("the collector does not come to rest");
  }
  [[nodiscard]] const TempDir& directory() const { return directory_; }
  [[nodiscard]] CollectorFiles& files() { return files_; }
  [[nodiscard]] collector::Collector& collector() { return *collector_; }
  [[nodiscard]] LoopThread& thread() { return *thread_; }
  [[nodiscard]] TimePoint now() const { return clock_.now(); }
  [[nodiscard]] SetWallClock& wall() { return wall_; }

 private:
  TempDir directory_;
  CollectorFiles files_;
  SystemClock clock_;
  SetWallClock wall_;
  std::unique_ptr<LoopThread> thread_;
  std::unique_ptr<collector::Collector> collector_;
};

}  // namespace crmpulse::test
