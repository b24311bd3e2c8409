// The program itself: exit codes and signals.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "core/text/printable.h"
#include "core/time/clock.h"
#include "tests/collector/support.h"
#include "wire/remote_write.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

const std::string kProgram = CRMPULSE_BINARY_DIR "/bin/crmpulse-collector";

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

std::string read(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

Ran run(const TempDir& directory, const std::string& arguments) {
  const std::string out = directory.path("stdout");
  const std::string err = directory.path("stderr");
  const int status = std::system((kProgram + " " + arguments + " >" + out + " 2>" + err + " </dev/null").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(out), read(err)};
}

/// Rules, remedies and a collector.yaml of this text before them.
std::string configure(const TempDir& directory, const std::string& more = "") {
  directory.write("rules.yaml", kQuickRules);
  directory.write("remedies.yaml", kRemedies);
  return directory.write(
      "collector.yaml",
      "listen: 127.0.0.1:0\nauth: off\nstate_dir: state\nrules: [rules.yaml]\nremedies: [remedies.yaml]\n" + more);
}

/// Starts `run` with its log in a file; SIGKILL when the object goes.
class Service {
 public:
  Service(const TempDir& directory, const std::string& config) : log_(directory.path("log")) {
    pid_ = ::fork();
    if (pid_ == 0) {
      if (std::freopen(log_.c_str(), "a", stderr) == nullptr) ::_exit(99);
      ::execl(kProgram.c_str(), kProgram.c_str(), "run", "--config", config.c_str(), nullptr);
      ::_exit(99);
    }
  }
  ~Service() {
    if (pid_ > 0) end(SIGKILL);
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  [[nodiscard]] std::string base() const {
    std::string port;
    REQUIRE(eventually([&] {
      const std::string text = read(log_);
      const auto at = text.find("address=127.0.0.1:");
      if (at == std::string::npos) return false;
      port = text.substr(at + 18, text.find_first_of(" \n", at + 18) - at - 18);
      return text.find('\n', at) != std::string::npos;
    }));
    return "http://127.0.0.1:" + port;
  }
  void signal(int number) const { ::kill(pid_, number); }
  int end(int number) {
    signal(number);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  [[nodiscard]] std::string log() const { return read(log_); }

 private:
  std::string log_;
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("wrong use is exit 2 with a reason on standard error", "[slow]") {
  const TempDir directory;
  for (const char* arguments : {"", "--nonsense", "run --nonsense", "walk", "test-alert", "token", "token create",
                                "backtest", "--log-level loud check"}) {
    INFO(arguments);
    const Ran ran = run(directory, arguments);
    CHECK(ran.code == 2);
    CHECK_FALSE(ran.err.empty());
    CHECK(ran.out.empty());
  }
  CHECK(run(directory, "--version").out.starts_with("crmpulse-collector "));
  CHECK(run(directory, "--help").code == 0);
}

TEST_CASE("check prints every problem as file:line: path: message and starts nothing", "[slow]") {
  const TempDir directory;
  const std::string good = configure(directory);
  const Ran fine = run(directory, "check --config " + good);
  INFO(fine.err);
  CHECK(fine.code == 0);
  CHECK_FALSE(std::filesystem::exists(directory.path("state")));
  const std::string bad = directory.write("bad.yaml", "auth: maybe\nrules: [nowhere.yaml]\n");
  const Ran wrong = run(directory, "check --config " + bad);
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("bad.yaml:1: auth: ") != std::string::npos);
  CHECK(run(directory, "check --config " + directory.path("absent.yaml")).code == 2);
  const Ran empty = run(directory, "check --config " + directory.write("empty.yaml", "# receivers: []\n"));
  CHECK(empty.code == 2);
  CHECK(empty.err.find("write {} when that is meant") != std::string::npos);
  const Ran warned = run(directory, "check --config " + directory.write("warned.yaml",
                                                                        "listen: 127.0.0.1:0\nauth: off\nrules: "
                                                                        "[rules.yaml, 'rulez/*.yaml']\n"));
  CHECK(warned.code == 0);
  CHECK(warned.err.find("rulez/*.yaml matches no file") != std::string::npos);
  CHECK(run(directory, "run --config " + bad).code == 2);
}

TEST_CASE(
    "a running collector reloads on SIGHUP, is copied while it runs, stops on SIGTERM, and its journal can be judged "
    "again") {
  const TempDir directory;
  const std::string config = configure(directory);
  Service service{directory, config};
  const std::string base = service.base();
  std::vector<Sample> samples;
  const TimePoint now = wall_now();
  for (int i = 5; i >= 0; --i) {
    samples.push_back(
        sample("crm_operation_duration_seconds", "acme", 5, now - std::chrono::seconds{i}, {{"operation", "read"}}));
  }
  REQUIRE(send(write_call(base, wire::encode(samples))).status == 204);
  service.signal(SIGHUP);
  CHECK(eventually([&] { return service.log().find("configuration reloaded") != std::string::npos; }));
  configure(directory, "nonsense: 1\n");
  service.signal(SIGHUP);
  CHECK(eventually([&] { return service.log().find("reload refused") != std::string::npos; }));
  configure(directory);
  const Ran copied = run(directory, "backup --config " + config + " " + directory.path("copy.db"));
  INFO(copied.err);
  CHECK(copied.code == 0);
  CHECK(std::filesystem::file_size(directory.path("copy.db")) > 0);
  CHECK(run(directory, "backup --config " + config + " " + directory.path("copy.db")).code == 1);
  const Ran second = run(directory, "run --config " + config);
  CHECK(second.code == 1);
  CHECK(service.end(SIGTERM) == 0);
  const Ran judged =
      run(directory, "backtest --config " + config + " --from " + format_time(now - std::chrono::hours{1}) + " --to " +
                         format_time(now + std::chrono::hours{1}));
  INFO(judged.err);
  CHECK(judged.code == 0);
  CHECK(judged.out.find("\"state\":\"poor\"") != std::string::npos);
}

TEST_CASE("a copy that was taken while it ran is the store of another machine", "[slow]") {
  const TempDir directory;
  const std::string config = configure(directory);
  std::vector<Sample> samples;
  for (int i = 5; i >= 0; --i) {
    samples.push_back(sample("crm_operation_duration_seconds", "acme", 5, wall_now() - std::chrono::seconds{i},
                             {{"operation", "read"}}));
  }
  std::string incident;
  const auto incident_of = [](const std::string& base) {
    const std::string body = send({"GET", base + "/api/v1/crms/acme", {}, ""}).body;
    CHECK(body.find("\"state\":\"poor\"") != std::string::npos);
    const auto at = body.find("\"incident\":{\"id\":\"");
    return at == std::string::npos ? std::string{"none"} : body.substr(at, 60);
  };
  {
    Service service{directory, config};
    REQUIRE(send(write_call(service.base(), wire::encode(samples))).status == 204);
    incident = incident_of(service.base());
    REQUIRE(run(directory, "backup --config " + config + " " + directory.path("copy.db")).code == 0);
  }
  const TempDir other;
  const std::string there = configure(other);
  std::filesystem::create_directory(other.path("state"));
  std::filesystem::copy_file(directory.path("copy.db"), other.path("state/collector.db"));
  const Service service{other, there};
  CHECK(incident_of(service.base()) == incident);
  CHECK(incident != "none");
}

TEST_CASE("nothing that was acknowledged is lost by kill -9") {
  const TempDir directory;
  const std::string config = configure(directory);
  {
    Service service{directory, config};
    std::vector<Sample> samples;
    for (int i = 5; i >= 0; --i) {
      samples.push_back(sample("crm_operation_duration_seconds", "acme", 5, wall_now() - std::chrono::seconds{i},
                               {{"operation", "read"}}));
    }
    REQUIRE(send(write_call(service.base(), wire::encode(samples))).status == 204);
    CHECK(service.end(SIGKILL) == -SIGKILL);
  }
  std::filesystem::remove(directory.path("log"));
  Service service{directory, config};
  CHECK(send({"GET", service.base() + "/api/v1/crms/acme", {}, ""}).body.find("\"state\":\"poor\"") !=
        std::string::npos);
}

TEST_CASE("test-alert sends a marked message and prints the answer") {
  const TempDir directory;
  Sink sink{{{204, {}, ""}, {500, {}, "out of order"}}};
  const std::string config =
      configure(directory, "receivers: [{name: oncall, type: webhook, url: \"" + sink.url() + "\"}]\n");
  const Ran delivered = run(directory, "test-alert --config " + config + " oncall");
  CHECK(delivered.code == 0);
  CHECK(delivered.out.starts_with("delivered: HTTP 204"));
  CHECK(sink.requests().at(0).body.find("\"type\":\"test\"") != std::string::npos);
  const Ran failed = run(directory, "test-alert --config " + config + " oncall");
  CHECK(failed.code == 1);
  CHECK(failed.out.find("out of order") != std::string::npos);
  CHECK(run(directory, "test-alert --config " + config + " nobody").code == 2);
}

TEST_CASE("tokens are created, listed without their secret, and revoked", "[slow]") {
  const TempDir directory;
  const std::string config = configure(directory);
  const Ran created = run(directory, "token create --config " + config + " --name branch-1 --role ingest");
  REQUIRE(created.code == 0);
  CHECK(created.out.starts_with("crmp_"));
  CHECK(run(directory, "token create --config " + config + " --name branch-1 --role ingest").code == 1);
  CHECK(run(directory, "token create --config " + config + " --name x --role king").code == 2);
  const Ran listed = run(directory, "token list --config " + config);
  CHECK(listed.out.find("branch-1\tingest\t") != std::string::npos);
  CHECK(listed.out.find(created.out.substr(0, 20)) == std::string::npos);
  CHECK(run(directory, "token revoke --config " + config + " --name branch-1").code == 0);
  CHECK(run(directory, "token list --config " + config).out.empty());
}

TEST_CASE("forget at the command line is done by the collector that runs, or by the next one, and written down",
          "[slow]") {
  const TempDir directory;
  const std::string config = configure(directory);
  const auto write = [&](const std::string& base, const std::string& crm) {
    const std::vector<Sample> one{
        sample("crm_operation_duration_seconds", crm, 5, wall_now(), {{"operation", "read"}})};
    REQUIRE(send(write_call(base, wire::encode(one))).status == 204);
    REQUIRE(send({"GET", base + "/api/v1/crms/" + crm, {}, ""}).status == 200);
  };
  CHECK(run(directory, "forget --config " + config + " acme").code == 1);  // there is no store yet
  {
    Service service{directory, config};
    write(service.base(), "acme");
    write(service.base(), "beta");
    // What the store does not know of yet is not refused as unknown.
    REQUIRE(eventually([&] { return run(directory, "forget --config " + config + " acme").code == 0; }));
    CHECK(read(directory.path("stdout")).find("acme: forgotten") == 0);
    CHECK(send({"GET", service.base() + "/api/v1/crms/acme", {}, ""}).status == 404);
    CHECK(send({"GET", service.base() + "/api/v1/crms/beta", {}, ""}).status == 200);
    const Ran unknown = run(directory, "forget --config " + config + " nobody");
    CHECK(unknown.code == 1);
    CHECK(unknown.err.find("there is no CRM 'nobody'") != std::string::npos);
    CHECK(run(directory, "forget --config " + config).code == 2);
    CHECK(service.end(SIGTERM) == 0);
  }
  // Nobody is there to do it: it is kept for the next start.
  std::filesystem::remove(directory.path("log"));
  const Ran asked = run(directory, "forget --config " + config + " beta");
  CHECK(asked.code == 0);
  CHECK(asked.out.find("the collector is not running") != std::string::npos);
  const Service service{directory, config};
  const std::string base = service.base();
  CHECK(eventually([&] { return send({"GET", base + "/api/v1/crms/beta", {}, ""}).status == 404; }));
  for (const char* crm : {"acme", "beta"}) {
    const std::string about = fmt::format("\"action\":\"forget\",\"about\":\"{}\",\"result\":\"done\"", crm);
    INFO(read(directory.path("state/audit.jsonl")));
    CHECK(eventually([&] { return read(directory.path("state/audit.jsonl")).find(about) != std::string::npos; }));
  }
}

TEST_CASE("commands about tokens that cannot be read say which file, fail, and change nothing", "[slow]") {
  const TempDir directory;
  const std::string config = configure(directory);
  REQUIRE(run(directory, "token create --config " + config + " --name branch-1 --role ingest").code == 0);
  const std::string file = directory.path("state/tokens.json");
  const std::string kept = read(file);
  const auto refuses = [&](const std::string& why) {
    for (const std::string command :
         {"list", "create --name other --role viewer", "revoke branch-1", "allow branch-1 --crm acme"}) {
      INFO(command);
      const Ran ran = run(directory, "token " + command + " --config " + config);
      CHECK(ran.code == 1);
      CHECK(ran.out.empty());
      CHECK(ran.err.find(file) != std::string::npos);
      CHECK(ran.err.find(why) != std::string::npos);
    }
  };
  std::filesystem::rename(file, file + ".kept");
  std::filesystem::create_directory(file);
  refuses("is not a file");
  std::filesystem::remove(file);
  std::filesystem::create_symlink(file, file);
  refuses("cannot be opened");
  std::filesystem::remove(file);
  directory.write("state/tokens.json", "{}");
  refuses("damaged");
  CHECK(read(file) == "{}");
  std::filesystem::rename(file + ".kept", file);
  CHECK(read(file) == kept);
  CHECK(run(directory, "token list --config " + config).out.find("branch-1\tingest") == 0);
}

TEST_CASE("what others named cannot move the cursor of who runs a command, nor hide in its line", "[slow]") {
  const TempDir directory;
  const std::string config = configure(directory);
  const std::string hostile = "ac\x1b[2J\xe2\x80\xaeme\xc2\x9b\xe2\x80\x8b";
  const auto is_clean = [](const std::string& text) {
    INFO(text);
    CHECK_FALSE(text.empty());
    for (std::string_view line = text; !line.empty();) {
      const std::size_t end = std::min(line.find('\n'), line.size());
      std::string piece{line.substr(0, end)};
      std::replace(piece.begin(), piece.end(), '\t', ' ');
      CHECK(is_printable(piece));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  };
  const std::string quoted = "'" + hostile + "'";
  {
    const Service service{directory, config};
    const std::vector<Sample> one{
        sample("crm_operation_duration_seconds", hostile, 5, wall_now(), {{"operation", "read"}})};
    REQUIRE(send(write_call(service.base(), wire::encode(one))).status == 204);
    REQUIRE(eventually([&] { return run(directory, "forget --config " + config + " " + quoted).code == 0; }));
    is_clean(read(directory.path("stdout")));
    is_clean(service.log());
    is_clean(run(directory, "forget --config " + config + " " + quoted).err);
  }
  is_clean(run(directory, "test-alert --config " + config + " " + quoted).err);
  is_clean(run(directory, "token revoke --config " + config + " --name " + quoted).err);
  is_clean(run(directory, "check --log-level " + quoted + " --config " + config).err);
  is_clean(run(directory, "check " + quoted + " --config " + config).err);
  is_clean(run(directory, quoted).err);
  // What a configuration names, and what was recorded.
  const std::string site = directory.write("named.yaml",
                                           "listen: 127.0.0.1:0\nauth: off\nstate_dir: state\nrules: "
                                           "[rules.yaml, \"ac\\e[2J\\u202Eme/*.yaml\"]\n");
  is_clean(run(directory, "check --config " + site).err);
  const std::string samples = directory.write(
      "samples.jsonl", fmt::format("{{\"at\":\"2026-11-21T09:00:00Z\",\"metric\":\"crm_operation_duration_seconds\","
                                   "\"labels\":{{\"crm\":\"ac\xe2\x80\xaeme\\u001b[2J\"}},\"value\":5}}\n"
                                   "{{\"at\":\"2026-11-21T09:00:10Z\",\"metric\":\"crm_operation_duration_seconds\","
                                   "\"labels\":{{\"crm\":\"ac\xe2\x80\xaeme\\u001b[2J\"}},\"value\":5}}\n"));
  const std::string backtest = "backtest --rules " + directory.path("rules.yaml") + " --samples " + samples;
  for (const char* how : {"", " --summary text", " --summary json"}) is_clean(run(directory, backtest + how).out);
}
