#include "sandbox/watch/screen.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <chrono>

#include "core/text/width.h"
#include "sandbox/watch/menu.h"
#include "tests/sandbox/watch/plain.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;
using namespace std::chrono_literals;
using crmpulse::sandbox::test::plain;

namespace {

CrmRow row(const std::string& crm, const std::string& kind, const std::string& state, Language language) {
  CrmRow made;
  made.crm = crm;
  made.kind = kind;
  made.level = level_of(state);
  made.state = state_word(state, language);
  made.score = "41.5";
  made.worst = dimension_word("latency", language) + " 1.31 s (limit 500 ms)";
  made.reason =
      fault_words("vendor", "the vendor's status page reports a minor incident on SBX1 since 04:03", language);
  return made;
}

View demo(Language language) {
  View view;
  view.collector = "http://127.0.0.1:9460";
  view.sandbox = true;
  view.language = language;
  view.colour = true;
  view.shown = 5s;
  view.rows = {row("salesforce", "salesforce", "poor", language), row("hubspot", "hubspot", "sub_healthy", language),
               row("backoffice", "sample", "poor", language)};
  view.rows[0].faults = "2+7";
  view.selected = "salesforce";
  view.alerts.push_back({"09:10:30  incident.opened  salesforce  ■ poor  vendor: why", {std::string(500, 'r')}});
  view.alerts.push_back({"09:11:30  incident.resolved  salesforce  ● healthy", {}});
  return view;
}

std::string joined(const View& view, int width, int height) {
  std::string all;
  for (const std::string& line : screen_lines(view, width, height)) all += plain(line) + "\n";
  return all;
}

}  // namespace

TEST_CASE("a screen has at most its lines and columns, whatever the size, in both languages") {
  for (const Language language : {Language::en, Language::zh}) {
    for (const int width : {60, 72, 80, 100, 120, 160, 200}) {
      for (const int height : {16, 24, 40, 60}) {
        INFO(width << " x " << height);
        const auto lines = screen_lines(demo(language), width, height);
        CHECK(lines.size() <= static_cast<std::size_t>(height));
        for (const std::string& line : lines) {
          INFO(line);
          CHECK(display_width(plain(line)) <= width);
        }
      }
    }
  }
}

TEST_CASE("80 × 24 has room for every CRM with its reason, every key, and the newest alert with its remedy") {
  for (const Language language : {Language::en, Language::zh}) {
    const std::string all = joined(demo(language), 80, 24);
    INFO(all);
    for (const char* crm : {"> salesforce", "hubspot", "backoffice"}) CHECK(all.find(crm) != std::string::npos);
    CHECK(all.find(language == Language::en ? "vendor: the vendor's" : "厂商：the vendor's") != std::string::npos);
    CHECK(all.find("incident.resolved") != std::string::npos);
    CHECK(all.find("rrrr") != std::string::npos);
    CHECK(all.find(language == Language::en ? "[2 very slow]" : "[2 极慢]") != std::string::npos);
    CHECK(all.find(language == Language::en ? "[7 vendor incident]" : "[7 厂商故障]") != std::string::npos);
    CHECK(all.find(language == Language::en ? "0 repair" : "0 修复") != std::string::npos);
  }
}

TEST_CASE("the first minute says what it waits for, then what the newcomer can do") {
  View view = demo(Language::en);
  view.rows.clear();
  CHECK(hint(view) == "Waiting for the agent's first readings (some seconds) …");
  view.trouble = "No answer from the collector: refused";
  CHECK(hint(view) == view.trouble);
  view = demo(Language::en);
  view.rows[1].level = -1;
  CHECK(hint(view) == "Each CRM is asked every 2 s; its state is known after about 10 s …");
  view.rows[1].level = 1;
  CHECK(hint(view).find("Tab") != std::string::npos);
  view.shown = 61s;
  CHECK(hint(view).empty());
  CHECK(hint(demo(Language::zh)).find("Tab") != std::string::npos);
}

TEST_CASE("without the sandbox there are no keys to break a CRM with, and no alerts") {
  View view = demo(Language::en);
  view.sandbox = false;
  const std::string all = joined(view, 80, 24);
  CHECK(all.find("q quit") != std::string::npos);
  CHECK(all.find("slow") == std::string::npos);
  CHECK(all.find("Alerts") == std::string::npos);
}

TEST_CASE("each fault that is on is marked at its key, of vendor APIs by its length, of all CRMs where none is named") {
  const auto faults = boost::json::parse(R"({"rules":[
    {"crm":"salesforce","fault":"slow","seconds":1.2},{"crm":"salesforce","fault":"vendor_incident"},
    {"crm":"hubspot","fault":"slow","seconds":0.3},{"crm":"hubspot","fault":"huge"},
    {"crm":"backoffice","fault":"very_slow"},{"crm":"backoffice","fault":"down"},{"crm":null,"fault":"dirty"}]})");
  const auto keys = active_keys(faults, {"salesforce", "hubspot", "backoffice"}, {"backoffice"});
  CHECK(keys.at("salesforce") == "2+5+7");
  CHECK(keys.at("hubspot") == "1+5");
  CHECK(keys.at("backoffice") == "2+4+5");
  CHECK(active_keys(boost::json::parse("[]"), {"a"}, {}).empty());
}

TEST_CASE("a sample CRM has no rights to lose and no vendor, and no key is broken over two lines") {
  const auto lines = menu_lines("backoffice", true, "2", Language::en, false, 60);
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  CHECK(all.find("6 ") == std::string::npos);
  CHECK(all.find("7 ") == std::string::npos);
  for (const char* item : {"1 slow", "[2 very slow]", "3 stale data", "4 down", "5 dirty data", "0 repair", "q quit"})
    CHECK(all.find(item) != std::string::npos);
  CHECK(all.find("\x1b") == std::string::npos);
  CHECK(menu_lines("a", false, "2", Language::en, true, 200).front().find("\x1b[7m[2 very slow]\x1b[0m") !=
        std::string::npos);
}
