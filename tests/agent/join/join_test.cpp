// `join` against a server that answers as a collector does, or as somebody between would.

#include "agent/join/command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "agent/settings/settings.h"
#include "core/files/public_file.h"
#include "core/time/clock.h"
#include "net/certificates/authority.h"
#include "net/certificates/bundle.h"
#include "net/loop/loop.h"
#include "net/server/http_server.h"
#include "tests/agent/support.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

const std::string kToken = "crmp_0123456789abcdef";

/// Gives an authority, and a token for the code `good`.
class Gate {
 public:
  explicit Gate(const std::string& name = "127.0.0.1") {
    const net::Validity year{wall_now() - std::chrono::hours{1}, wall_now() + std::chrono::hours{24 * 365}};
    root = net::make_authority("test", year).value();
    const net::CertifiedKey own = net::issue_server_certificate(root, {name}, year).value();
    shown = root.certificate;
    net::ServerOptions options;
    options.tls = net::TlsFiles{folder_.write("own.pem", own.certificate), folder_.write("own.key", own.key), ""};
    server_ =
        net::HttpServer::listen(loop_, options, [this](const net::HttpRequest& request, const net::Respond& respond) {
          respond(answer(request));
        }).value();
    port_ = server_->port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Gate() {
    loop_.post([this] { server_->stop(Duration{}, [this] { loop_.stop(); }); });
    thread_.join();
  }
  [[nodiscard]] std::string url() const { return fmt::format("https://127.0.0.1:{}", port_); }
  [[nodiscard]] std::string hash() const { return net::read_bundle(root.certificate).value().fingerprint; }
  [[nodiscard]] std::string bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

  net::CertifiedKey root;
  std::string shown;  ///< what it gives as its authority
  std::atomic<int> busy{0};
  std::string agent = "branch-1";

 private:
  net::HttpResponse answer(const net::HttpRequest& request) {
    net::HttpResponse response;
    if (request.path == "/api/v1/ca") {
      response.body = shown;
      return response;
    }
    {
      const std::lock_guard lock(mutex_);
      bodies_ += request.path + " " + request.body + "\n";
    }
    if (busy-- > 0) {
      response.status = 503;
      response.headers.emplace_back("Retry-After", "1");
    } else if (request.body == R"({"code":"good"})") {
      response.status = 201;
      response.body = fmt::format(R"({{"agent":"{}","name":"{}","token":"{}"}})", agent, agent, kToken);
    } else {
      response.status = 401;
      response.body = R"({"error":{"code":"unauthorized","message":"this code is not that of an open invitation"}})";
    }
    return response;
  }

  TempDir folder_;
  net::Loop loop_;
  std::unique_ptr<net::HttpServer> server_;
  unsigned short port_ = 0;
  mutable std::mutex mutex_;
  std::string bodies_;
  std::thread thread_;
};

struct Machine {
  explicit Machine(const std::string& text =
                       "# mine\nagent:\n  name: old   # ours\nship:\n  url: http://127.0.0.1:9460/api/v1/write\n"
                       "crms: []  # none yet\n") {
    config = text.empty() ? folder.path("agent.yaml") : folder.write("agent.yaml", text);
  }
  int join(const Gate& gate, const std::string& hash, const std::string& code = "good", const std::string& url = "") {
    std::ostringstream output;
    std::ostringstream errors;
    const SettingsDefaults defaults{"host", folder.path("state"), source_dir("config/recipes"),
                                    source_dir("config/rules/default.yaml")};
    const int done = join_command({url.empty() ? gate.url() : url, hash, code, config, "en"}, defaults, output, errors);
    out = output.str();
    err = errors.str();
    return done;
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    return files::read_whole(folder.path(name), 100'000).value();
  }
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder.path()}) names.insert(entry.path().filename().string());
    return names;
  }

  TempDir folder;
  std::string config;
  std::string out;
  std::string err;
};

unsigned mode_of(const std::string& file) {
  struct stat found{};
  return ::stat(file.c_str(), &found) == 0 ? found.st_mode & 0777U : 0;
}

}  // namespace

TEST_CASE("an agent that joins has authority, token and address beside and in its configuration") {
  const Gate gate;
  Machine machine;
  REQUIRE(machine.join(gate, gate.hash()) == 0);
  CHECK(machine.text("agent.token") == kToken + "\n");
  CHECK(machine.text("collector-ca.pem") == gate.root.certificate);
  CHECK(mode_of(machine.folder.path("agent.token")) == 0600);
  CHECK(mode_of(machine.folder.path("collector-ca.pem")) == 0644);
  CHECK(
      machine.text("agent.yaml") ==
      fmt::format("# mine\nagent:\n  name: branch-1   # ours\nship:\n  token_file: {0}/agent.token\n  tls: {{ca_file: "
                  "{0}/collector-ca.pem}}\n  url: {1}/api/v1/write\ncrms: []  # none yet\n",
                  machine.folder.path(), gate.url()));
  CHECK(machine.files() == std::set<std::string>{"agent.yaml", "agent.token", "collector-ca.pem"});
  CHECK_THAT(machine.out, Contains("branch-1") && Contains(gate.hash()) && Contains("Next: "));
  CHECK(machine.out.find(kToken) == std::string::npos);
  CHECK(machine.err.empty());
  const auto settings = load_settings(machine.config, {"host", "", source_dir("config/recipes"), ""});
  REQUIRE(settings.has_value());
  CHECK(settings->agent_name == "branch-1");
  CHECK(settings->ship.token.reveal() == kToken);
}

TEST_CASE("where systemd hands over credentials the token is one, and without a configuration one is made") {
  const Gate gate;
  Machine machine{""};
  fs::create_directories(machine.folder.path("credentials"));
  REQUIRE(machine.join(gate, gate.hash(), "good", gate.url() + "/") == 0);
  CHECK(machine.text("credentials/agent.token") == kToken + "\n");
  CHECK_THAT(machine.text("agent.yaml"), Contains("token_credential: 'agent.token'") && Contains("crms: []"));
  CHECK_THAT(machine.out, Contains("ship.token_credential"));
  REQUIRE(load_settings(machine.config, {"host", "", source_dir("config/recipes"), ""}).has_value());
}

TEST_CASE("nothing is written and no code is sent when the authority is another") {
  Gate gate;
  Machine machine;
  const std::string before = machine.text("agent.yaml");
  const Gate other;
  CHECK(machine.join(gate, other.hash()) == 1);
  CHECK_THAT(machine.err, Contains("another authority") && Contains("Nothing was written"));
  // Somebody between gives the right authority and has a certificate of another.
  gate.shown = other.root.certificate;
  CHECK(machine.join(gate, other.hash()) == 1);
  CHECK_THAT(machine.err, Contains("certificate"));
  gate.shown = "no certificate at all";
  CHECK(machine.join(gate, other.hash()) == 1);
  CHECK(gate.bodies().empty());
  CHECK(machine.files() == std::set<std::string>{"agent.yaml"});
  CHECK(machine.text("agent.yaml") == before);
}

TEST_CASE("a certificate for another host is refused though the authority is right") {
  const Gate gate{"collector.example"};
  Machine machine;
  CHECK(machine.join(gate, gate.hash()) == 1);
  CHECK(gate.bodies().empty());
  CHECK(machine.files() == std::set<std::string>{"agent.yaml"});
}

TEST_CASE("a code that is refused changes nothing, and a collector that is busy is asked again") {
  Gate gate;
  Machine machine;
  CHECK(machine.join(gate, gate.hash(), "bad") == 1);
  CHECK_THAT(machine.err, Contains("not that of an open invitation") && Contains("Nothing was written"));
  CHECK(machine.err.find("bad") == std::string::npos);
  CHECK(machine.files() == std::set<std::string>{"agent.yaml"});
  gate.busy = 1;
  CHECK(machine.join(gate, gate.hash()) == 0);
}

TEST_CASE("what is wrong is found before the code is used up") {
  const Gate gate;
  Machine machine;
  for (const auto& [url, hash] :
       {std::pair{std::string{"http://127.0.0.1/"}, gate.hash()}, std::pair{gate.url(), std::string{"sha256:12"}},
        std::pair{gate.url() + "/?x=1", gate.hash()}, std::pair{std::string{"https://me:x@127.0.0.1/"}, gate.hash()}}) {
    INFO(url << " " << hash);
    CHECK(machine.join(gate, hash, "good", url) == 2);
  }
  Machine by_hand{"ship: {url:\n  http://a/}\ncrms: []\n"};
  CHECK(by_hand.join(gate, gate.hash()) == 2);
  CHECK_THAT(by_hand.err, Contains("by hand"));
  Machine broken{"ship: [\n"};
  CHECK(broken.join(gate, gate.hash()) == 2);
  fs::create_directories(machine.folder.path("agent.token.joining"));
  CHECK(machine.join(gate, gate.hash()) == 1);
  CHECK(gate.bodies().empty());
}

TEST_CASE("who joins again has the new token, and the line of the first is of no use") {
  Gate gate;
  Machine machine;
  REQUIRE(machine.join(gate, gate.hash()) == 0);
  const std::string before = machine.text("agent.yaml");
  gate.agent = "branch-2";
  REQUIRE(machine.join(gate, gate.hash()) == 0);
  CHECK_THAT(machine.text("agent.yaml"), Contains("name: branch-2"));
  gate.agent = "branch-1";
  REQUIRE(machine.join(gate, gate.hash()) == 0);
  CHECK(machine.text("agent.yaml") == before);
}
