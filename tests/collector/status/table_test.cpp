// What `status` prints, from answers of the API to lines.

#include "collector/status/table.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/text/width.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

namespace json = boost::json;

constexpr const char* kCrms = R"json([
  {"crm": "calm", "state": "healthy", "data_status": "fresh", "since": "2026-11-21T08:00:00Z", "score": 97.5, "says": null,
   "dimensions": [], "silences": [], "maintenance": [], "incident": null},
  {"crm": "globex", "state": "sub_healthy", "data_status": "fresh", "since": "2026-11-21T09:50:00Z", "score": 62,
   "says": {"en": "response time 1.4 s (sub-healthy from 1 s)", "zh": "响应时间 1.4 秒（1 秒起亚健康）"},
   "silences": [{"comment": "office moves"}], "maintenance": [], "vendor_report": null,
   "incident": {"id": "01J0", "fault": {"verdict": "unknown", "why": "", "why_zh": ""}, "ack": null, "remedies": []}},
  {"crm": "acme", "state": "poor", "data_status": "fresh", "since": "2026-11-21T09:25:00Z", "score": 12.25,
   "says": {"en": "3 checks in a row failed (poor from 3)", "zh": "连续 3 次检查失败（3 次起不良）"},
   "dimensions": [
     {"dimension": "latency", "state": "healthy", "text": {"en": "response time 0.2 s", "zh": "响应时间 0.2 秒"}},
     {"dimension": "availability", "state": "poor",
      "text": {"en": "3 checks in a row failed (poor from 3)", "zh": "连续 3 次检查失败"}}],
   "silences": [], "maintenance": [{"comment": "upgrade"}],
   "evidence": [{"text": "connection refused\u001b[2J"}],
   "incident": {"id": "01J1", "fault": {"verdict": "network", "why": "it refuses connections", "why_zh": "拒绝连接"},
     "ack": {"author": "ana", "comment": "on it"}, "remedies": [{"en": "Look at the firewall.", "zh": "请检查防火墙。"}]}},
  {"crm": "new", "state": "unknown", "data_status": "warming_up", "since": "2026-11-21T09:59:00Z", "score": null,
   "says": null}])json";

Look look(Language language = Language::en, int width = 80, std::size_t height = 0) {
  Look look;
  look.language = language;
  look.width = width;
  look.height = height;
  look.now = parse_time("2026-11-21T10:00:00Z").value();
  return look;
}

std::vector<ShownCrm> crms(Language language = Language::en) {
  return shown_crms(json::parse(kCrms).as_array(), language);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace

TEST_CASE("all CRMs stand in a table, the worst first, with what fails below their line") {
  CHECK(joined(fleet_lines(crms(), {"the disk refuses writes"}, look())) ==
        R"(CRMs: 4   ■ 1 poor   ▲ 1 sub-healthy   ◌ 1 unknown   ● 1 healthy
crmpulse itself: the disk refuses writes

  CRM     STATE       SCORE   FOR
◇ acme    poor        12.2    35 min
  3 checks in a row failed (poor from 3)
  Looks like: the network — it refuses connections
  In maintenance: upgrade · Acknowledged by ana: on it
▲ globex  sub-healthy 62.0    10 min
  response time 1.4 s (sub-healthy from 1 s)
  Looks like: not clear yet
  Silenced: office moves · Nobody has acknowledged it
◌ new     unknown     –       1 min
● calm    healthy     97.5    2 h
)");
}

TEST_CASE("in Chinese the columns stand under each other, though characters are two cells wide") {
  const std::vector<std::string> lines = fleet_lines(crms(Language::zh), {}, look(Language::zh));
  CHECK(lines[0] == "CRM：4   ■ 不良 1   ▲ 亚健康 1   ◌ 未知 1   ● 理想 1");
  const auto column = [](const std::string& line, std::string_view word) {
    return display_width(std::string_view{line}.substr(0, line.find(word)));
  };
  CHECK(column(lines[2], "评分") == column(lines[3], "12.2"));
  CHECK(column(lines[2], "持续") == column(lines[3], "35 分钟"));
  CHECK(lines[4] == "  连续 3 次检查失败（3 次起不良）");
}

TEST_CASE("no line is wider than the terminal, and beyond its height it says how many more there are") {
  for (const Language language : {Language::en, Language::zh}) {
    for (const int width : {40, 80}) {
      for (const std::string& line : fleet_lines(crms(language), {}, look(language, width)))
        CHECK(display_width(line) <= width);
      for (const ShownCrm& crm : crms(language)) {
        for (const std::string& line : crm_lines(crm, look(language, width))) CHECK(display_width(line) <= width);
      }
    }
  }
  const std::vector<std::string> few = fleet_lines(crms(), {}, look(Language::en, 80, 9));
  CHECK(few.size() <= 9);
  CHECK(few.back() == "  and 3 more");
}

TEST_CASE("colours stand around marks and states, and only where they are wanted") {
  Look coloured = look();
  coloured.colour = true;
  CHECK(joined(fleet_lines(crms(), {}, coloured)).find("\x1b[1;31m") != std::string::npos);
  CHECK(joined(fleet_lines(crms(), {}, look())).find('\x1b') == std::string::npos);
}

TEST_CASE("one CRM tells its dimensions, what to do and evidence that cannot move the cursor") {
  CHECK(joined(crm_lines(crms()[0], look())) ==
        R"(◇ acme    poor        12.2    35 min
  3 checks in a row failed (poor from 3)
  Looks like: the network — it refuses connections
  In maintenance: upgrade · Acknowledged by ana: on it
  What to do: Look at the firewall.
  Incident 01J1

■ 3 checks in a row failed (poor from 3)
● response time 0.2 s

  Evidence: connection refused\u001b[2J
)");
}
