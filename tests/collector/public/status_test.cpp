// What the public page shows, and that nothing else gets onto it. Pure: plain data in, text out.

#include "collector/public/status.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "collector/public/pages.h"
#include "collector/public/render.h"
#include "collector/public/words.h"
#include "config/zone.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

const TimePoint kNow = parse_time("2026-11-21T09:30:00Z").value();

std::size_t count(std::string_view text, std::string_view wanted) {
  std::size_t found = 0;
  for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

/// Are all tags closed, in order? Enough to tell that nothing broke out of its place.
bool is_well_formed(std::string_view xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    if (end == std::string_view::npos) return false;
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    if (tag.starts_with('?') || tag.ends_with('/')) continue;
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else {
      open.emplace_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty();
}

PublicCrm shown(const std::string& crm, Shown state) {
  PublicCrm made;
  made.crm = crm;
  made.name = {"Sales & <Service>", "销售系统"};
  made.state = state;
  made.since = kNow - 20min;
  made.dimensions = {"latency", "availability"};
  made.days = days_of({}, kNow, {});
  return made;
}

PublicStatus one(PublicCrm crm) {
  PublicStatus status;
  status.at = kNow;
  status.title = {"Status of <us>", "系统状态"};
  status.crms.push_back(std::move(crm));
  return status;
}

store::StateChange change(const char* at, Level state, DataStatus data = DataStatus::fresh, bool maintenance = false) {
  return {parse_time(at).value(), "acme", state, data, std::nullopt, maintenance};
}

}  // namespace

TEST_CASE("ninety days are spent by state, maintenance apart, and what nobody measured is shown as without data") {
  const std::vector<ShownDay> days =
      days_of({change("2026-11-19T12:00:00Z", Level::healthy), change("2026-11-20T10:00:00Z", Level::poor),
               change("2026-11-20T10:30:00Z", Level::poor, DataStatus::fresh, true),
               change("2026-11-20T12:00:00Z", Level::sub_healthy),
               change("2026-11-20T13:00:00Z", Level::healthy, DataStatus::no_data),
               change("2026-11-21T00:00:00Z", Level::healthy)},
              kNow, {});
  REQUIRE(days.size() == 90);
  CHECK(days[0].worst() == Shown::unknown);
  CHECK(days[87].in(Shown::healthy) == 12h);
  CHECK(days[87].worst() == Shown::healthy);
  CHECK(days[88].in(Shown::healthy) == 10h);
  CHECK(days[88].in(Shown::poor) == 30min);
  CHECK(days[88].in(Shown::maintenance) == 90min);
  CHECK(days[88].in(Shown::sub_healthy) == 1h);
  CHECK(days[88].in(Shown::unknown) == 11h);
  CHECK(days[88].worst() == Shown::poor);
  CHECK(days[89].in(Shown::healthy) == 9h + 30min);
}

TEST_CASE("days are those of the zone, also when its clock is set back") {
  const auto berlin = std::make_shared<const Zone>(config::load_zone("Europe/Berlin").value());
  const TimePoint now = parse_time("2026-10-27T12:00:00Z").value();
  const std::vector<ShownDay> days = days_of({change("2026-10-01T00:00:00Z", Level::healthy)}, now, berlin);
  // The 25th has 25 hours there, today began at 23:00 UTC.
  CHECK(days[87].in(Shown::healthy) == 25h);
  CHECK(days[88].in(Shown::healthy) == 24h);
  CHECK(days[89].in(Shown::healthy) == 13h);
}

TEST_CASE("sentences say state, since when and which dimensions, in both languages") {
  const PublicStatus poor = one(shown("acme", Shown::poor));
  CHECK(crm_sentence(poor.crms[0], poor).en == "Poor since 09:10 UTC: response time, availability.");
  CHECK(crm_sentence(poor.crms[0], poor).zh == "自 09:10 UTC 起状态为不良：响应时间、可用性。");
  CHECK(whole_sentence(poor).en == "The system is out of order.");
  PublicCrm planned = shown("acme", Shown::maintenance);
  planned.until = kNow + 1h;
  const PublicStatus work = one(planned);
  CHECK(crm_sentence(work.crms[0], work).en == "Planned maintenance since 09:10 UTC, until 10:30 UTC.");
  CHECK(whole_sentence(work).zh == "正在进行计划内维护。");
  const PublicStatus none = one(shown("acme", Shown::unknown));
  CHECK(crm_sentence(none.crms[0], none).en == "Nothing is measured at the moment.");
  const ShownIncident over{"01J", Level::poor, kNow - 3h, kNow - 2h, {"latency"}};
  CHECK(incident_sentence(over, poor).en == "Poor for 1 h, from 2026-11-21 06:30 UTC: response time.");
  CHECK(incident_sentence(over, poor).zh == "不良 1 小时，始于 2026-11-21 06:30 UTC：响应时间。");
}

TEST_CASE("names on the page, in the feed and on a badge stay text") {
  PublicStatus status = one(shown("acme", Shown::poor));
  status.crms[0].incidents.push_back({"01J", Level::poor, kNow - 3h, std::nullopt, {}});
  for (const Language language : {Language::en, Language::zh}) {
    const std::string html = render_html(status, language);
    CHECK(html.find("<us>") == std::string::npos);
    CHECK(html.find("<Service>") == std::string::npos);
    CHECK(html.find("<script") == std::string::npos);
    CHECK(html.find("style=") == std::string::npos);
    CHECK(is_well_formed(render_atom(status, language)));
    CHECK(is_well_formed(render_badge(status.crms[0], language)));
  }
  CHECK(render_html(status, Language::en).find("Sales &amp; &lt;Service&gt;") != std::string::npos);
  CHECK(render_html(status, Language::zh).find("<html lang=\"zh\">") != std::string::npos);
  CHECK(render_html(status, Language::zh).find("销售系统") != std::string::npos);
}

TEST_CASE("a badge says name and state to who cannot see it, each state in a colour of its own") {
  std::set<std::string> fills;
  for (const Shown state : {Shown::healthy, Shown::sub_healthy, Shown::poor, Shown::unknown, Shown::maintenance}) {
    const std::string svg = render_badge(shown("acme", state), Language::en);
    INFO(svg);
    CHECK(svg.find("role=\"img\"") != std::string::npos);
    CHECK(svg.find(fmt::format("<title>Sales &amp; &lt;Service&gt;: {}</title>", state_word(state, Language::en))) !=
          std::string::npos);
    CHECK(svg.find(std::string{state_shape(state)}) != std::string::npos);
    const std::size_t right = svg.find("<rect x=");
    fills.insert(svg.substr(svg.find("fill=", right), 14));
  }
  CHECK(fills.size() == 5);
  CHECK(render_badge(shown("acme", Shown::poor), Language::zh).find("aria-label=\"销售系统：不良\"") !=
        std::string::npos);
}

TEST_CASE("an entry of the feed keeps its id when its incident is over, and says so") {
  PublicStatus status = one(shown("acme", Shown::poor));
  status.address = "https://ops.example.com/crm";
  status.crms[0].incidents.push_back({"01J", Level::poor, kNow - 3h, std::nullopt, {}});
  status.crms[0].planned.push_back({"01M", kNow - 2h, kNow + 24h, kNow + 26h});
  const std::string before = render_atom(status, Language::en);
  CHECK(count(before, "<entry>") == 2);
  CHECK(count(before, "<updated>") == 3);
  CHECK(before.find("<link rel=\"self\" type=\"application/atom+xml\" "
                    "href=\"https://ops.example.com/crm/status.atom?lang=en\"/>") != std::string::npos);
  status.crms[0].incidents[0].resolved = kNow - 1h;
  const std::string after = render_atom(status, Language::en);
  const auto ids = [](const std::string& feed) {
    std::set<std::string> all;
    for (auto at = feed.find("<id>"); at != std::string::npos; at = feed.find("<id>", at + 1))
      all.insert(feed.substr(at, feed.find("</id>", at) - at));
    return all;
  };
  CHECK(ids(before) == ids(after));
  CHECK(ids(before).size() == 3);
  for (const std::string& id : ids(before)) {
    CHECK(id.starts_with("<id>urn:uuid:"));
    CHECK(id.size() == 4 + 9 + 36);
  }
  CHECK(after.find(": over (Poor)</title>") != std::string::npos);
  CHECK(after.find("<updated>2026-11-21T08:30:00") != std::string::npos);
}

TEST_CASE("the language is the one of the address, else the browser's") {
  const auto asked = [](const std::string& header, const std::string& lang = "") {
    net::HttpRequest request;
    if (!header.empty()) request.headers.emplace_back("Accept-Language", header);
    if (!lang.empty()) request.query.emplace("lang", lang);
    return wanted_language(request);
  };
  CHECK(asked("") == Language::en);
  CHECK(asked("zh-CN,zh;q=0.9,en;q=0.8") == Language::zh);
  CHECK(asked("en-US,en;q=0.9,zh;q=0.8") == Language::en);
  CHECK(asked("fr, zh;q=0.2, en;q=0.1") == Language::zh);
  CHECK(asked("zh;q=0, en") == Language::en);
  CHECK(asked("en ; Q=0.1 , ZH-Hant") == Language::zh);
  CHECK(asked("zha, enm;q=0.9, zh;q=x") == Language::en);
  CHECK(asked("zh-CN", "en") == Language::en);
  CHECK(asked("en", "zh") == Language::zh);
}

TEST_CASE("the page's data is JSON with every state of every day") {
  PublicStatus status = one(shown("acme", Shown::poor));
  status.crms[0].days = days_of({change("2026-11-01T00:00:00Z", Level::healthy)}, kNow, {});
  const json::value data = json::parse(render_json(status));
  CHECK(data.at("state").as_string() == "poor");
  const json::array& days = data.at("crms").at(0).at("days").as_array();
  REQUIRE(days.size() == 90);
  CHECK(days.back().at("day").as_string() == "2026-11-21");
  CHECK(days.back().at("healthy_seconds").to_number<int>() == 9 * 3600 + 1800);
  CHECK(days.front().at("state").as_string() == "unknown");
}
