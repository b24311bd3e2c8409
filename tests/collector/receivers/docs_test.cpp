// docs/receivers.md shows each chat's message as its reader sees it. It is what the code makes of one fixed incident.

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "collector/notice/notice.h"
#include "tests/collector/receivers/as_read.h"
#include "tests/collector/receivers/docs_page.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

const TimePoint kNow = from_unix_millis(1795252230'000);

std::string shown(const std::string& type, std::span<const store::OutboxRow> rows, Language language) {
  const auto receiver =
      receiver_from(fmt::format("{{name: oncall, type: {}, language: {}, url: \"https://example.com/a\"}}", type,
                                language == Language::zh ? "zh" : "en"));
  return as_read(type, std::get<net::ClientRequest>(receiver->prepare(rows, kNow)));
}

std::string shown(const std::string& type, const std::string& event, Language language) {
  const store::OutboxRow row = message(event, {.language = language});
  return shown(type, {&row, 1}, language);
}

}  // namespace

TEST_CASE("the messages in the documentation are those that are sent") {
  const std::string text = docs_page("receivers.md");
  for (const char* type : {"slack", "teams", "dingtalk", "wecom", "feishu", "discord"}) {
    for (const Language language : {Language::en, Language::zh}) {
      const std::string name = fmt::format("{} {}", type, language == Language::zh ? "zh" : "en");
      INFO("docs/receivers.md must hold this:\n```text " << name << "\n"
                                                         << shown(type, "incident.opened", language) << "```");
      CHECK(text_block(text, name) == shown(type, "incident.opened", language));
    }
  }
}

TEST_CASE("the titles in the documentation are those of every event") {
  const std::string text = docs_page("receivers.md");
  for (const Language language : {Language::en, Language::zh}) {
    std::string titles;
    for (const std::string& event : message_types()) {
      const bool about_agent = event.starts_with("agent.");
      const bool about_vendor = event.starts_with("vendor.");
      const std::string name = about_agent                                   ? "branch-1"
                               : about_vendor                                ? "salesforce"
                               : event.starts_with("collector.")             ? "crmpulse"
                               : event == "test" || event == "delivery.dead" ? "oncall"
                                                                             : "acme-sf";
      const Notice notice = read_notice(message(event, {.crm = name, .language = language}), language);
      titles += fmt::format("{:<19} {} {}\n", event, notice.icon, notice.title);
    }
    const std::string name = language == Language::zh ? "titles zh" : "titles en";
    INFO("docs/receivers.md must hold this:\n```text " << name << "\n" << titles << "```");
    CHECK(text_block(text, name) == titles);
  }
}

TEST_CASE("the list in the documentation is what is sent in a storm") {
  const std::string text = docs_page("receivers.md");
  for (const Language language : {Language::en, Language::zh}) {
    const std::vector<store::OutboxRow> rows{
        message("incident.opened", {.crm = "acme-sf", .language = language}),
        message("incident.opened", {.crm = "bolt-sf", .language = language}),
        message("incident.improved", {.crm = "core-hs", .language = language}),
        message("incident.resolved", {.crm = "bolt-sf", .language = language}),
        message("agent.lost", {.crm = "branch-1", .language = language}),
    };
    const std::string name = language == Language::zh ? "list zh" : "list en";
    const std::string list = shown("dingtalk", rows, language);
    INFO("docs/receivers.md must hold this:\n```text " << name << "\n" << list << "```");
    CHECK(text_block(text, name) == list);
  }
}
