#include "sandbox/watch/table.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace crmpulse::sandbox;

TEST_CASE("Chinese characters take two columns, symbols one") {
  CHECK(display_width("poor") == 4);
  CHECK(display_width("亚健康") == 6);
  CHECK(display_width("▲ 亚健康") == 8);
  CHECK(fit("不良", 6) == "不良  ");
  CHECK(fit("亚健康", 5) == "亚健 ");
}

TEST_CASE("long lines are wrapped at blanks, Chinese where it must be, and nothing is lost") {
  CHECK(wrap("  one two three four", 12) == std::vector<std::string>{"  one two", "    three", "    four"});
  CHECK(wrap("short", 12) == std::vector<std::string>{"short"});
  CHECK(wrap("数据太久没有更新", 9) == std::vector<std::string>{"数据太久", "  没有更", "  新"});
}

TEST_CASE("a row shows the worst dimension with its value and limit, and why") {
  const auto answer = boost::json::parse(R"({"crms":[{"crm":"acme","kind":"sample","state":"poor","score":41.5,
    "dimensions":[{"dimension":"usage","state":"healthy","value":0.9},
                  {"dimension":"latency","state":"poor","value":1.31,"unit":"seconds","sub_healthy":0.25,"poor":1.0,"data_status":"fresh"}],
    "incident":{"fault":{"verdict":"database","why":"the database is slow","why_zh":"数据库响应慢"}}}]})");
  const auto rows = rows_from(answer, Language::en);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].level == 2);
  CHECK(rows[0].score == "41.5");
  CHECK(rows[0].worst == "latency 1.31 seconds (limit 1)");
  CHECK(rows[0].reason == "the database is slow");
  CHECK(rows_from(answer, Language::zh)[0].state == "■ 不良");
  CHECK(rows_from(answer, Language::zh)[0].reason == "数据库响应慢");
}

TEST_CASE("an answer with members missing still gives a row") {
  const auto rows = rows_from(boost::json::parse(R"({"crms":[{"crm":"new","state":"unknown"}]})"), Language::en);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].state == "○ warming up");
  CHECK(rows[0].worst.empty());
  CHECK(rows_from(boost::json::parse("[]"), Language::en).empty());
}

TEST_CASE("an alert is shown with its remedies in the reader's language") {
  const auto alert =
      boost::json::parse(R"({"type":"incident.opened","at":"2026-11-21T09:10:30Z","crm":"acme","state":"poor",
    "failing":[{"dimension":"latency","remedy":{"en":"Find the slow query.","zh":"找出慢查询。"}}]})");
  const auto lines = alert_lines(alert, Language::zh);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("incident.opened  acme  ■ 不良") != std::string::npos);
  CHECK(lines[1] == "    latency: 找出慢查询。");
}
