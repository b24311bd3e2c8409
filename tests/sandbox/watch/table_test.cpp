#include "sandbox/watch/table.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/text/width.h"
#include "tests/sandbox/watch/plain.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;
using crmpulse::sandbox::test::plain;

namespace {

const boost::json::value& answer() {
  static const auto kAnswer = boost::json::parse(R"({"crms":[
    {"crm":"salesforce","kind":"salesforce","state":"poor","score":41.5,
     "dimensions":[{"dimension":"usage","state":"healthy","value":0.9},
                   {"dimension":"latency","state":"poor","value":1.31,"unit":"seconds","sub_healthy":0.1,"poor":0.5,"data_status":"fresh"}],
     "incident":{"fault":{"verdict":"vendor","why":"the vendor's status page reports a minor incident on SBX1 since 04:03",
                          "why_zh":"厂商状态页自 04:03 起报告 SBX1 上的轻微故障"}}},
    {"crm":"hubspot","kind":"hubspot","state":"sub_healthy","score":82,
     "dimensions":[{"dimension":"data_quality","state":"sub_healthy","value":0.5,"unit":"ratio","sub_healthy":0.25,"poor":0.75}]},
    {"crm":"backoffice","kind":"sample","state":"unknown",
     "dimensions":[{"dimension":"latency","state":"unknown","data_status":"warming_up"},
                   {"dimension":"staleness","state":"unknown","data_status":"warming_up"}]}]})");
  return kAnswer;
}

std::vector<CrmRow> rows(Language language = Language::en) {
  auto made = rows_from(answer(), language);
  made[0].faults = "2+7";
  return made;
}

}  // namespace

TEST_CASE("a row shows the worst dimension with its value and limit, whose fault it is, and why") {
  const auto made = rows_from(answer(), Language::en);
  REQUIRE(made.size() == 3);
  CHECK(made[0].level == 2);
  CHECK(made[0].score == "41.5");
  CHECK(made[0].worst == "response time 1.31 s (limit 500 ms)");
  CHECK(made[0].reason == "vendor: the vendor's status page reports a minor incident on SBX1 since 04:03");
  CHECK(made[1].worst == "data quality 50% (limit 25%)");
  const auto zh = rows_from(answer(), Language::zh);
  CHECK(zh[0].state == "■ 不良");
  CHECK(zh[0].worst == "响应时间 1.31 秒（限值 500 毫秒）");
  CHECK(zh[0].reason == "厂商：厂商状态页自 04:03 起报告 SBX1 上的轻微故障");
}

TEST_CASE("a CRM that is warming up says what it waits for") {
  CHECK(rows()[2].state == "○ warming up");
  CHECK(rows()[2].reason == "waiting for readings: response time, data age");
  CHECK(rows(Language::zh)[2].reason == "等待读数：响应时间、数据更新");
}

TEST_CASE("what the vendor's status page tells is shown of a CRM that is well") {
  const auto made = rows_from(boost::json::parse(R"({"crms":[{"crm":"a","state":"healthy","incident":null,
    "vendor_report":{"en":"the vendor's status page reports a minor incident","zh":"厂商状态页报告轻微故障"}}]})"),
                              Language::en);
  CHECK(made[0].reason == "the vendor's status page reports a minor incident");
}

TEST_CASE("an answer with members missing still gives a row, and nobody's text moves the cursor") {
  const auto made =
      rows_from(boost::json::parse(R"({"crms":[{"crm":"new\u001b[2J","state":"unknown"}]})"), Language::en);
  REQUIRE(made.size() == 1);
  CHECK(made[0].crm.find('\x1b') == std::string::npos);
  CHECK(made[0].worst.empty());
  CHECK(made[0].reason == "waiting for the first readings");
  CHECK(rows_from(boost::json::parse("[]"), Language::en).empty());
}

TEST_CASE("values are said as people say them") {
  CHECK(value_word(0.42, "seconds", Language::en) == "420 ms");
  CHECK(value_word(13'100, "seconds", Language::en) == "3 h 38 min");
  CHECK(value_word(125, "seconds", Language::zh) == "2 分 5 秒");
  CHECK(value_word(0.999, "ratio", Language::en) == "99.9%");
  CHECK(value_word(3, "count", Language::en) == "3");
  CHECK(value_word(14.4, "burn_rate", Language::en) == "14.4×");
}

TEST_CASE("from 60 to 200 columns every line fits, the columns stand below their headings, and nothing is lost") {
  for (const Language language : {Language::en, Language::zh}) {
    const TableStyle style{language, true, true, "hubspot"};
    for (int width = 60; width <= 200; ++width) {
      INFO(width);
      const auto lines = table_lines(rows(language), style, width);
      std::string all;
      for (const std::string& line : lines) {
        INFO(line);
        CHECK(display_width(plain(line)) <= width);
        all += plain(line);
      }
      const std::string state = language == Language::en ? "state" : "状态";
      const auto heading = display_width(lines[0].substr(0, lines[0].find(state)));
      for (const std::string& line : lines) {
        for (const char* sign : {"■", "▲", "○"}) {
          const std::string bare = plain(line);
          if (const auto at = bare.find(sign); at != std::string::npos)
            CHECK(display_width(bare.substr(0, at)) == heading);
        }
      }
      CHECK(all.find("2+7") != std::string::npos);
      CHECK(all.find("SBX1") != std::string::npos);
      CHECK(all.find(language == Language::en ? "1.31 s" : "1.31 秒") != std::string::npos);
      CHECK(all.find("> hubspot") != std::string::npos);
    }
  }
}

TEST_CASE("without colour there is no escape sequence, with it each is closed") {
  for (const std::string& line : table_lines(rows(), {Language::en, false, true, ""}, 80))
    CHECK(line.find('\x1b') == std::string::npos);
  for (const std::string& line : table_lines(rows(), {Language::en, true, true, ""}, 80)) {
    const auto begun = line.find("\x1b[3");
    CHECK((begun == std::string::npos || line.find("\x1b[0m", begun) != std::string::npos));
  }
}

TEST_CASE("more CRMs than there is room for: the worst are shown, and how many more there are") {
  std::vector<CrmRow> many;
  for (int i = 0; i < 30; ++i) {
    CrmRow row;
    row.crm = "crm-" + std::to_string(i);
    row.level = i == 29 ? 2 : 0;
    row.state = state_word(i == 29 ? "poor" : "healthy", Language::en);
    many.push_back(row);
  }
  const auto lines = table_within(many, {}, 80, 10);
  CHECK(lines.size() == 10);
  CHECK(lines[1].find("crm-29") != std::string::npos);
  CHECK(lines.back().find("and 22 more CRMs") != std::string::npos);
}
