// What `setup` writes: into a configuration that somebody wrote, and again.

#include "collector/setup/plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "collector/configuration/settings.h"
#include "collector/http/tokens.h"
#include "collector/setup/command.h"
#include "core/files/public_file.h"
#include "core/time/clock.h"
#include "net/certificates/authority.h"
#include "net/certificates/bundle.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using Catch::Contains;
using crmpulse::test::TempDir;

namespace {

namespace fs = std::filesystem;

const std::string kWritten =
    "# ours\nlisten: 127.0.0.1:9460   # here\nauth: off                # nobody is asked\nstate_dir: state\nreceivers: "
    "[]\n";

struct Machine {
  explicit Machine(const std::string& text = kWritten) {
    options.config = text.empty() ? folder.path("collector.yaml") : folder.write("collector.yaml", text);
    options.names = {"crm.example"};
    options.yes = true;
  }
  [[nodiscard]] std::string config() const { return files::read_whole(options.config, 100'000).value(); }
  [[nodiscard]] std::string tls(const std::string& name) const {
    return files::read_whole(folder.path("state-tls/" + name), 100'000).value();
  }

  TempDir folder;
  SetupOptions options;
};

}  // namespace

TEST_CASE("setup writes certificate, listen and auth, and every other line stays") {
  const Machine machine;
  const auto plan = plan_setup(machine.options, wall_now());
  REQUIRE(plan.has_value());
  const std::string tls = machine.folder.path("state-tls");
  CHECK(plan->after ==
        "# ours\nlisten: 0.0.0.0:9460   # here\nauth: required                # nobody is asked\n"
        "state_dir: state\nreceivers: []\ntls:\n  cert_file: " +
            tls + "/collector.pem\n  key_file: " + tls + "/collector.key\n  ca_file: " + tls +
            "/ca.pem\n  ca_key_file: " + tls + "/ca.key\n");
  CHECK_FALSE(fs::exists(tls));
  REQUIRE(setup_command(machine.options) == 0);
  const auto settings = load_settings(machine.options.config);
  REQUIRE(settings.has_value());
  CHECK(settings->listen.address == "0.0.0.0");
  CHECK(settings->authority.has_value());
  CHECK(net::read_certificate(machine.tls("collector.pem"))->names ==
        std::vector<std::string>{"crm.example", "localhost", "127.0.0.1", "::1"});
  for (const auto& [name, mode] :
       {std::pair{"ca.key", 0600}, std::pair{"collector.key", 0600}, std::pair{"ca.pem", 0644}})
    CHECK((fs::status(machine.folder.path(std::string{"state-tls/"} + name)).permissions() & fs::perms::mask) ==
          static_cast<fs::perms>(mode));
  CHECK((fs::status(tls).permissions() & fs::perms::mask) == fs::perms::owner_all);
  const auto tokens = list_tokens(machine.folder.path("state"));
  REQUIRE(tokens->size() == 1);
  CHECK(tokens->at(0).role == AccessRole::admin);
}

TEST_CASE("setup again changes nothing, and with another name it keeps authority and key") {
  Machine machine;
  REQUIRE(setup_command(machine.options) == 0);
  const std::string ca = machine.tls("ca.pem");
  const std::string certificate = machine.tls("collector.pem");
  const std::string key = machine.tls("collector.key");
  const std::string config = machine.config();
  machine.options.names.clear();
  REQUIRE(setup_command(machine.options) == 0);
  CHECK(machine.tls("collector.pem") == certificate);
  CHECK(machine.config() == config);
  CHECK(list_tokens(machine.folder.path("state"))->size() == 1);
  machine.options.names = {"other.example"};
  REQUIRE(setup_command(machine.options) == 0);
  CHECK(machine.tls("ca.pem") == ca);
  CHECK(machine.tls("collector.key") == key);
  CHECK(net::read_certificate(machine.tls("collector.pem"))->names.front() == "other.example");
  machine.options.new_authority = true;
  REQUIRE(setup_command(machine.options) == 0);
  CHECK(machine.tls("ca.pem") != ca);
  CHECK(net::is_issued_by(machine.tls("collector.pem"), machine.tls("ca.pem")).value());
}

TEST_CASE("a dry run and a refusal write nothing") {
  Machine machine;
  machine.options.dry_run = true;
  CHECK(setup_command(machine.options) == 0);
  CHECK(machine.config() == kWritten);
  CHECK_FALSE(fs::exists(machine.folder.path("state-tls")));
  CHECK_FALSE(fs::exists(machine.folder.path("state")));
  Machine wrong{"listen: 127.0.0.1:9460\nauth: off\nstate_dir: state\nlissten: x\n"};
  CHECK(setup_command(wrong.options) == 2);
  CHECK_THAT(wrong.config(), Contains("auth: off"));
  CHECK_FALSE(fs::exists(wrong.folder.path("state-tls")));
}

TEST_CASE("what the collector refuses leaves the certificates that were there") {
  Machine machine;
  REQUIRE(setup_command(machine.options) == 0);
  const std::string certificate = machine.tls("collector.pem");
  const std::string authority = machine.tls("ca.pem");
  const std::string key = machine.tls("ca.key");
  machine.folder.write("collector.yaml", machine.config() + "lissten: x\n");
  const std::string config = machine.config();
  machine.options.names = {"other.example"};
  machine.options.new_authority = true;
  // As of a service with an account of its own, where this is root.
  const uid_t owner = ::geteuid() == 0 ? 65534 : ::geteuid();
  for (const char* file : {"state-tls", "state-tls/ca.key", "state-tls/collector.pem"})
    REQUIRE(::chown(machine.folder.path(file).c_str(), owner, static_cast<gid_t>(-1)) == 0);
  CHECK(setup_command(machine.options) == 2);
  for (const char* file : {"state-tls/ca.key", "state-tls/collector.pem"}) {
    struct stat found{};
    REQUIRE(::stat(machine.folder.path(file).c_str(), &found) == 0);
    CHECK(found.st_uid == owner);
  }
  CHECK(machine.config() == config);
  CHECK(machine.tls("collector.pem") == certificate);
  CHECK(machine.tls("ca.pem") == authority);
  CHECK(machine.tls("ca.key") == key);
  CHECK((fs::status(machine.folder.path("state-tls/ca.key")).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("without a configuration one is made, and a half-made authority is not guessed at") {
  Machine machine{""};
  machine.options.tls_dir = machine.folder.path("tls");
  const auto plan = plan_setup(machine.options, wall_now());
  REQUIRE(plan.has_value());
  CHECK(plan->after.starts_with("listen: 0.0.0.0:9460\nauth: required\ntls:\n  cert_file: "));
  fs::create_directories(machine.options.tls_dir);
  machine.folder.write("tls/ca.pem", "x");
  CHECK_THAT(plan_setup(machine.options, wall_now()).error().message, Contains("ca.pem is there without"));
}

TEST_CASE("one's own certificate is named, not copied, and what contradicts it is refused") {
  Machine machine;
  const net::Validity year{wall_now() - std::chrono::hours{1}, wall_now() + std::chrono::hours{24 * 365}};
  const net::CertifiedKey root = net::make_authority("ours", year).value();
  const net::CertifiedKey own = net::issue_server_certificate(root, {"crm.example"}, year).value();
  machine.options.names.clear();
  machine.options.cert_file = machine.folder.write("own.pem", own.certificate);
  CHECK_THAT(plan_setup(machine.options, wall_now()).error().message, Contains("--key-file"));
  machine.options.key_file = machine.folder.write("own.key", own.key);
  machine.options.ca_file = machine.folder.write("ca.pem", root.certificate);
  REQUIRE(setup_command(machine.options) == 0);
  const auto settings = load_settings(machine.options.config);
  REQUIRE(settings.has_value());
  CHECK(settings->tls->cert_file == machine.options.cert_file);
  CHECK(settings->authority->ca_file == machine.options.ca_file);
  CHECK(settings->authority->key_file.empty());
  CHECK_FALSE(fs::exists(machine.folder.path("state-tls")));
  machine.options.ca_file.clear();
  CHECK_THAT(plan_setup(machine.options, wall_now()).error().message, Contains("take tls.ca_file out"));
  machine.options.names = {"x"};
  CHECK_THAT(plan_setup(machine.options, wall_now()).error().message, Contains("not for your own"));
  SetupOptions listen = Machine{}.options;
  listen.listen = "9460";
  CHECK_THAT(plan_setup(listen, wall_now()).error().message, Contains("--listen"));
}
