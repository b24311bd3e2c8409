#include "collector/notice/notice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "collector/notice/group.h"
#include "collector/notice/json.h"
#include "collector/notice/title.h"
#include "collector/text/value_text.h"
#include "core/failure/failure.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

// Bounds in bytes and lines: what is longer belongs on the incident's page, and every layout fits after a few cuts.
constexpr std::size_t kWhy = 400;
constexpr std::size_t kRemedyText = 900;
constexpr std::size_t kEvidenceText = 300;
constexpr std::size_t kLink = 500;
constexpr std::size_t kFailing = 12;
constexpr std::size_t kRemedies = 2;
constexpr std::size_t kEvidence = 5;
constexpr std::size_t kChanges = 3;
constexpr std::size_t kChangeText = 200;

Fact read_failing(const json::object& one, Language language) {
  Fact fact;
  const std::string dimension = text_at(one, "dimension");
  fact.name = rule_name(text_at(one, "rule"), dimension, language);
  if (const std::string worst = name_at(one, "worst_of"); !worst.empty()) {
    fact.name += in_words(language, " ({})", "（{}）", worst);
  }
  const auto value = number_at(one, "value");
  const auto threshold = number_at(one, "threshold");
  const std::string data = text_at(one, "data_status");
  if (!value || data == "no_data") {
    fact.value = language == Language::zh ? "没有数据" : "no data";
    return fact;
  }
  const std::string unit = text_at(one, "unit");
  if (!threshold) {
    fact.value = value_text(*value, unit, language);
    return fact;
  }
  const auto sub = number_at(one, "sub_healthy");
  const auto poor = number_at(one, "poor");
  // Without both lines the value's side of its own one tells the direction.
  const bool below = sub && poor ? *poor < *sub : *value < *threshold;
  const Level level = level_named(text_at(one, "state")).value_or(Level::sub_healthy);
  fact.value = against_threshold(*value, *threshold, below ? Worse::below : Worse::above, level, unit, language);
  return fact;
}

void read_failing(Notice& notice, const json::object& body, Language language) {
  const json::array* failing = array_at(body, "failing");
  if (failing == nullptr) return;
  std::set<std::string> told;
  for (const json::value& item : *failing) {
    const json::object* one = item.if_object();
    if (one == nullptr || notice.failing.size() >= kFailing) continue;
    notice.failing.push_back(read_failing(*one, language));
    std::string remedy = in_language(object_at(*one, "remedy"), language, kRemedyText);
    if (remedy.empty() || notice.remedies.size() >= kRemedies || !told.insert(remedy).second) continue;
    notice.remedies.push_back({notice.failing.back().name, std::move(remedy)});
  }
}

std::string_view verdict_words(std::string_view verdict, Language language) {
  struct Words {
    std::string_view verdict;
    std::string_view en;
    std::string_view zh;
  };
  constexpr std::array kWords{
      Words{"vendor", "the vendor", "供应商"},
      Words{"network", "the network", "网络"},
      Words{"credentials", "the credentials", "凭据"},
      Words{"quota", "the API allowance", "API 配额"},
      Words{"automation", "an automation or process", "自动化或流程"},
      Words{"data", "the data", "数据"},
      Words{"database", "the database", "数据库"},
      Words{"agent", "our own monitoring", "监控代理自身"},
      Words{"unknown", "not clear yet", "尚不明确"},
  };
  const auto* found =
      std::find_if(kWords.begin(), kWords.end(), [&](const Words& one) { return one.verdict == verdict; });
  if (found == kWords.end()) return verdict;
  return language == Language::zh ? found->zh : found->en;
}

std::string read_fault(const json::object& body, Language language) {
  const json::object* fault = object_at(body, "fault");
  if (fault == nullptr) return {};
  const std::string verdict = text_at(*fault, "verdict");
  const std::string words{verdict_words(verdict.empty() ? "unknown" : verdict, language)};
  const std::string why = text_at(*fault, "why", kWhy);
  if (why.empty()) return words;
  return words + (language == Language::zh ? "——" : " — ") + why;
}

void read_times(Notice& notice, const json::object& body, Language language) {
  const bool zh = language == Language::zh;
  const json::object* incident = object_at(body, "incident");
  std::optional<TimePoint> since = incident == nullptr ? std::nullopt : time_at(*incident, "opened_at");
  if (notice.type == Event::resolved) {
    if (!since) return notice.facts.push_back({zh ? "恢复时间" : "At", moment_text(notice.at, notice.at)});
    return notice.facts.push_back({zh ? "持续" : "Lasted", lasted_text(*since, notice.at, language)});
  }
  if (const json::array* failing = array_at(body, "failing"); failing != nullptr && !since) {
    for (const json::value& item : *failing) {
      const json::object* one = item.if_object();
      const auto from = one == nullptr ? std::nullopt : time_at(*one, "since");
      if (from && (!since || *from < *since)) since = from;
    }
  }
  notice.facts.push_back({zh ? "开始时间" : "Since", since_text(since.value_or(notice.at), notice.at, language)});
}

void read_facts(Notice& notice, const json::object& body, Language language) {
  const bool zh = language == Language::zh;
  const auto add = [&](const char* en, const char* chinese_name, std::string value) {
    notice.facts.push_back({zh ? chinese_name : en, std::move(value)});
  };
  read_times(notice, body, language);
  const auto previous = level_named(text_at(body, "previous_state"));
  if (previous && *previous != notice.level && notice.type != Event::opened)
    add("Before", "之前", std::string{level_words(*previous, language)});
  if (const auto score = number_at(body, "score"))
    add("Score", "健康评分", in_words(language, "{} of 100", "{}（满分 100）", value_text(*score, "", language, 3)));
  if (!notice.kind.empty()) add("Kind", "类型", notice.kind);
  const std::string data = text_at(body, "data_status");
  if (data == "no_data") add("Data", "数据", zh ? "没有数据，状态为最后所知" : "none; the state is the last one known");
  if (data == "stale") add("Data", "数据", zh ? "数据陈旧" : "stale");
}

/// The newest ones.
void read_changes(Notice& notice, const json::object& body, Language language) {
  const json::array* changes = array_at(body, "changes");
  if (changes == nullptr) return;
  for (std::size_t i = changes->size() - std::min(changes->size(), kChanges); i < changes->size(); ++i) {
    const json::object* one = (*changes)[i].if_object();
    std::string text = one == nullptr ? std::string{} : in_language(object_at(*one, "text"), language, kChangeText);
    if (text.empty()) continue;
    const auto at = time_at(*one, "at");
    notice.changes.push_back(at ? moment_text(*at, notice.at) + " " + text : std::move(text));
  }
}

std::string read_link(const json::object& body) {
  const json::object* incident = object_at(body, "incident");
  std::string link = incident == nullptr ? std::string{} : text_at(*incident, "url", kLink + 1);
  const bool usable = link.size() <= kLink && (link.starts_with("http://") || link.starts_with("https://")) &&
                      link.find_first_of(" <>()[]\"'|\\`") == std::string::npos;
  return usable ? link : std::string{};
}

/// `acme` of `crm/acme`.
std::string subject_of(const store::OutboxRow& row) {
  const auto slash = row.dedup_key.find('/');
  return one_line(slash == std::string::npos ? row.dedup_key : row.dedup_key.substr(slash + 1), kMaxName);
}

/// False: not a message of ours.
bool read_body(Notice& notice, const json::object& body, const store::OutboxRow& row, Language language) {
  notice.type = EventName{text_at(body, "type")};
  if (notice.type.text().empty()) return false;
  if (const auto at = time_at(body, "at")) notice.at = *at;
  for (const char* key : {"crm", "agent", "vendor", "receiver", "collector"}) {
    if (std::string name = name_at(body, key); !name.empty() && notice.subject.empty())
      notice.subject = std::move(name);
  }
  const bool incident = is_incident(notice.type);
  if (incident && notice.subject.empty()) notice.subject = subject_of(row);
  notice.kind = name_at(body, "kind");
  notice.level = level_named(text_at(body, "state")).value_or(Level::healthy);
  if (incident) {
    read_facts(notice, body, language);
    read_failing(notice, body, language);
  } else {
    read_group(notice, body, language);
  }
  if (std::string fault = read_fault(body, language); !fault.empty()) notice.fault = std::move(fault);
  if (const json::array* evidence = array_at(body, "evidence")) {
    for (const json::value& line : *evidence) {
      if (line.is_string() && notice.evidence.size() < kEvidence)
        notice.evidence.push_back(one_line(line.get_string(), kEvidenceText));
    }
  }
  read_changes(notice, body, language);
  notice.link = read_link(body);
  if (const json::object* object = object_at(body, "incident")) notice.incident = text_at(*object, "id");
  put_title(notice,
            {level_named(text_at(body, "crm_state")), text_at(body, "reason"), notice.listed.size() + notice.unlisted},
            language);
  return true;
}

void read_damaged(Notice& notice, const store::OutboxRow& row, Language language) {
  const bool zh = language == Language::zh;
  notice = Notice{};
  notice.id = row.id;
  notice.at = row.created;
  notice.type = EventName{"unreadable"};
  notice.tone = Tone::warning;
  notice.level = row.level >= 2 ? Level::poor : row.level == 1 ? Level::sub_healthy : Level::healthy;
  notice.state = level_words(notice.level, language);
  notice.subject = subject_of(row);
  notice.icon = icon_of(notice.tone);
  notice.title = fmt::format("{} — {}", notice.subject, one_line(row.event.text(), kMaxName));
  notice.summary = zh ? "这条消息的内容已损坏，请查看 crmpulse 页面。"
                      : "The text of this message is damaged: look at the page of crmpulse.";
}

}  // namespace

Notice read_notice(const store::OutboxRow& row, Language language) {
  Notice notice;
  notice.id = row.id;
  notice.at = row.created;
  boost::system::error_code failed;
  const json::value body = json::parse(row.body, failed);
  bool readable = !failed && body.is_object();
  try {
    readable = readable && read_body(notice, body.get_object(), row, language);
  } catch (const std::exception&) {
    // A number out of range, a format nobody thought of: somebody must be told all the same.
    readable = false;
  }
  if (!readable) read_damaged(notice, row, language);
  return notice;
}

}  // namespace crmpulse::collector
