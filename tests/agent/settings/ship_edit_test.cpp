#include "agent/settings/ship_edit.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include "config/node.h"

using namespace crmpulse;
using namespace crmpulse::agent;

namespace {

const ShipEdit kAll{"https://collector.example.com/api/v1/write", R"(C:\ProgramData\crmpulse\secrets\token)",
                    R"(C:\Program Files\it's\ca.pem)"};
constexpr std::string_view kUrl = "https://collector.example.com/api/v1/write";
constexpr std::string_view kToken = R"(C:\ProgramData\crmpulse\secrets\token)";
constexpr std::string_view kCa = R"('C:\Program Files\it''s\ca.pem')";

std::string edited(std::string_view text, const ShipEdit& edit = kAll) {
  const auto out = edit_ship(text, edit, "agent.yaml");
  return out ? *out : out.error().message;
}

std::string filled(std::string text) {
  for (const auto& [mark, value] : {std::pair{"URL", kUrl}, std::pair{"TOKEN", kToken}, std::pair{"CA", kCa}}) {
    const std::size_t at = text.find(mark);
    if (at != std::string::npos) text.replace(at, std::string_view{mark}.size(), value);
  }
  return text;
}

}  // namespace

TEST_CASE("where to send to is written into a configuration, and all the rest stays") {
  struct Case {
    std::string before;
    std::string after;
  };
  for (const Case& one : {
           Case{
               "# mine\nship:\n  url: http://127.0.0.1:9460/  # the collector\n  # token_file: x\n\ncrms: []  # none\n",
               "# mine\nship:\n  token_file: TOKEN\n  tls: {ca_file: CA}\n  url: URL  # the collector\n  # token_file: "
               "x\n\ncrms: []  # none\n"},
           Case{"crms: []", "crms: []\nship:\n  url: URL\n  token_file: TOKEN\n  tls: {ca_file: CA}\n"},
           Case{"ship:", "ship:\n  url: URL\n  token_file: TOKEN\n  tls: {ca_file: CA}\n"},
           Case{"ship:\n    # nothing yet\ncrms: []\n",
                "ship:\n  url: URL\n  token_file: TOKEN\n  tls: {ca_file: CA}\n    # nothing yet\ncrms: []\n"},
           Case{"ship: {url: http://a/, spool_max: 1GiB}  # one line\n",
                "ship: {url: URL, spool_max: 1GiB, tls: {ca_file: CA}, token_file: TOKEN}  # one line\n"},
           Case{"ship:\n    tls: {ca_file: old.pem, cert_file: \"c#1.pem\", key_file: k.pem} # mutual\n    url: "
                "\"http://a/#\"\n",
                "ship:\n    token_file: TOKEN\n    tls: {ca_file: CA, cert_file: 'c#1.pem', key_file: k.pem} # "
                "mutual\n    url: URL\n"},
           Case{"ship:\n  tls:\n      cert_file: c.pem\n      ca_file: old.pem\n  token_env: TOKEN_OF_OLD\n  url: "
                "http://a/\n",
                "ship:\n  tls:\n      cert_file: c.pem\n      ca_file: CA\n  token_file: TOKEN\n  url: URL\n"},
           Case{"ship:\r\n  url:   # where?\r\n",
                "ship:\r\n  token_file: TOKEN\r\n  tls: {ca_file: CA}\r\n  url: URL # where?\r\n"},
           Case{"", "ship:\n  url: URL\n  token_file: TOKEN\n  tls: {ca_file: CA}\n"},
       }) {
    INFO(one.before);
    const std::string wanted = filled(one.after);
    CHECK(edited(one.before) == wanted);
    CHECK(edited(wanted) == wanted);
  }
}

TEST_CASE("only what is given is written") {
  const std::string before = "ship:\n  url: http://a/\n  token_credential: token\n";
  CHECK(edited(before, {}) == before);
  CHECK(edited(before, {.url = "http://b/", .token_file = {}, .ca_file = {}}) ==
        "ship:\n  url: http://b/\n  token_credential: token\n");
  CHECK(edited(before, {.url = {}, .token_file = "t", .ca_file = {}}) == "ship:\n  url: http://a/\n  token_file: t\n");
}

TEST_CASE("a name and a credential are written as people write them, and take the place of what was there") {
  ShipEdit edit;
  edit.token_credential = "agent.token";
  edit.agent_name = "branch-1";
  CHECK(edited("agent:\n  # name: x\nship:\n  url: http://a/\n  token_file: /etc/t  # old\n", edit) ==
        "agent:\n  name: branch-1\n  # name: x\nship:\n  url: http://a/\n  token_credential: 'agent.token'  # old\n");
  CHECK(edited("agent: {name: old, labels: {region: eu}}\nship: {url: http://a/, token_env: T}\n", edit) ==
        "agent: {name: branch-1, labels: {region: eu}}\nship: {url: http://a/, token_credential: 'agent.token'}\n");
  for (const auto& [name, written] : {std::pair{"off", "'off'"}, std::pair{"7", "'7'"}, std::pair{"a: b", "'a: b'"},
                                      std::pair{"Zürich", "'Zürich'"}, std::pair{"a_1", "a_1"}}) {
    edit.agent_name = name;
    edit.token_credential.reset();
    CHECK(edited("agent: {}\n", edit) == fmt::format("agent: {{name: {}}}\n", written));
  }
}

TEST_CASE("a configuration that cannot be changed without changing more is left to its writer") {
  for (const char* text :
       {"ship: {\n  url: http://a/, tls: {\n}}\n", "ship: {url:\n  http://a/}\n", "ship:\n  url:\n    http://a/\n",
        "ship:\n  'url': http://a/\n", "ship: &s\n  url: http://a/\nother: *s\n", "{crms: []}\n"}) {
    INFO(text);
    CHECK(edited(text, {.url = "http://b/", .token_file = {}, .ca_file = {}}) ==
          "agent.yaml: cannot set ship.url without changing more; write http://b/ there by hand");
  }
  CHECK(edited("ship: [\n").find("agent.yaml:") == 0);
}

TEST_CASE("the shipped configuration takes them as well") {
  std::ifstream stream{CRMPULSE_SOURCE_DIR "/config/agent.yaml"};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  const std::string after = edited(text);
  const auto document = config::load_text(after, "agent.yaml");
  REQUIRE(document.has_value());
  CHECK(after.size() > text.size());
  CHECK(edited(after) == after);
}
