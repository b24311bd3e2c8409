// A report as CSV, JSON and HTML.

#include "collector/report/format/formats.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "collector/report/format/words.h"
#include "collector/report/make.h"
#include "net/base/crypto.h"
#include "tests/collector/report/stored_month.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::collector::report;
using namespace crmpulse::test;

namespace {

constexpr const char* kGoals =
    "goals:\n  - {crm: acme, metric: crm_csat_ratio, target: 90%, since: 2026-10-01, by: 2026-12-31, owner: service}\n";

Report october(const char* period = "2026-10") {
  StoredMonth month;
  month.add_checks();
  month.add_incidents();
  const auto loaded = load_configuration(month.config(kGoals)).value();
  const auto request = request_from({"acme", period, ""}, at("11-02T09:00"), loaded->settings.time_zone);
  return make_report(*loaded, *request).value();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Reads the table with Python's csv and returns what the expression over `rows` (dicts) gives.
std::string by_python(const TempDir& directory, const std::string& table, const std::string& expression) {
  const std::string file = directory.write("report.csv", table);
  const std::string script = directory.write(
      "read.py",
      "import csv, sys\nrows = list(csv.DictReader(open(sys.argv[1], encoding='utf-8-sig', newline=''), "
      "strict=True))\nprint(" +
          expression + ")\n");
  const std::string out = directory.path("out");
  REQUIRE(std::system(fmt::format("python3 {} {} >{}", script, file, out).c_str()) == 0);
  std::ifstream in{out};
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

TEST_CASE("the table is read by a reader of CSV, one row a figure") {
  const TempDir directory;
  const std::string table = csv(october());
  CHECK(table.starts_with("\xEF\xBB\xBFperiod,crm,dimension,metric,value,unit,target,previous\r\n"));
  CHECK(by_python(directory, table, "list(rows[0])") ==
        "['period', 'crm', 'dimension', 'metric', 'value', 'unit', 'target', 'previous']");
  CHECK(by_python(directory, table, "{(r['period'], r['crm']) for r in rows}") == "{('2026-10', 'acme')}");
  CHECK(by_python(directory, table, "len({(r['dimension'], r['metric']) for r in rows}) == len(rows)") == "True");
  CHECK(by_python(directory, table, "[r['value'] for r in rows if r['metric'] == 'poor_seconds']") == "['12600']");
  CHECK(by_python(directory, table, "[r['value'] for r in rows if r['metric'] == 'availability_ratio']") ==
        "['0.997982515']");
  CHECK(by_python(directory, table, "[r['target'] for r in rows if r['metric'] == 'availability_ratio']") ==
        "['0.999']");
  // Not measured is nothing, not zero.
  CHECK(by_python(directory, table, "[r['value'] for r in rows if r['dimension'] == 'satisfaction']") == "['']");
}

TEST_CASE("no cell of the table is a formula for a spreadsheet") {
  const TempDir directory;
  Report report = october();
  for (const char* name : {"=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "a\"b,c"}) {
    report.crm = name;
    const std::string read = by_python(directory, csv(report), "rows[0]['crm']");
    INFO(name);
    CHECK(std::string_view{"=@+-"}.find(read.front()) == std::string_view::npos);
    CHECK(read.ends_with(name));
  }
}

TEST_CASE("numbers of the table have a point, no exponent and nothing between thousands") {
  Report report = october();
  report.figures = {Figure{}, Figure{}, Figure{}};
  report.not_measured.clear();
  report.goals.clear();
  report.figures[0].value = 1234567.5;
  report.figures[1].value = 0.000012;
  report.figures[2].value = -0.0;
  const std::string table = csv(report);
  CHECK(has(table, ",1234567.5,"));
  CHECK(has(table, ",0.000012,"));
  CHECK(has(table, ",0,"));
}

TEST_CASE("the page says in both languages what was reached and what was not measured") {
  const Report report = october();
  const std::string en = html(report, Language::en);
  for (const char* text : {"In October 2026 acme answered 99.8% of the checks and missed the target of 99.9%",
                           "It was poor for 3 h 30 min and degraded for 1 h.", "Planned maintenance of 1 h 30 min",
                           "There were 5 incidents", "Optimise the architecture", "not measured",
                           "request 7f3a-&lt;b&gt;", "lang=\"en\""}) {
    INFO(text);
    CHECK(has(en, text));
  }
  const std::string zh = html(report, Language::zh);
  for (const char* text :
       {"2026 年 10 月，acme 的探测成功率为 99.8%，未达到目标 99.9%", "不良 3 小时 30 分钟，亚健康 1 小时。",
        "发生 5 起事件", "优化架构、升级硬件", "未测量", "lang=\"zh-CN\""}) {
    INFO(text);
    CHECK(has(zh, text));
  }
  CHECK_FALSE(has(en, "<b>{"));
  CHECK_FALSE(has(en, "7f3a-<b>"));
}

TEST_CASE("the page needs nothing from anywhere and its policy allows its own style alone") {
  const std::string page = html(october(), Language::en);
  for (const char* text : {"http://", "https://", "<script", "<link", "<img", " style=\""}) {
    INFO(text);
    CHECK_FALSE(has(page, text));
  }
  const std::size_t from = page.find("<style>") + 7;
  const std::string style = page.substr(from, page.find("</style>") - from);
  CHECK(has(html_policy(), "style-src 'sha256-" + net::base64_encode(net::sha256(style)) + "'"));
  CHECK(has(html_policy(), "default-src 'none'"));
}

TEST_CASE("every figure has a name in both languages") {
  const Report report = october();
  for (const Figure& figure : report.figures) {
    INFO(figure.metric);
    CHECK(figure_title(figure, Language::en) != figure_title(figure, Language::zh));
    CHECK_FALSE(has(figure_title(figure, Language::en), "_"));
  }
}

TEST_CASE("periods are named as people name them") {
  const auto name = [](const char* text, Language language) {
    return period_name(parse_period(text, {}).value(), language);
  };
  CHECK(name("2026-10", Language::en) == "October 2026");
  CHECK(name("2026-10", Language::zh) == "2026 年 10 月");
  CHECK(name("2026-Q4", Language::en) == "the fourth quarter of 2026");
  CHECK(name("2026-Q4", Language::zh) == "2026 年第四季度");
  CHECK(name("2026-W08", Language::en) == "week 8 of 2026");
  CHECK(name("2026-W48", Language::zh) == "2026 年第 48 周");
  CHECK(name("2026", Language::zh) == "2026 年");
  CHECK(name("2026-11-01..2026-11-15", Language::en) == "1 to 15 November 2026");
  CHECK(name("2026-12-28..2027-01-03", Language::en) == "28 December 2026 to 3 January 2027");
  CHECK(name("2026-11-29..2026-12-02", Language::zh) == "2026 年 11 月 29 日至 12 月 2 日");
}

TEST_CASE("a file is named after the CRM and the period with nothing that a path could be") {
  Report report = october();
  report.crm = "../a b/ä";
  CHECK(file_name(report, Format::csv) == "crmpulse-___a_b___-2026-10.csv");
}
