// The agent's scheduler, governor and targets over a simulated day against the sandbox's Salesforce, whose log of calls
// is what counts, and what the shipped rules make of the samples.

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <set>
#include <thread>

#include "agent/quota/governors.h"
#include "agent/run/scheduler.h"
#include "agent/run/self_metrics.h"
#include "agent/settings/targets.h"
#include "config/rules_file.h"
#include "net/server/http_server.h"
#include "rules/engine.h"
#include "sandbox/host/vendor_host.h"
#include "tests/agent/support.h"
#include "tests/support/notify_socket.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T06:00:07Z").value();

/// Moved by the test, read by the sandbox's thread.
class SharedClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return now_; }
  void set(TimePoint to) { now_ = to; }

 private:
  std::atomic<TimePoint> now_ = kStart;
};

class Salesforce {
 public:
  Salesforce(const Clock& clock, std::uint64_t daily_limit) {
    std::vector<std::unique_ptr<sandbox::VendorApi>> apis;
    apis.push_back(sandbox::make_salesforce());
    host_ = std::make_unique<sandbox::VendorHost>(loop_, clock, sandbox::VendorHostOptions{}, std::move(apis));
    sandbox::FaultRule allowance;
    allowance.crm = "salesforce";
    allowance.fault = "quota";
    allowance.calls = daily_limit;
    REQUIRE(host_->set_fault(allowance).has_value());
    const auto handle = [this](net::HttpRequest request, net::Respond respond) {
      host_->handle(std::move(request), respond);
    };
    server_ = net::HttpServer::listen(loop_, {}, handle).value();
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~Salesforce() {
    loop_.post([this] { server_->stop(Duration{}, [this] { loop_.stop(); }); });
    thread_.join();
  }
  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }
  /// Calls of the log, and those of them that count against the allowance.
  [[nodiscard]] boost::json::value log(net::HttpClient& client) const {
    net::ClientRequest request;
    request.url = url() + "/_sandbox/requests?crm=salesforce";
    request.max_response_bytes = 16 * 1024 * 1024;
    std::promise<net::ClientResponse> answer;
    client.send(std::move(request), [&](net::ClientResponse response) { answer.set_value(std::move(response)); });
    return boost::json::parse(answer.get_future().get().body);
  }

 private:
  net::Loop loop_;
  std::unique_ptr<sandbox::VendorHost> host_;
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

/// The agent as runner and service loop drive it, on the simulated clock, with the shipped rules behind it.
class Day {
 public:
  Day(const agent::Settings& settings, SharedClock& clock)
      : clock_(clock),
        settings_(settings),
        targets_(make_targets(settings, runtime_).value()),
        engine_(config::load_rules({source_dir("config/rules/default.yaml")}).value(),
                {{"all", Level::sub_healthy, {}}}) {
    governors_.configure(settings.crms, targets_, {}, clock.now());
    std::vector<Scheduler::Item> items;
    for (const auto& planned : targets_[0]->measurements()) {
      const Duration interval = *planned.measurement->interval;
      items.push_back({interval, splay("a", "acme", planned.measurement->id, interval),
                       governor().stretch(items.size()), planned.measurement->liveness});
    }
    scheduler_ = std::make_unique<Scheduler>(items, clock.now(), 5s);
  }
  [[nodiscard]] Governor& governor() { return *governors_.find("acme"); }

  void run(Duration time) {
    const TimePoint end = clock_.now() + time;
    while (clock_.now() < end) {
      clock_.set(std::min({scheduler_->next(), next_report_, end}));
      if (clock_.now() >= next_report_) report();
      for (const auto& due : scheduler_->due(clock_.now())) start(due.index);
      const auto outcome = engine_.step(clock_.now());
      for (const auto& message : outcome.messages)
        alerts.insert(fmt::format("{} {}", message.reason, failing(message)));
    }
  }

  std::set<std::string> alerts;
  std::set<std::string> failures;
  double most_stretch = 0;
  std::size_t runs = 0;

 private:
  static std::string failing(const rules::Message& message) {
    std::string out;
    for (const auto& rule : message.status.rules) {
      if (rule.level != Level::healthy || rule.no_data_latch) out += rule.rule + " ";
    }
    return out;
  }
  void fold(const std::vector<Sample>& samples) {
    for (const Sample& sample : samples) {
      if (sample.labels.get("crm").empty()) continue;
      engine_.fold(engine_.bind(sample.metric, sample.labels), sample.at, sample.value, clock_.now());
    }
  }
  void report() {
    next_report_ = clock_.now() + 30s;
    SelfReading reading;
    reading.agent = "a";
    reading.at = clock_.now();
    reading.crms.push_back({"acme", "salesforce", "http", governor().status(clock_.now())});
    const auto samples = self_samples(reading);
    for (const Sample& sample : samples) {
      if (sample.metric == "crm_agent_interval_stretch_ratio") most_stretch = std::max(most_stretch, sample.value);
    }
    fold(samples);
  }
  void start(std::size_t index) {
    const TimePoint now = clock_.now();
    if (const auto admission = governor().admit(index, now); !admission.admitted)
      return scheduler_->refused(index, admission.again);
    std::promise<probes::Reading> promise;
    targets_[0]->start(index, now, [&](probes::Reading reading) { promise.set_value(std::move(reading)); });
    const probes::Reading reading = promise.get_future().get();
    ++runs;
    if (reading.failure) failures.insert(reading.measurement + ": " + reading.failure->message);
    const auto before = governor().revision();
    Governor::Outcome outcome{reading.calls, reading.wait, {}};
    if (reading.failure) outcome.failed = reading.failure->reason;
    governor().finished(index, outcome, now);
    (void)governor().learn(reading.samples);
    fold(reading.samples);
    scheduler_->finished(index);
    if (governor().revision() == before) return;
    for (std::size_t i = 0; i < targets_[0]->measurements().size(); ++i)
      scheduler_->set_stretch(i, governor().stretch(i), now);
  }

  SharedClock& clock_;
  const agent::Settings& settings_;
  probes::Runtime runtime_;
  Targets targets_;
  Governors governors_;
  rules::Engine engine_;
  std::unique_ptr<Scheduler> scheduler_;
  TimePoint next_report_ = kStart;
};

agent::Settings settings_for(const Salesforce& salesforce, std::string_view more) {
  const TempDir folder;
  const crmpulse::test::Environment secret{"CRMPULSE_TEST_SECRET", "sandbox-client-secret"};
  const std::string file = folder.write(
      "agent.yaml", fmt::format("agent: {{name: a}}\nship: {{url: 'http://127.0.0.1:1/api/v1/write'}}\ncrms:\n"
                                "  - name: acme\n    recipe: salesforce\n    interval: 60s\n"
                                "    with: {{login_url: '{0}', status_url: '{0}'{1}}}\n"
                                "    auth: {{flow: client_credentials, client_id: crmpulse-sandbox, client_secret_env: "
                                "CRMPULSE_TEST_SECRET}}\n",
                                salesforce.url(), more));
  SettingsDefaults defaults{"a", "", source_dir("config/recipes"), source_dir("config/rules/default.yaml")};
  auto loaded = load_settings(file, defaults);
  if (!loaded) FAIL(to_string(loaded.error()));
  loaded->state_dir.clear();
  return *loaded;
}

}  // namespace

TEST_CASE("an org of 5,000 calls a day sees at most 50 of ours in 24 hours, and no alert comes of it") {
  for (const char* configured : {", daily_calls: 5000", ""}) {
    INFO("with: " << configured);
    SharedClock clock;
    const Salesforce salesforce{clock, 5000};
    const agent::Settings settings = settings_for(salesforce, configured);
    Day day{settings, clock};
    day.run(24h);
    net::HttpClient client;
    const auto log = salesforce.log(client);
    INFO(log.at("counted") << " of " << log.at("total"));
    CHECK(log.at("counted").to_number<int>() <= 50);
    CHECK(log.at("counted").to_number<int>() >= 25);
    CHECK(day.most_stretch > 4);
    for (const std::string& failure : day.failures) UNSCOPED_INFO(failure);
    CHECK(day.failures.empty());
    for (const std::string& alert : day.alerts) {
      INFO(alert);
      CHECK(alert.find("latency") == std::string::npos);
      CHECK(alert.find("availability") == std::string::npos);
      CHECK(alert.find("no_data") == std::string::npos);
    }
  }
}
