#include <catch2/catch.hpp>

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "agent/commands.h"
#include "agent/windows/windows_commands.h"
#include "tests/agent/windows/folder.h"

using namespace crmpulse;
using crmpulse::test::Folder;

namespace {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"crmpulse-agent"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  std::ostringstream out;
  std::ostringstream err;
  agent::windows::WindowsCommands commands;
  const int code = agent::command_line(static_cast<int>(argv.size()) - 1, argv.data(), out, err, &commands);
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("an installer writes where to send to, and nothing that is not valid") {
  const Folder folder;
  folder.write(L"agent.yaml", "# 我的\r\nship:\r\n  url: http://127.0.0.1:9460/\r\ncrms: []\r\n");
  folder.write(L"token", "x");
  const std::string config = folder.path(L"agent.yaml");
  const std::string token = folder.path(L"token");
  const Ran url = run({"service", "configure", "--config", config, "--collector-url", "https://c.example.com/w"});
  CHECK(url.code == 0);
  CHECK(folder.read(L"agent.yaml") == "# 我的\r\nship:\r\n  url: https://c.example.com/w\r\ncrms: []\r\n");
  const Ran secret = run({"service", "configure", "--config", config, "--token-file", token});
  CHECK(secret.code == 0);
  CHECK(secret.err.empty());
  const std::string after = folder.read(L"agent.yaml");
  CHECK(after.find("  token_file: '" + token + "'\r\n") != std::string::npos);
  const Ran missing = run({"service", "configure", "--config", config, "--ca-file", folder.path(L"none.pem")});
  CHECK(missing.code == 0);
  CHECK(missing.err.find("there is no file '" + folder.path(L"none.pem") + "' yet") != std::string::npos);
  const std::string before = folder.read(L"agent.yaml");
  for (const char* wrong : {"not a url", "https://user:pw@c.example.com/"}) {
    const Ran refused = run({"service", "configure", "--config", config, "--collector-url", wrong});
    CHECK(refused.code == 2);
    CHECK(refused.err.find("--collector-url") != std::string::npos);
    CHECK(refused.err.find("pw") == std::string::npos);
  }
  CHECK(folder.read(L"agent.yaml") == before);
}

TEST_CASE("verbs that are not known, or lack what they need, are errors of use") {
  CHECK(run({"service"}).code == 2);
  CHECK(run({"service", "instal"}).err.find("did you mean 'install'") != std::string::npos);
  CHECK(run({"protect"}).code == 2);
  CHECK(run({"service", "install", "--token", "x"}).code == 2);
}

TEST_CASE("a service that is not installed is told so, with what installs it") {
  if (run({"service", "status"}).code != 4) return;  // a machine that has one
  for (const char* verb : {"start", "stop", "reload", "status"}) {
    const Ran ran = run({"service", verb});
    CHECK(ran.code == 4);
    CHECK(ran.err.find("`crmpulse-agent service install`") != std::string::npos);
  }
}
