#include "config/service/service_reach.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "config/service/unit.h"
#include "tests/support/notify_socket.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::config;
using crmpulse::test::Environment;
using crmpulse::test::TempDir;

namespace {

namespace fs = std::filesystem;

/// A machine with a unit for crmpulse-agent, in a folder that everybody may enter.
struct Machine {
  Machine() {
    for (const char* name : {"", "units", "etc", "etc/credentials"}) {
      fs::create_directories(folder.path(name));
      ::chmod(folder.path(name).c_str(), 0755);
    }
    ::chmod(folder.path("etc/credentials").c_str(), 0700);
    write("etc/agent.yaml", "ship: {}\n", 0644);
    unit("DynamicUser=yes\nUser=crmpulse-nobody-has-this-name\n");
  }
  void write(const std::string& name, const std::string& text, mode_t mode) const {
    ::chmod(folder.write(name, text).c_str(), mode);
  }
  void unit(const std::string& lines) const {
    folder.write("units/crmpulse-agent.service",
                 fmt::format("[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/crmpulse-agent run --config {}\n"
                             "LoadCredential=crmpulse:{}\n{}[Install]\n",
                             config(), folder.path("etc/credentials"), lines));
  }
  [[nodiscard]] std::string config() const { return folder.path("etc/agent.yaml"); }
  [[nodiscard]] std::string said(const std::vector<std::string>& more = {}) const {
    return fmt::format("{}", fmt::join(unreadable_for_service("crmpulse-agent", config(), more), "\n"));
  }

  TempDir folder;
  Environment path{"SYSTEMD_UNIT_PATH", folder.path("units")};
};

}  // namespace

TEST_CASE("what lies in the service's own state is its own, whoever looks") {
  const Machine machine;
  machine.unit("DynamicUser=yes\nStateDirectory=crmpulse-agent-state-of-a-test other:link\n");
  const auto unit = find_unit("crmpulse-agent");
  REQUIRE(unit);
  CHECK(unit->state == std::vector<std::string>{"/var/lib/crmpulse-agent-state-of-a-test", "/var/lib/other"});
  CHECK(machine.said({"/var/lib/crmpulse-agent-state-of-a-test/key.pem"}).empty());
  machine.write("etc/key.pem", "x", 0600);
  CHECK_FALSE(machine.said({machine.folder.path("etc/key.pem")}).empty());
}

TEST_CASE("a unit is read with its drop-ins, in systemd's order, with lines that go on and lists that begin anew") {
  const TempDir folder;
  fs::create_directories(folder.path("shared"));
  const Environment path{"SYSTEMD_UNIT_PATH", folder.path("admin") + ":" + folder.path("vendor")};
  CHECK_FALSE(find_unit("crmpulse-agent"));
  folder.write("vendor/crmpulse-agent.service",
               "[Unit]\nUser=nobody\n[Service]\nExecStart=/usr/bin/crmpulse-agent \\\n  run --config=/etc/a.yaml\n"
               "# User=comment\nDynamicUser=yes\nUser=crmpulse-agent\nProtectHome=yes\nLoadCredential=old\n");
  folder.write("vendor/crmpulse-agent.service.d/20-b.conf", "[Service]\nProtectHome=no\nPrivateTmp=true\n");
  folder.write("admin/crmpulse-agent.service.d/20-b.conf",
               "[Service]\nLoadCredential=\nLoadCredential=token\nLoadCredential=shared:" + folder.path("shared/") +
                   "\nSetCredential=plain:text\n");
  const auto unit = find_unit("crmpulse-agent");
  REQUIRE(unit);
  CHECK(unit->config == "/etc/a.yaml");
  CHECK(unit->user == "crmpulse-agent");
  CHECK(unit->dynamic_user);
  CHECK(unit->has_account());
  CHECK(unit->hides_homes);
  CHECK_FALSE(unit->private_tmp);
  CHECK(unit->credentials == std::vector<std::string>{"token", "plain"});
  REQUIRE(unit->folders.size() == 1);
  CHECK(unit->folders[0].first == "shared");
}

TEST_CASE("whatever secret the service's account cannot read is told with its line and where it belongs") {
  const Machine machine;
  machine.write("etc/crm.password", "x", 0600);
  machine.write("etc/open.password", "x", 0644);
  machine.write("etc/agent.key", "x", 0640);
  machine.write("etc/ca.pem", "x", 0600);
  machine.write("etc/agent.yaml",
                "ship:\n  token_file: crm.password\n  tls: {ca_file: ca.pem, key_file: agent.key}\n"
                "crms:\n  - {name: a, with: {password_file: " +
                    machine.folder.path("etc/crm.password") +
                    "}}\n  - {name: b, with: {password_file: open.password}}\n",
                0644);
  const std::string said = machine.said();
  INFO(said);
  const std::string etc = machine.folder.path("etc");
  CHECK(said.find(
            fmt::format("{0}/agent.yaml:2: ship.token_file: crmpulse-agent.service runs under an account of its own, "
                        "which cannot read {0}/crm.password (mode 0600); move it to {0}/credentials/crm.password and "
                        "write token_credential: crm.password",
                        etc)) != std::string::npos);
  CHECK(said.find("agent.yaml:3: ship.tls.key_file: ") != std::string::npos);
  CHECK(said.find("write key_credential: agent.key") != std::string::npos);
  CHECK(said.find(fmt::format("ship.tls.ca_file: crmpulse-agent.service runs under an account of its own, which cannot "
                              "read {0}/ca.pem (mode 0600); chmod a+r {0}/ca.pem",
                              etc)) != std::string::npos);
  CHECK(said.find("agent.yaml:5: crms[0].with.password_file: ") != std::string::npos);
  CHECK(said.find("open.password") == std::string::npos);
}

TEST_CASE("a configuration, a rules file or a folder that only root may open is told too") {
  const Machine machine;
  CHECK(machine.said().empty());
  machine.write("etc/agent.yaml", "ship: {}\n", 0600);
  CHECK(machine.said().find("chmod a+r " + machine.config()) != std::string::npos);
  machine.write("etc/agent.yaml", "ship: {}\n", 0644);
  machine.write("etc/rules.d/own.yaml", "rules: []\n", 0644);
  ::chmod(machine.folder.path("etc/rules.d").c_str(), 0700);
  const std::string said = machine.said({machine.folder.path("etc/rules.d/own.yaml")});
  INFO(said);
  CHECK(said.find("the folder " + machine.folder.path("etc/rules.d") + " is closed to it (mode 0700); chmod a+x ") !=
        std::string::npos);
}

TEST_CASE("a credential is well where the unit hands it over, and told where nothing does") {
  const Machine machine;
  machine.write("etc/credentials/crm.password", "x", 0600);
  machine.write("etc/agent.yaml",
                "ship: {token_credential: push}\ncrms: [{with: {password_credential: crm.password}}]\n", 0644);
  CHECK(machine.said().find("agent.yaml:1: ship.token_credential: nothing hands credential 'push' to "
                            "crmpulse-agent.service; put it into ") != std::string::npos);
  CHECK(machine.said().find("crm.password") == std::string::npos);
  machine.unit("DynamicUser=yes\nLoadCredential=push\n");
  CHECK(machine.said().empty());
  fs::rename(machine.folder.path("etc/credentials/crm.password"), machine.folder.path("etc/elsewhere"));
  fs::create_symlink(machine.folder.path("etc/elsewhere"), machine.folder.path("etc/credentials/crm.password"));
  CHECK(machine.said().find("is a link, which systemd leaves out") != std::string::npos);
  machine.unit("DynamicUser=yes\nLoadCredential=\n");
  CHECK(machine.said().find("its unit needs LoadCredential=crmpulse:") != std::string::npos);
}

TEST_CASE("nothing is told of another configuration, of a service that is root, of none, and to the service itself") {
  const Machine machine;
  machine.write("etc/crm.password", "x", 0600);
  machine.write("etc/agent.yaml", "ship: {token_file: crm.password}\n", 0644);
  CHECK_FALSE(machine.said().empty());
  CHECK(unreadable_for_service("crmpulse-collector", machine.config(), {}).empty());
  machine.folder.write("etc/other.yaml", "ship: {token_file: crm.password}\n");
  CHECK(unreadable_for_service("crmpulse-agent", machine.folder.path("etc/other.yaml"), {}).empty());
  {
    const Environment service{"CREDENTIALS_DIRECTORY", machine.folder.path("etc/credentials")};
    CHECK(machine.said().empty());
  }
  machine.unit("User=root\n");
  CHECK(machine.said().empty());
  machine.unit("");
  CHECK(machine.said().empty());
}

TEST_CASE("a file of a group that the unit names is readable to it") {
  const Machine machine;
  const gid_t own = ::getegid();
  const group* const known = ::getgrgid(own);
  REQUIRE(known != nullptr);
  const std::string name = known->gr_name;
  machine.write("etc/own.key", "x", 0640);
  machine.write("etc/agent.yaml", "a: {key_file: own.key}\n", 0644);
  CHECK_FALSE(machine.said().empty());
  machine.unit("DynamicUser=yes\nSupplementaryGroups=" + name + "\n");
  CHECK(machine.said().empty());
}

TEST_CASE("what a unit hides from its service is told: homes and the temporary folder") {
  const Machine machine;
  machine.unit("DynamicUser=yes\nProtectHome=yes\nPrivateTmp=yes\n");
  machine.write("etc/agent.yaml", "a: {token_file: /root/token, key_file: /home/ana/key, password_file: /tmp/word}\n",
                0644);
  const std::string said = machine.said();
  INFO(said);
  CHECK(said.find("a.token_file: crmpulse-agent.service does not see /root/token (ProtectHome=)") != std::string::npos);
  CHECK(said.find("a.key_file: crmpulse-agent.service does not see /home/ana/key (ProtectHome=)") != std::string::npos);
  CHECK(said.find("a.password_file: crmpulse-agent.service does not see /tmp/word (PrivateTmp=)") != std::string::npos);
}
