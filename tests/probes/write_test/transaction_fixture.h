#pragma once
// A CRM in memory behind the Exchanger's interface: it can go dark before or after it did what it was asked, do it
// late, refuse, lie, and let its search lag behind. Time is the test's own.

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>

#include "probes/write_test/transaction.h"
#include "tests/support/process.h"

namespace crmpulse::test {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

struct FakeRecord {
  std::string text;
  int visible_after = 0;  ///< searches that do not see it yet
};

/// The scripted answer to one call.
enum class Fate {
  fine,
  lost_before,  ///< the agent dies, the request has not arrived
  lost_after,   ///< the agent dies, the CRM has done it
  lost_late,    ///< the agent dies, the CRM does it when `finish_late` is called
};

class FakeCrm final : public probes::Exchanger {
 public:
  const std::string marker = "zz-crm-health-probe a1";
  std::map<std::string, FakeRecord> records;
  std::map<std::string, int> refuse;  ///< url of the recipe → status that is answered from now on; 0: no answer
  std::map<std::string, Stage> unanswered;
  bool deletes_lie = false;
  int search_lag = 0;
  std::function<void()> on_call;  ///< before a call does anything
  int fatal_call = -1;            ///< this call, counted from 0, has the fate
  Fate fate = Fate::fine;
  int calls = 0;
  bool dead = false;  ///< the agent has died: nothing is answered any more
  std::vector<std::string> log;
  std::vector<SteadyTime> deadlines;

  void run(const probes::Exchange& exchange, const probes::Variables& variables, SteadyTime deadline, bool keep_rows,
           std::function<void(probes::ExchangeResult)> done) override {
    if (dead) return;
    if (on_call) on_call();
    const std::string what = exchange.call.method + " " + exchange.call.url;
    log.push_back(what);
    deadlines.push_back(deadline);
    const auto act = [this, what, variables, keep_rows] { return answer(what, variables, keep_rows); };
    if (calls++ == fatal_call && fate != Fate::fine) {
      dead = true;
      if (fate == Fate::lost_after) (void)act();
      if (fate == Fate::lost_late) late_.push_back([act] { (void)act(); });
      return;
    }
    done(act());
  }

  void finish_late() {
    for (const auto& act : std::exchange(late_, {})) act();
  }
  void revive() {
    dead = false;
    fatal_call = -1;
    calls = 0;
    log.clear();
  }
  [[nodiscard]] int count(std::string_view beginning) const {
    return static_cast<int>(std::count_if(records.begin(), records.end(),
                                          [&](const auto& r) { return r.second.text.starts_with(beginning); }));
  }

 private:
  static probes::ExchangeResult failed(int status, Stage stage, Reason reason) {
    probes::ExchangeResult result;
    result.calls = 1;
    result.status = status;
    result.failure = Failure{stage, reason, fmt::format("status {}", status)};
    return result;
  }
  static probes::ExchangeResult good(int status, std::string body = {}) {
    probes::ExchangeResult result;
    result.calls = 1;
    result.status = status;
    result.duration = 0.25;
    result.body = std::move(body);
    return result;
  }

  probes::ExchangeResult answer(const std::string& what, const probes::Variables& variables, bool keep_rows) {
    if (const auto found = unanswered.find(what); found != unanswered.end()) {
      return failed(0, found->second, Reason::timeout);
    }
    if (const auto found = refuse.find(what); found != refuse.end()) {
      return failed(found->second, Stage::response, Reason::server_error);
    }
    const auto value = [&](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string{} : found->second;
    };
    if (what == "POST /leads") {
      const std::string id = std::to_string(next_++);
      records[id] = {marker + " " + value("run_id"), search_lag};
      probes::ExchangeResult result = good(201);
      result.saved["id"] = id;
      return result;
    }
    if (what == "GET /leads") return search(marker, keep_rows);
    const auto found = records.find(value("id"));
    if (found == records.end()) {
      if (what == "GET /gone") return good(404);
      return failed(404, Stage::response, Reason::missing);
    }
    if (what == "GET /gone") return failed(200, Stage::response, Reason::bad_content);
    if (what == "DELETE /leads" && !deletes_lie) records.erase(found);
    return good(200);
  }

  probes::ExchangeResult search(const std::string& text, bool keep_rows) {
    std::size_t total = 0;
    probes::ExchangeResult result = good(200);
    for (auto& [id, record] : records) {
      if (record.text.find(text) == std::string::npos || record.visible_after-- > 0) continue;
      ++total;
      if (keep_rows) result.rows.push_back({record.text, id});
    }
    result.body = fmt::format(R"({{"total":{}}})", total);
    return result;
  }

  int next_ = 100;
  std::vector<std::function<void()>> late_;
};

/// A directory where syncing costs nothing, when there is one: thousands of runs sync.
class FastDir {
 public:
  FastDir() {
    std::string pattern = "/dev/shm/crmpulse-test-XXXXXX";
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    if (path_.empty()) fallback_.emplace();
  }
  ~FastDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  FastDir(const FastDir&) = delete;
  FastDir& operator=(const FastDir&) = delete;
  [[nodiscard]] std::string path() const { return path_.empty() ? fallback_->path() : path_; }

 private:
  std::string path_;
  std::optional<TempDir> fallback_;
};

/// The write test of docs/recipe-format.md.
[[nodiscard]] inline probes::Measurement lead_test() {
  const auto exchange = [](const char* method, const char* url) {
    probes::Exchange out;
    out.call.method = method;
    out.call.url = url;
    return out;
  };
  const auto step = [](const char* name, probes::Exchange what) {
    probes::Step out;
    out.step = name;
    out.exchange = std::move(what);
    return out;
  };
  const auto column = [](const char* name) {
    probes::Column out;
    out.name = name;
    out.at = std::string{"/"} + name;
    return out;
  };
  probes::Measurement measurement;
  measurement.id = "lead_transaction";
  measurement.transaction = "lead";
  probes::Step create = step("create", exchange("POST", "/leads"));
  create.exchange->save = {column("id")};
  probes::Step find = step("find", exchange("GET", "/leads"));
  find.until = probes::Until{"/total", 0.0, {}, 20s};
  probes::Step remove = step("delete", exchange("DELETE", "/leads"));
  remove.cleanup = true;
  measurement.steps = {create, step("read", exchange("GET", "/lead")), find, step("update", exchange("PATCH", "/lead")),
                       remove, step("gone", exchange("GET", "/gone"))};
  measurement.sweep = exchange("GET", "/leads");
  measurement.sweep->columns = {column("marker"), column("id")};
  return measurement;
}

/// An agent that can be thrown away and started anew over the same CRM and the same directory. Jobs and timers run
/// one after another in the test's thread.
class FakeAgent {
 public:
  explicit FakeAgent(FakeCrm& crm, std::string state_dir, probes::Measurement measurement = lead_test())
      : crm_(crm), measurement_(std::move(measurement)) {
    spec_.crm = "acme";
    spec_.recipe = std::make_shared<const probes::Recipe>();
    spec_.labels = {{"crm", "acme"}, {"kind", "fake"}, {"agent", "a1"}};
    spec_.state_dir = std::move(state_dir);
    start();
  }

  void start() {
    test_.reset();
    jobs_.clear();
    test_ = std::make_unique<probes::WriteTest>(
        spec_, measurement_, timeout_,
        probes::TransactionHost{crm_, [this](auto job) { jobs_.push_back(std::move(job)); },
                                [this](SteadyTime at, auto call) { alarms_.emplace(at, std::move(call)); },
                                [this] { return steady_; }, [this] { return wall_; }});
  }
  /// Like kill -9: what was under way is never heard of again.
  void die() {
    dead_ = true;
    jobs_.clear();
    alarms_.clear();
    dead_ = false;
    test_.reset();
  }
  /// Returns nullopt if the run was lost with the agent.
  std::optional<probes::Found> run(bool only_clean_up = false) {
    std::optional<probes::Found> out;
    const auto done = [this, &out](probes::Found result) {
      if (!dead_ && !crm_.dead) out = std::move(result);
    };
    const SteadyTime deadline = steady_ + timeout_;
    if (only_clean_up) {
      test_->clean_up(deadline, done);
    } else {
      test_->run(fmt::format("{:016x}", next_run_++), deadline, done);
    }
    while (!jobs_.empty() || (!out && !crm_.dead && !alarms_.empty())) {
      if (jobs_.empty()) {
        const auto alarm = alarms_.extract(alarms_.begin());
        pass(std::chrono::duration_cast<Duration>(std::max(alarm.key(), steady_) - steady_));
        alarm.mapped()();
        continue;
      }
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
    return out;
  }
  void pass(Duration time) {
    steady_ += time;
    wall_ += time;
  }
  [[nodiscard]] probes::WriteTest& test() { return *test_; }
  [[nodiscard]] Duration timeout() const { return timeout_; }
  [[nodiscard]] SteadyTime now() const { return steady_; }

 private:
  FakeCrm& crm_;
  probes::Measurement measurement_;
  probes::TargetSpec spec_;
  const Duration timeout_ = 60s;
  SteadyTime steady_{1000h};
  TimePoint wall_{std::chrono::seconds{1'795'000'000}};
  std::deque<std::function<void()>> jobs_;
  std::multimap<SteadyTime, std::function<void()>> alarms_;
  int next_run_ = 0xab;
  bool dead_ = false;
  std::unique_ptr<probes::WriteTest> test_;  ///< goes first
};

[[nodiscard]] inline std::string failure_of(const std::optional<probes::Found>& result) {
  if (!result) return "lost";
  if (!result->failure) return "none";
  return fmt::format("{}/{}", to_string(result->failure->stage), to_string(result->failure->reason));
}
[[nodiscard]] inline std::string message_of(const std::optional<probes::Found>& result) {
  return result && result->failure ? result->failure->message : std::string{};
}
[[nodiscard]] inline std::optional<double> sample_of(const std::optional<probes::Found>& result,
                                                     std::string_view metric) {
  if (!result) return std::nullopt;
  for (const Sample& sample : result->samples) {
    if (sample.metric == metric) return sample.value;
  }
  return std::nullopt;
}

}  // namespace crmpulse::test
