#include "collector/configuration/settings.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "collector/configuration/configuration.h"
#include "collector/receivers/base/receiver.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const std::filesystem::path kRejected = std::filesystem::path{CRMPULSE_SOURCE_DIR} / "tests/collector/rejected";

/// The first line is `# expect LINE: PATH: part of the message`.
struct Expected {
  int line = 0;
  std::string path;
  std::string message;
};

Expected expected_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::string hash;
  std::string word;
  Expected expected;
  char colon = 0;
  in >> hash >> word >> expected.line >> colon;
  std::string rest;
  std::getline(in, rest);
  rest.erase(0, rest.find_first_not_of(' '));
  const auto end = rest.find(':');
  expected.path = rest.substr(0, end);
  expected.message = rest.substr(std::min(rest.size(), end + 2));
  return expected;
}

}  // namespace

TEST_CASE("every rejected collector.yaml names its line, its key and what is wrong") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{kRejected}) {
    if (entry.path().extension() != ".yaml") continue;
    ++files;
    const Expected expected = expected_of(entry.path());
    INFO(entry.path().filename().string());
    const auto settings = load_settings(entry.path().string());
    REQUIRE(settings.has_error());
    INFO(to_string(settings.error()));
    bool found = false;
    for (const Problem& problem : settings.error()) {
      found = found || (problem.line == expected.line && problem.path == expected.path &&
                        problem.message.find(expected.message) != std::string::npos);
      CHECK(problem.message.find("whsec_") != 0);
    }
    CHECK(found);
  }
  CHECK(files >= 25);
}

TEST_CASE("all problems of a file are reported, not the first") {
  const test::TempDir directory;
  const auto settings =
      load_settings(directory.write("collector.yaml", "auth: maybe\nretention: {samples: x}\nnonsense: 1\n"));
  REQUIRE(settings.has_error());
  CHECK(settings.error().size() == 3);
}

TEST_CASE("the shipped collector.yaml loads as it is, on loopback, with the shipped rules and remedies") {
  const auto configuration = load_configuration(CRMPULSE_SOURCE_DIR "/config/collector.yaml");
  if (configuration.has_error()) FAIL(to_string(configuration.error()));
  CHECK((*configuration)->settings.listen.address == "127.0.0.1");
  CHECK((*configuration)->settings.listen.port == 9460);
  CHECK((*configuration)->ruleset.rules.size() > 5);
  CHECK((*configuration)->remedies.contains("slow_response"));
}

TEST_CASE("{} means the defaults: loopback, tokens required") {
  const test::TempDir directory;
  const auto settings = load_settings(directory.write("collector.yaml", "{}\n"));
  REQUIRE(settings.has_value());
  CHECK(settings->auth_required);
  CHECK(settings->listen.address == "127.0.0.1");
  CHECK(settings->metrics == MetricsAccess::viewer);
}

TEST_CASE("an empty collector.yaml, or one of comments only, is refused: it would drop every receiver") {
  const test::TempDir directory;
  for (const std::string text : {"", "\n\n", "# receivers:\n#  - {name: oncall}\n", "---\n", "~\n", "\xEF\xBB\xBF"}) {
    INFO(text);
    const std::string file = directory.write("collector.yaml", text);
    const auto settings = load_settings(file);
    REQUIRE(settings.has_error());
    CHECK(to_string(settings.error()) ==
          file + ": holds no settings: it is empty or all comments; write {} when that is meant");
    CHECK(load_configuration(file).has_error());
    CHECK(load_receiver_settings(file).has_error());
  }
}

TEST_CASE("a pattern of rules that matches nothing is a warning of the configuration") {
  const test::TempDir directory;
  const std::string rules = std::string{CRMPULSE_SOURCE_DIR} + "/config/rules/default.yaml";
  const auto with = [&](const std::string& pattern) {
    auto loaded =
        load_configuration(directory.write("collector.yaml", fmt::format("rules: ['{}', '{}']\n", rules, pattern)));
    if (loaded.has_error()) FAIL(to_string(loaded.error()));
    return (*loaded)->warnings;
  };
  const std::string folder = std::filesystem::path{directory.write("unused", "")}.parent_path().string();
  CHECK(with("rulez.d/*.yaml") == std::vector<std::string>{folder + "/rulez.d/*.yaml matches no file"});
  CHECK(with(std::string{CRMPULSE_SOURCE_DIR} + "/config/rules/default.*").empty());
}

TEST_CASE("the scheme of an address is written in any letters") {
  const test::TempDir directory;
  const auto settings = load_settings(directory.write("collector.yaml",
                                                      "external_url: HTTPS://Health.example.com/\nreceivers: [{name: "
                                                      "a, type: slack, url: 'Https://hooks.example.com/T0'}]\n"));
  if (settings.has_error()) FAIL(to_string(settings.error()));
  CHECK(settings->external_url == "https://Health.example.com");
}

TEST_CASE("receivers are read with their selection and language") {
  const test::TempDir directory;
  directory.write("hook.url", "https://hooks.example.com/T0/secret\n");
  directory.write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  const auto settings = load_settings(directory.write(
      "collector.yaml",
      "receivers:\n  - name: oncall\n    type: webhook\n    url_file: hook.url\n    secret_file: hook.secret\n"
      "    min_state: poor\n    language: zh\n    only: {kind: [salesforce, tryton]}\n"));
  if (settings.has_error()) FAIL(to_string(settings.error()));
  const ReceiverSettings& receiver = settings->receivers.at(0);
  CHECK(receiver.min_level == Level::poor);
  CHECK(receiver.language == Language::zh);
  CHECK(receiver.only.at(0).name == "kind");
  CHECK(receiver.only.at(0).any_of == std::vector<std::string>{"salesforce", "tryton"});
  REQUIRE(receiver.receiver != nullptr);
  const store::OutboxRow row;
  const auto attempt = std::get<net::ClientRequest>(receiver.receiver->prepare({&row, 1}, TimePoint{}));
  CHECK(attempt.url == "https://hooks.example.com/T0/secret");
}

TEST_CASE("times are told by the clock of the file, of a receiver by its own") {
  const test::TempDir directory;
  const auto settings = load_settings(directory.write(
      "collector.yaml",
      "time_zone: Asia/Shanghai\nreceivers:\n  - {name: a, type: slack, url: 'https://hooks.example.com/T0'}\n"
      "  - {name: b, type: slack, url: 'https://hooks.example.com/T1', time_zone: Europe/Berlin}\n"));
  if (settings.has_error()) FAIL(to_string(settings.error()));
  REQUIRE(settings->time_zone != nullptr);
  CHECK(settings->time_zone->name == "Asia/Shanghai");
  CHECK(settings->receivers.at(0).zone == settings->time_zone);
  CHECK(settings->receivers.at(1).zone->name == "Europe/Berlin");
  const auto plain = load_settings(directory.write("plain.yaml", "auth: required\n"));
  if (plain.has_error()) FAIL(to_string(plain.error()));
  CHECK(plain->time_zone == nullptr);
}

TEST_CASE("a receivers file for backtest needs names only, as a mapping or as a list") {
  const test::TempDir directory;
  for (const std::string text :
       {"receivers: [{name: pager, min_state: poor}]\n", "- {name: pager, min_state: poor}\n"}) {
    const auto receivers = load_receiver_settings(directory.write("receivers.yaml", text));
    if (receivers.has_error()) FAIL(to_string(receivers.error()));
    REQUIRE(receivers->size() == 1);
    CHECK(receivers->at(0).min_level == Level::poor);
  }
}

TEST_CASE("what a reload cannot change stays as it runs, its keys are named, and the rest is taken") {
  collector::Settings running;
  collector::Settings fresh = running;
  fresh.mute = true;
  CHECK(keep_until_restart(running, fresh).empty());
  fresh.listen = {"10.0.0.1", 9460};
  fresh.tls.emplace();
  fresh.state_dir = "/elsewhere";
  fresh.metrics = MetricsAccess::open;
  CHECK(keep_until_restart(running, fresh) == std::vector<std::string>{"listen", "tls", "state_dir", "metrics"});
  CHECK(fresh.listen.address == running.listen.address);
  CHECK_FALSE(fresh.tls);
  CHECK(fresh.state_dir == running.state_dir);
  CHECK(fresh.metrics == running.metrics);
  CHECK(fresh.mute);
}

TEST_CASE("authentication is not turned off while the old address beyond this machine is still in use") {
  collector::Settings running;
  running.listen = {"10.0.0.1", 9460};
  running.tls.emplace();
  collector::Settings fresh = running;
  fresh.listen = {"127.0.0.1", 9460};
  fresh.auth_required = false;
  CHECK(keep_until_restart(running, fresh) == std::vector<std::string>{"listen"});
  CHECK(fresh.auth_required);
}

TEST_CASE("other certificate files wait for no restart") {
  collector::Settings running;
  running.tls.emplace();
  collector::Settings fresh = running;
  fresh.tls->cert_file = "renewed.pem";
  CHECK(keep_until_restart(running, fresh).empty());
  CHECK(fresh.tls->cert_file == "renewed.pem");
}
