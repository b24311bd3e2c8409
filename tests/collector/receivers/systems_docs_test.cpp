// docs/receivers-systems.md shows what on-call systems, mail and other programs show of one fixed incident. It is what
// the code sends.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/collector/receivers/docs_page.h"
#include "tests/collector/receivers/mail_as_read.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/receivers/settings_for.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

const TimePoint kNow = from_unix_millis(1795252230'000);

std::string text_at(const json::value& value, std::string_view key) {
  return std::string{value.at(key).as_string()};
}

/// `name: value` a line; of a list one line each.
std::string lines_of(const json::object& object) {
  std::string out;
  for (const auto& [name, value] : object) {
    if (value.is_string()) out += fmt::format("{}: {}\n", std::string_view{name}, std::string_view{value.as_string()});
    if (!value.is_array()) continue;
    for (const json::value& one : value.as_array())
      out += fmt::format("{}: {}\n", std::string_view{name}, std::string_view{one.as_string()});
  }
  return out;
}

std::string pagerduty(const json::value& body) {
  const json::value& payload = body.at("payload");
  return fmt::format("{}\n{} · {}\n{}[{}] <{}>\n", text_at(payload, "summary"), text_at(payload, "severity"),
                     text_at(payload, "component"), lines_of(payload.at("custom_details").as_object()),
                     text_at(body.at("links").at(0), "text"), text_at(body.at("links").at(0), "href"));
}

std::string opsgenie(const json::value& body) {
  return fmt::format("{} {}\n{}", text_at(body, "priority"), text_at(body, "message"), text_at(body, "description"));
}

std::string alertmanager(const json::value& body, Language language) {
  const json::array& alerts = body.as_array();
  const json::value& worst = alerts.back();
  const char* ending = language == Language::zh ? "_zh" : "";
  return fmt::format("{} severity={}\n{}\n{}", text_at(worst.at("labels"), "alertname"),
                     text_at(worst.at("labels"), "severity"),
                     text_at(worst.at("annotations"), fmt::format("summary{}", ending)),
                     text_at(worst.at("annotations"), fmt::format("description{}", ending)));
}

/// Read by programs: the same in every language.
std::string cloudevents(const json::value& body) {
  const json::value& data = body.at("data");
  return fmt::format("{} {}\nstate: {}\n{}", text_at(body, "type"), text_at(body, "subject"), text_at(data, "state"),
                     lines_of(data.at("fault").as_object()));
}

std::string shown(const std::string& type, Language language) {
  const auto receiver =
      receiver_from(fmt::format("{{name: oncall, type: {}, language: {}, {}}}", type,
                                language == Language::zh ? "zh" : "en", receiver_contracts().at(type).keys));
  const store::OutboxRow row = message("incident.opened", {.language = language});
  const Outgoing outgoing = receiver->prepare({&row, 1}, kNow);
  if (type == "email") return mail_as_read(std::get<net::MailRequest>(outgoing).message);
  const json::value body = json::parse(std::get<net::ClientRequest>(outgoing).body);
  if (type == "pagerduty") return pagerduty(body);
  if (type == "opsgenie") return opsgenie(body);
  if (type == "alertmanager") return alertmanager(body, language);
  if (type == "cloudevents") return cloudevents(body);
  if (type == "ifttt") return text_at(body, "value1") + "\n" + text_at(body, "value2");
  return lines_of(body.as_object());
}

}  // namespace

TEST_CASE("what on-call systems, mail and programs show is in the documentation as it is sent") {
  const std::string text = docs_page("receivers-systems.md");
  for (const char* type : {"alertmanager", "pagerduty", "opsgenie", "email", "cloudevents", "zapier", "ifttt"}) {
    for (const Language language : {Language::en, Language::zh}) {
      const std::string name = fmt::format("{} {}", type, language == Language::zh ? "zh" : "en");
      const std::string sent = shown(type, language);
      INFO("docs/receivers-systems.md must hold this:\n```text " << name << "\n" << sent << "```");
      CHECK(text_block(text, name) == sent);
    }
  }
}
