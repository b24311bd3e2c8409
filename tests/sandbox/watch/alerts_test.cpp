#include "sandbox/watch/alerts.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/text/width.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

boost::json::value alert() {
  return boost::json::parse(R"({"type":"incident.opened","at":"2026-11-21T09:10:30Z","crm":"acme","state":"poor",
    "fault":{"verdict":"vendor","why":"the CRM itself answers slowly"},
    "failing":[{"dimension":"latency","remedy":{"en":"Find the slow query.","zh":"找出慢查询。"}},
               {"dimension":"latency","remedy":{"en":"Find the slow query.","zh":"找出慢查询。"}},
               {"dimension":"usage"}]})");
}

}  // namespace

TEST_CASE("an alert is shown with its verdict, and with its remedies in the reader's language, each once") {
  const ShownAlert zh = shown_alert(alert(), Language::zh);
  CHECK(zh.headline.ends_with("  告警  acme  ■ 不良  厂商：the CRM itself answers slowly"));
  CHECK(zh.remedies == std::vector<std::string>{"响应时间：找出慢查询。"});
  const ShownAlert en = shown_alert(alert(), Language::en);
  CHECK(en.headline.ends_with("  incident.opened  acme  ■ poor  vendor: the CRM itself answers slowly"));
  CHECK(en.remedies == std::vector<std::string>{"response time: Find the slow query."});
  CHECK(shown_alert(boost::json::parse("{}"), Language::en).remedies.empty());
}

TEST_CASE("the newest alert stands first with its headline, however little room there is") {
  std::deque<ShownAlert> alerts;
  for (int i = 0; i < 5; ++i) alerts.push_back({"alert " + std::to_string(i), {std::string(300, 'x') + " remedy"}});
  alerts.push_back({"resolved", {}});
  for (std::size_t height = 1; height < 30; ++height) {
    const auto lines = alert_lines(alerts, 80, height);
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.size() <= height);
    CHECK(lines.front() == "resolved");
    if (height > 1) CHECK(lines[1] == "alert 4");
    for (const std::string& line : lines) CHECK(display_width(line) <= 80);
  }
  CHECK(alert_lines({}, 80, 10).empty());
}
