#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/agent/running_agent.h"
#include "tests/agent/support.h"
#include "tests/probes/crm_server.h"
#include "tests/support/notify_socket.h"

using namespace crmpulse;
using namespace crmpulse::agent::test;
using crmpulse::test::NotifySocket;
using namespace std::chrono_literals;

namespace {

std::set<std::string> seen(const Sink& sink, std::string_view metric, std::string_view label) {
  std::set<std::string> out;
  for (const auto& request : sink.received()) {
    for (const Sample& sample : request.samples) {
      if (sample.metric == metric) out.insert(std::string{sample.labels.get(label)});
    }
  }
  return out;
}

/// Stamps of a CRM's accepted crm_up samples, as they arrived.
std::vector<TimePoint> stamps(const Sink& sink, std::string_view crm) {
  std::vector<TimePoint> out;
  for (const auto& request : sink.received()) {
    for (const Sample& sample : request.samples) {
      if (request.answered / 100 == 2 && sample.metric == "crm_up" && sample.labels.get("crm") == crm)
        out.push_back(sample.at);
    }
  }
  return out;
}

/// The agent's configuration as a pipe: whoever reads it waits until the test writes.
class SlowFile {
 public:
  explicit SlowFile(std::string path) : path_(std::move(path)) {
    std::filesystem::remove(path_);
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
  }
  ~SlowFile() {
    if (end_ >= 0) ::close(end_);
  }
  SlowFile(const SlowFile&) = delete;
  SlowFile& operator=(const SlowFile&) = delete;

  [[nodiscard]] bool is_being_read() {
    return eventually([&] { return (end_ = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0; });
  }
  /// Lets the reader have it; others find what is at the path then.
  void give(const std::string& text) {
    REQUIRE(::write(end_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(std::exchange(end_, -1));
  }

 private:
  std::string path_;
  int end_ = -1;
};

}  // namespace

TEST_CASE("a running agent ships its CRM's samples and its own, and stops cleanly on SIGTERM") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme", ", labels: {team: sales}"), ", labels: {region: eu}");
  Process process = agent.start();
  const bool shipped = eventually(
      [&] { return sink.accepted("crm_up").size() >= 2 && !sink.accepted("crm_records_incomplete").empty(); });
  INFO(agent.log());
  REQUIRE(shipped);
  CHECK(seen(sink, "crm_up", "kind") == std::set<std::string>{"mini"});
  CHECK(seen(sink, "crm_up", "agent") == std::set<std::string>{"a"});
  CHECK(seen(sink, "crm_up", "region") == std::set<std::string>{"eu"});
  CHECK(seen(sink, "crm_up", "team") == std::set<std::string>{"sales"});
  CHECK(sink.accepted("crm_records_incomplete").front() == 1);
  CHECK(seen(sink, "crm_agent_heartbeat_timestamp_seconds", "crm") == std::set<std::string>{""});
  CHECK(seen(sink, "crm_agent_calls_total", "crm") == std::set<std::string>{"acme"});
  CHECK_FALSE(seen(sink, "crm_agent_info", "version").contains(""));
  CHECK_FALSE(seen(sink, "crm_agent_info", "system").contains(""));
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
  CHECK(agent.log().find("agent stopped") != std::string::npos);
}

TEST_CASE("what scripts write about a CRM is shipped with its labels, and a bad file is told once") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.folder.write("told/backup.prom", "crm_backup_timestamp_seconds 1795200000\ncrm_backup_bytes 7\n");
  // The recipe counts incomplete records itself: a series has one writer.
  agent.folder.write("told/bad.prom", "crm_records_incomplete{object=\"contact\",field=\"email\"} 5\n");
  agent.configure(agent.crm("acme", ", textfile_dir: told"));
  Process process = agent.start();
  const bool shipped = eventually([&] { return !sink.accepted("crm_agent_textfiles_refused").empty(); });
  INFO(agent.log());
  REQUIRE(shipped);
  REQUIRE(sink.accepted("crm_backup_timestamp_seconds") == std::vector{1795200000.0});
  CHECK(sink.accepted("crm_backup_bytes") == std::vector{7.0});
  CHECK(seen(sink, "crm_backup_bytes", "crm") == std::set<std::string>{"acme"});
  CHECK(seen(sink, "crm_backup_bytes", "kind") == std::set<std::string>{"mini"});
  CHECK(seen(sink, "crm_backup_bytes", "agent") == std::set<std::string>{"a"});
  CHECK(sink.accepted("crm_agent_textfiles_refused") == std::vector{1.0});
  CHECK(seen(sink, "crm_agent_textfile_timestamp_seconds", "file") == std::set<std::string>{"backup.prom", "bad.prom"});
  CHECK(agent.log().find("bad.prom:1: crm_records_incomplete is measured by the CRM's recipe already") !=
        std::string::npos);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("SIGHUP takes over a good configuration whole, and nothing of a bad one") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  Process process = agent.start();
  REQUIRE(eventually([&] { return !sink.accepted("crm_up").empty(); }));

  agent.configure(agent.crm("globex") + "  - {name: broken, recipe: nothing}\n");
  process.signal(SIGHUP);
  REQUIRE(eventually([&] { return agent.log().find("reload refused, nothing changed") != std::string::npos; }));
  const auto before = stamps(sink, "acme").size();
  REQUIRE(eventually([&] { return stamps(sink, "acme").size() > before; }));
  CHECK(stamps(sink, "globex").empty());

  agent.configure(agent.crm("globex"));
  process.signal(SIGHUP);
  const bool changed = eventually([&] { return stamps(sink, "globex").size() >= 2; });
  INFO(agent.log());
  REQUIRE(changed);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("an agent measures on while a reload reads, and a reload asked for meanwhile reads the files anew") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  Process process = agent.start();
  REQUIRE(eventually([&] { return !sink.accepted("crm_up").empty(); }));

  const std::string text = read_file(agent.folder.path("agent.yaml"));
  SlowFile slow{agent.folder.path("agent.yaml")};
  process.signal(SIGHUP);
  REQUIRE(slow.is_being_read());
  const auto before = stamps(sink, "acme").size();
  CHECK(eventually([&] { return stamps(sink, "acme").size() >= before + 2; }));
  process.signal(SIGHUP);

  std::filesystem::remove(agent.folder.path("agent.yaml"));
  agent.configure(agent.crm("globex"));
  slow.give(text);
  const bool changed = eventually([&] { return !stamps(sink, "globex").empty(); });
  INFO(agent.log());
  CHECK(changed);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("an agent that is stopped while a reload reads takes nothing of it over and ends in order") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  Process process = agent.start();
  REQUIRE(eventually([&] { return !sink.accepted("crm_up").empty(); }));

  agent.configure(agent.crm("globex"));
  const std::string text = read_file(agent.folder.path("agent.yaml"));
  SlowFile slow{agent.folder.path("agent.yaml")};
  process.signal(SIGHUP);
  REQUIRE(slow.is_being_read());
  process.signal(SIGTERM);
  CHECK(eventually([&] { return agent.log().find("agent stopped") != std::string::npos; }));
  slow.give(text);
  CHECK(process.wait() == 0);
  INFO(agent.log());
  CHECK(agent.log().find("configuration reloaded") == std::string::npos);
  CHECK(stamps(sink, "globex").empty());
}

TEST_CASE("a call to a CRM with an allowance is counted on disk before it is made") {
  const Sink sink;
  Agent agent{sink.url()};
  std::atomic<bool> counted = false;
  const crmpulse::test::CrmServer server{[&](const net::HttpRequest&) {
    counted = std::filesystem::exists(agent.folder.path("state/calls/acme"));
    return net::HttpResponse{200, {}, "{}"};
  }};
  // One call a day is our share of it.
  agent.configure(
      fmt::format("  - {{name: acme, recipe: web, with: {{url: '{}', daily_calls: 100}}, auth: {{flow: bearer, "
                  "token_env: CRMPULSE_TEST_TOKEN}}}}\n",
                  server.url()));
  Process process = agent.start({"CRMPULSE_TEST_TOKEN=secret"});
  const bool called = eventually([&] { return !server.requests().empty(); });
  INFO(agent.log());
  REQUIRE(called);
  CHECK(counted);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("what cannot change while running waits for a restart, and the rest of a reload is taken") {
  const Sink sink;
  const std::string socket = "@crmpulse-agent-restart-" + std::to_string(getpid());
  const NotifySocket manager{socket};
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  Process process = agent.start({"NOTIFY_SOCKET=" + socket});
  REQUIRE(eventually([&] { return !sink.accepted("crm_up").empty(); }));
  std::string text = read_file(agent.folder.path("agent.yaml"));
  text.replace(text.find("state_dir: state"), 16, "state_dir: other");
  agent.folder.write("agent.yaml", text + agent.crm("second"));
  process.signal(SIGHUP);
  CHECK(eventually([&] { return agent.log().find("keys=agent.state_dir") != std::string::npos; }));
  CHECK(eventually([&] { return !stamps(sink, "second").empty(); }));
  CHECK(
      eventually([&] { return manager.next().find("a restart is needed for agent.state_dir") != std::string::npos; }));
}

TEST_CASE("after a refused reload the service manager's status says why") {
  const Sink sink;
  const std::string socket = "@crmpulse-agent-refused-" + std::to_string(getpid());
  const NotifySocket manager{socket};
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  Process process = agent.start({"NOTIFY_SOCKET=" + socket});
  REQUIRE(eventually([&] { return !sink.accepted("crm_up").empty(); }));
  agent.folder.write("agent.yaml", read_file(agent.folder.path("agent.yaml")) + "shipp: {}\nrulez: []\n");
  process.signal(SIGHUP);
  std::string said;
  CHECK(eventually([&] {
    said = manager.next();
    return said.find("last reload refused") != std::string::npos;
  }));
  CHECK(said.find("shipp: unknown key 'shipp'; did you mean 'ship'? (and one more problem)") != std::string::npos);
}

TEST_CASE("an agent that was killed sends what was not acknowledged, once, in order") {
  Agent agent{"http://127.0.0.1:1/api/v1/write"};
  agent.configure(agent.crm("acme"));
  {
    Process process = agent.start();
    // Nobody takes its samples; its spool grows: the other measurements, the agent's own, and liveness each second.
    REQUIRE(eventually(
        [&] { return sqlite_count(agent.folder.path("state/spool.db"), "SELECT count(*) FROM spool_row") >= 6; }));
    process.signal(SIGKILL);
    CHECK(process.wait() == 128 + SIGKILL);
  }
  const Sink sink;
  std::string text = read_file(agent.folder.path("agent.yaml"));
  text.replace(text.find("http://127.0.0.1:1/api/v1/write"), 31, sink.url());
  agent.folder.write("agent.yaml", text);
  const auto restarted = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  Process process = agent.start();
  const bool arrived = eventually([&] {
    const auto at = stamps(sink, "acme");
    return !at.empty() && at.back() >= restarted;
  });
  INFO(agent.log());
  REQUIRE(arrived);
  auto at = stamps(sink, "acme");
  CHECK(at.front() < restarted);
  CHECK(std::count_if(at.begin(), at.end(), [&](TimePoint time) { return time < restarted; }) >= 2);
  CHECK(std::is_sorted(at.begin(), at.end()));
  CHECK(std::adjacent_find(at.begin(), at.end()) == at.end());
}

TEST_CASE("a second agent on the same state directory is refused") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  const Process first = agent.start();
  REQUIRE(eventually([&] { return !sink.accepted("crm_up").empty(); }));
  Process second = agent.start();
  CHECK(second.wait() == 1);
}

TEST_CASE("the service manager hears ready, alive, reloading and stopping from a running agent") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  const NotifySocket socket{agent.folder.path("notify")};
  Process process = agent.start({"NOTIFY_SOCKET=" + agent.folder.path("notify"), "WATCHDOG_USEC=100000"});
  const auto hears = [&](std::string_view start) {
    for (int i = 0; i < 200; ++i) {
      const std::string message = socket.next();
      if (message.starts_with(start)) return true;
      if (message == "nothing came") break;
    }
    return false;
  };
  CHECK(hears("READY=1"));
  CHECK(hears("STATUS=1 CRMs, collector "));
  CHECK(hears("WATCHDOG=1"));
  CHECK(hears("WATCHDOG=1"));
  process.signal(SIGHUP);
  CHECK(hears("RELOADING=1"));
  CHECK(hears("READY=1"));
  process.signal(SIGTERM);
  CHECK(hears("STOPPING=1"));
  CHECK(process.wait() == 0);
}

TEST_CASE("the service manager hears why a reload was refused before it hears that the reload is over") {
  const Sink sink;
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  const NotifySocket socket{agent.folder.path("notify")};
  Process process = agent.start({"NOTIFY_SOCKET=" + agent.folder.path("notify")});
  /// Messages up to the one that begins so.
  const auto until = [&](std::string_view start) {
    std::vector<std::string> heard;
    do {
      heard.push_back(socket.next());
    } while (!heard.back().starts_with(start) && heard.back() != "nothing came");
    return heard;
  };
  REQUIRE(until("READY=1").back() == "READY=1");
  agent.configure("  - {name: a, recipe: nothing}\n");
  process.signal(SIGHUP);
  REQUIRE(until("RELOADING=1").back().starts_with("RELOADING=1"));
  const std::vector<std::string> heard = until("READY=1");
  CHECK(std::any_of(heard.begin(), heard.end(), [](const std::string& message) {
    return message.find("last reload refused") != std::string::npos;
  }));
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("the status calls a collector reachable only when it has answered") {
  std::promise<void> may_answer;
  Sink sink;
  sink.before_answer([answer = may_answer.get_future().share()] { answer.wait(); });
  Agent agent{sink.url()};
  agent.configure(agent.crm("acme"));
  const NotifySocket socket{agent.folder.path("notify")};
  Process process = agent.start({"NOTIFY_SOCKET=" + agent.folder.path("notify")});
  const auto next_status = [&] {
    std::string message = socket.next();
    while (!message.starts_with("STATUS=") && message != "nothing came") message = socket.next();
    return message;
  };
  const std::string first = next_status();
  INFO(first);
  CHECK((first.find("collector not asked yet,") != std::string::npos ||
         first.find("collector has not answered yet,") != std::string::npos));
  may_answer.set_value();
  CHECK(eventually([&] { return next_status().find("collector reachable,") != std::string::npos; }));
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
}

TEST_CASE("an unusable configuration ends run with 2 and every problem") {
  Agent agent{"http://127.0.0.1:1/api/v1/write"};
  agent.configure("  - {name: a, recipe: nothing}\n  - {name: b, recipe: mini}\n");
  Process process = agent.start();
  CHECK(process.wait() == 2);
  CHECK(agent.log().find("crms[0].recipe") != std::string::npos);
  CHECK(agent.log().find("crms[1].with.url") != std::string::npos);
}
