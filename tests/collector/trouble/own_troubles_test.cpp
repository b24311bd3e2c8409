// The collector finds what is wrong with itself and its agents, and people hear of it.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "collector/collector.h"
#include "collector/http/tokens.h"
#include "net/certificates/authority.h"
#include "tests/collector/support.h"
#include "tests/support/manual_clock.h"
#include "wire/remote_write.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

/// A whole collector whose clock the test moves.
class Troubled {
 public:
  explicit Troubled(const std::string& receivers, const std::string& auth = "off", const std::string& more = "") {
    directory_.write("rules.yaml", kQuickRules);
    directory_.write("remedies.yaml", kRemedies);
    directory_.write("collector.yaml",
                     fmt::format("listen: 127.0.0.1:0\nauth: {}\nmetrics: open\nstate_dir: {}\nrules: [rules.yaml]\n"
                                 "remedies: [remedies.yaml]\n{}receivers:\n{}",
                                 auth, state(), more, receivers));
    start();
  }
  ~Troubled() { stop(); }

  void start() {
    const std::string config = directory_.path("collector.yaml");
    auto configuration = load_configuration(config).value();
    thread_ = std::make_unique<LoopThread>();
    collector_ = Collector::start(thread_->loop(), {clock_, clock_}, config, configuration).value();
    thread_->begin();
  }
  void stop() {
    if (!collector_) return;
    thread_->run([this] { collector_->stop(); });
    thread_->join();
    collector_.reset();
    thread_.reset();
  }
  /// In steps, as the seconds would go by; `between` is what happens every half minute.
  void pass(Duration time, const std::function<void()>& between = nullptr) {
    for (Duration passed{}; passed < time; passed += 5s) {
      if (between && passed % 30s == Duration{}) between();
      thread_->run([this] {
        clock_.advance(5s);
        collector_->tick();
      });
      settle();
    }
  }
  void jump(Duration time) {
    thread_->run([this, time] { clock_.advance(time); });
  }
  void settle() {
    REQUIRE(eventually([this] {
      bool quiet = false;
      thread_->run([&] { quiet = collector_->quiet(); });
      return quiet;
    }));
  }
  int write(const std::vector<Sample>& samples, const std::string& agent, const std::string& token = "",
            Duration ahead = {}) {
    Call call = write_call(base(), wire::encode(samples));
    call.headers.emplace_back("X-Crm-Agent", agent);
    call.headers.emplace_back("X-Crm-Time", format_time(clock_.now() + ahead));
    if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
    return send(call).status;
  }
  [[nodiscard]] Sample of_agent(const std::string& metric, const std::string& agent, double value) const {
    return {metric, {{"agent", agent}}, value, clock_.now()};
  }
  [[nodiscard]] json::array troubles() const {
    return json::parse(send({"GET", base() + "/api/v1/troubles", {}, ""}).body).at("troubles").as_array();
  }
  [[nodiscard]] std::string get(const std::string& path) const { return send({"GET", base() + path, {}, ""}).body; }
  [[nodiscard]] std::string base() const { return fmt::format("http://127.0.0.1:{}", collector_->port()); }
  [[nodiscard]] std::string state() const { return directory_.path("state"); }
  [[nodiscard]] const TempDir& directory() const { return directory_; }
  [[nodiscard]] TimePoint now() const { return clock_.now(); }

 private:
  TempDir directory_;
  ManualClock clock_{wall_now()};
  std::unique_ptr<LoopThread> thread_;
  std::unique_ptr<Collector> collector_;
};

std::string hook(const std::string& name, const Sink& sink, const std::string& more = "") {
  return fmt::format("  - {{name: {}, type: webhook, url: \"{}\"{}}}\n", name, sink.url(), more);
}

using Heard = std::vector<std::string>;

/// `collector.trouble damaged` of what a receiver got, in order.
Heard heard(const Sink& sink) {
  Heard all;
  for (const net::HttpRequest& request : sink.requests()) {
    const json::object body = json::parse(request.body).as_object();
    const std::string type{body.at("type").as_string()};
    if (type.find("trouble") == std::string::npos && type.find("recovered") == std::string::npos) continue;
    all.push_back(type + " " + std::string{body.at("reason").as_string()});
  }
  return all;
}

/// The first message for this reason.
json::object told(const Sink& sink, std::string_view reason) {
  for (const net::HttpRequest& request : sink.requests()) {
    const json::object body = json::parse(request.body).as_object();
    if (const json::value* of = body.if_contains("reason");
        of != nullptr && of->is_string() && of->get_string() == reason)
      return body;
  }
  throw std::runtime_error("nothing was told of it");
}

}  // namespace

TEST_CASE("a damaged file is told once with what to do, over a restart too, and its end when it is removed") {
  Sink chat;
  Sink pager;
  Troubled collector{hook("chat", chat) + hook("late", pager, ", escalate_after: 10m")};
  const std::string file = collector.directory().write("state/state-1.damaged-20261121T090000Z", "?");
  collector.pass(1min);
  CHECK(heard(chat) == Heard{"collector.trouble damaged"});
  const json::object message = told(chat, "damaged");
  CHECK(message.at("collector") == "crmpulse");
  CHECK(message.at("detail") == "1 file");
  CHECK(message.at("text").at("en").as_string().find("set aside") != std::string::npos);
  CHECK(message.at("remedy").at("zh").as_string().find("damaged-*") != std::string::npos);
  REQUIRE(collector.troubles().size() == 1);
  CHECK(collector.troubles()[0].at("kind") == "damaged");
  CHECK(collector.troubles()[0].at("told") == true);
  CHECK(collector.get("/plain").find("crmpulse 自身异常") != std::string::npos);
  CHECK(collector.get("/metrics").find(R"(crmpulse_collector_trouble{trouble="damaged")") != std::string::npos);
  collector.stop();
  collector.start();
  collector.pass(5min);
  CHECK(heard(chat).size() == 1);
  std::filesystem::remove(file);
  collector.pass(11min);
  CHECK(heard(chat) == Heard{"collector.trouble damaged", "collector.recovered damaged"});
  CHECK(collector.troubles().empty());
  CHECK(collector.get("/plain").find("自身异常") == std::string::npos);
  CHECK(pager.requests().empty());
}

TEST_CASE("a dead receiver is told to the others, and never to itself", "[slow]") {
  Sink dead;
  dead.behave([](const net::HttpRequest&) { return net::HttpResponse{500, {}, ""}; });
  Sink chat;
  Troubled collector{hook("dead", dead) + hook("chat", chat)};
  for (int i = 0; i < 8; ++i) {
    (void)collector.write(
        {sample("crm_operation_duration_seconds", "acme", 5, collector.now(), {{"operation", "read"}})}, "branch-1");
    collector.pass(5s);
  }
  collector.pass(40min);
  CHECK(heard(chat) == Heard{"collector.trouble receiver"});
  CHECK(told(chat, "receiver").at("about") == "dead");
  CHECK(heard(dead).empty());
}

TEST_CASE("an agent whose token is not valid any more is told by its name, a stranger's guesses are not") {
  Sink chat;
  Troubled collector{hook("chat", chat), "required"};
  const std::string token = create_token(collector.state(), "branch", AccessRole::ingest).value();
  collector.pass(10s);
  const auto speak = [&](const std::string& shown, const std::string& agent) {
    return collector.write({collector.of_agent("crm_agent_heartbeat_timestamp_seconds", agent, 1)}, agent, shown);
  };
  REQUIRE(speak(token, "branch-1") == 204);
  CHECK(speak("crmp_wrong", "stranger") == 401);
  collector.pass(8min, [&] {
    CHECK(speak("crmp_wrong", "branch-1") == 401);
    CHECK(speak("crmp_wrong", "stranger") == 401);
  });
  CHECK(heard(chat) == Heard{"agent.trouble agent_refused"});
  CHECK(told(chat, "agent_refused").at("agent") == "branch-1");
  CHECK(told(chat, "agent_refused").at("detail") == "unauthorized");
  collector.pass(12min, [&] { CHECK(speak(token, "branch-1") == 204); });
  CHECK(heard(chat) == Heard{"agent.trouble agent_refused", "agent.recovered agent_refused"});
}

TEST_CASE("what agents say of themselves and of their clocks is told, each with its agent", "[slow]") {
  Sink chat;
  Troubled collector{hook("chat", chat)};
  double dropped = 0;
  const auto speak = [&] {
    dropped += 10;
    CHECK(collector.write({collector.of_agent("crm_agent_heartbeat_timestamp_seconds", "a", 1),
                           collector.of_agent("crm_agent_dropped_samples_total", "a", std::min(dropped, 50.0)),
                           collector.of_agent("crm_agent_spool_damaged_files", "a", 0)},
                          "a") == 204);
    CHECK(collector.write({collector.of_agent("crm_agent_heartbeat_timestamp_seconds", "b", 1),
                           collector.of_agent("crm_agent_dropped_samples_total", "b", 4711),
                           collector.of_agent("crm_agent_spool_damaged_files", "b", 2)},
                          "b") == 204);
    CHECK(collector.write({collector.of_agent("crm_agent_heartbeat_timestamp_seconds", "c", 1)}, "c", "", 40s) == 204);
  };
  collector.pass(12min, speak);
  Heard all = heard(chat);
  std::sort(all.begin(), all.end());
  CHECK(all == Heard{"agent.trouble agent_clock", "agent.trouble agent_damaged", "agent.trouble agent_dropped"});
  std::map<std::string, std::string> of;
  for (const json::value& one : collector.troubles())
    of[std::string{one.at("kind").as_string()}] = std::string{one.at("subject").as_string()};
  CHECK(of == std::map<std::string, std::string>{{"agent_clock", "c"}, {"agent_damaged", "b"}, {"agent_dropped", "a"}});
  collector.pass(80min, speak);
  all = heard(chat);
  CHECK(std::count(all.begin(), all.end(), "agent.recovered agent_dropped") == 1);
}

TEST_CASE("when the clocks of all agents are off the same way, it is the collector's that is wrong") {
  Sink chat;
  Troubled collector{hook("chat", chat)};
  collector.pass(12min, [&] {
    for (const char* agent : {"a", "b", "c", "d"})
      CHECK(collector.write({collector.of_agent("crm_agent_heartbeat_timestamp_seconds", agent, 1)}, agent, "", 45s) ==
            204);
  });
  CHECK(heard(chat) == Heard{"collector.trouble collector_clock"});
}

TEST_CASE("a token that ends soon is told by its name, one that is good for long is not") {
  Sink chat;
  Troubled collector{hook("chat", chat)};
  const auto create = [&](const std::string& name, Duration life) {
    (void)create_token(collector.state(), name, AccessRole::ingest, {"", collector.now() + life}).value();
  };
  create("long", 24h * 365);
  create("short", 24h);
  collector.pass(1min);
  CHECK(heard(chat).empty());
  collector.jump(19h);
  collector.pass(1min);
  CHECK(heard(chat) == Heard{"collector.trouble token"});
  CHECK(told(chat, "token").at("about") == "short");
}

TEST_CASE("a certificate that cannot be renewed is told, and so is an authority that ends, in time") {
  const TempDir tls;
  const TimePoint begin = wall_now() - 1h;
  const net::CertifiedKey root = net::make_authority("test", {begin, begin + 24h * 200}).value();
  const net::CertifiedKey own = net::issue_server_certificate(root, {"127.0.0.1"}, {begin, begin + 24h * 90}).value();
  const std::string more = fmt::format("tls: {{cert_file: {}, key_file: {}, ca_file: {}, ca_key_file: {}}}\n",
                                       tls.write("own.pem", own.certificate), tls.write("own.key", own.key),
                                       tls.write("ca.pem", root.certificate), tls.write("ca.key", root.key));
  Sink chat;
  Troubled collector{hook("chat", chat), "off", more};
  collector.pass(2min);
  CHECK(heard(chat).empty());
  std::filesystem::rename(tls.path("ca.key"), tls.path("away"));
  collector.jump(24h * 70);
  collector.pass(25min);
  CHECK(heard(chat) == Heard{"collector.trouble renewal"});
  std::filesystem::rename(tls.path("away"), tls.path("ca.key"));
  collector.pass(25min);
  CHECK(heard(chat) == Heard{"collector.trouble renewal", "collector.recovered renewal"});
  collector.jump(24h * 45);
  collector.pass(2min);
  CHECK(heard(chat).back() == "collector.trouble authority");
}

TEST_CASE("unless the file says who, troubles go to receivers that hear of everything and call nobody") {
  const auto named = [](const std::string& receivers, const std::string& more = "") {
    const TempDir directory;
    directory.write("key", "0123456789abcdef0123456789abcdef");
    const std::string file =
        directory.write("collector.yaml", "state_dir: " + directory.path() + "\n" + more + "receivers:\n" + receivers);
    std::vector<std::string> names;
    const auto settings = load_settings(file);
    if (!settings) return std::vector<std::string>{to_string(settings.error())};
    for (const ReceiverSettings* one : told_of_troubles(*settings)) names.push_back(one->name);
    return names;
  };
  const std::string chat = "  - {name: chat, type: webhook, url: \"http://127.0.0.1:1/\"}\n";
  const std::string poor = "  - {name: poor, type: webhook, url: \"http://127.0.0.1:1/\", min_state: poor}\n";
  const std::string pager = "  - {name: pager, type: pagerduty, routing_key_env: PATH}\n";
  const std::string deadman = "  - {name: deadman, type: webhook, url: \"http://127.0.0.1:1/\"}\n";
  const std::string heartbeat = "heartbeat: {receiver: deadman}\n";
  CHECK(named(chat + poor + pager + deadman, heartbeat) == Heard{"chat"});
  CHECK(named(poor + pager) == Heard{"poor"});
  CHECK(named(pager).empty());
  CHECK(named(chat + pager, "troubles: {receivers: [pager]}\n") == Heard{"pager"});
  CHECK(named(chat + pager, "troubles: {receivers: []}\n").empty());
  CHECK_THAT(named(chat, "troubles: {receivers: [nobody]}\n").at(0), Catch::Contains("there is no receiver 'nobody'"));
  CHECK_THAT(named(chat + deadman, heartbeat + "troubles: {receivers: [deadman]}\n").at(0),
             Catch::Contains("heartbeats"));
}
