#include "collector/message/fault.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <tuple>

#include "collector/message/fault_lines.h"
#include "collector/message/vocabulary.h"
#include "core/text/ascii.h"

namespace crmpulse::collector {
namespace {

using namespace std::chrono_literals;

constexpr Duration kNewFailure = 15min;
constexpr Duration kOldestFailure = 24h;
constexpr Duration kFreshSight = 5min;
constexpr Duration kTogether = 5min;       ///< failures that begin this close to each other have one cause
constexpr Duration kHeartbeatLost = 3min;  ///< three are sent in that time
constexpr std::size_t kTogetherCrms = 3;
constexpr double kTogetherShare = 0.6;
constexpr std::size_t kAgentCrms = 3;  ///< so many, of two kinds, say something about their agent

/// Everything a verdict may look at.
struct Case {
  const rules::CrmStatus& status;
  const CrmFacts& facts;
  const CrmRegistry* book;
  TimePoint now;
  const ZonePtr& zone;

  [[nodiscard]] std::string clock(TimePoint at) const { return moment_text(at, now, zone); }
};

/// The failure that speaks, and of whose operation it is.
struct Speaker {
  const OperationOf& operation;
  const NewestFailure& failure;
};

bool fresh(TimePoint at, Duration interval, Duration least, TimePoint now) {
  return now - at <= std::max(least, 3 * interval);
}

std::string fill(std::string_view sentence, std::string_view operation) {
  std::string text{sentence};
  const auto place = text.find("{}");
  if (place != std::string::npos) text.replace(place, 2, operation.empty() ? "?" : operation);
  return text;
}

/// Between Chinese characters there are no blanks.
std::string fill_zh(std::string_view sentence, std::string_view operation) {
  const std::string_view words = operation_words(operation, Language::zh);
  std::string text{sentence};
  const bool chinese = !words.empty() && static_cast<unsigned char>(words.front()) >= 0x80;
  if (const auto place = text.find("{}"); chinese && place != std::string::npos) {
    if (text.substr(place + 2).starts_with(' ')) text.erase(place + 2, 1);
    if (place > 0 && text[place - 1] == ' ') text.erase(place - 1, 1);
  }
  return fill(text, words);
}

bool fails(const rules::CrmStatus& status, std::string_view dimension) {
  return std::any_of(status.rules.begin(), status.rules.end(), [&](const rules::RuleStatus& rule) {
    return rule.dimension == dimension && rule.level != Level::healthy;
  });
}

double sum_of(const Phases& phases) {
  return std::accumulate(phases.begin(), phases.end(), 0.0,
                         [](double sum, const auto& one) { return sum + one.second; });
}

/// Where the slowest operation spends its time.
Fault from_phases(const CrmFacts& facts) {
  const auto slowest = std::max_element(facts.phases.begin(), facts.phases.end(), [](const auto& a, const auto& b) {
    return sum_of(a.second) < sum_of(b.second);
  });
  const auto phase = [&](std::string_view name) {
    if (slowest == facts.phases.end()) return 0.0;
    const auto found = slowest->second.find(name);
    return found == slowest->second.end() ? 0.0 : found->second;
  };
  const double way = phase("dns") + phase("connect") + phase("tls");
  const double all = slowest == facts.phases.end() ? 0.0 : sum_of(slowest->second);
  if (all > 0 && way > all / 2) return {"network", "most of the time goes into reaching the CRM", "耗时主要在网络上"};
  if (facts.transport == "sql") return {"database", "the database answers slowly", "数据库响应缓慢"};
  return {"vendor", "the CRM itself answers slowly", "CRM 本身响应缓慢"};
}

Fault from_dimensions(const rules::CrmStatus& status, const CrmFacts* facts) {
  if (fails(status, "quota")) return {"quota", "the API allowance runs out", "API 配额即将用尽"};
  if (fails(status, "latency") && facts != nullptr) return from_phases(*facts);
  if (fails(status, "data_quality"))
    return {"data", "records are incomplete, duplicate or outdated", "存在不完整、重复或过期的记录"};
  if (fails(status, "staleness")) return {"data", "data has not been updated for too long", "数据长时间未更新"};
  if (fails(status, "process")) return {"automation", "work waits too long in the process", "流程中的事项等待过久"};
  return {"unknown", "no failure was reported", "原因尚不明确（无失败记录）"};
}

Fault from_silence(const CrmFacts* facts, TimePoint now, const CrmRegistry* book, const ZonePtr& zone) {
  if (facts != nullptr && facts->paused_until > now) {
    const std::string until = moment_text(facts->paused_until, now, zone);
    return {"quota", fmt::format("the CRM wants to be left alone until {}, so nothing is asked", until),
            fmt::format("CRM 要求在 {} 之前暂停访问，因此没有发出请求", until)};
  }
  const LivenessStatus* newest = nullptr;
  std::string agent;
  if (facts != nullptr) {
    for (const auto& [name, sight] : facts->sights) {
      if (newest != nullptr && sight.at <= newest->at) continue;
      newest = &sight;
      agent = name;
    }
  }
  const AgentPlace* place = newest == nullptr || book == nullptr ? nullptr : book->place(agent);
  if (place == nullptr || place->heartbeat == TimePoint{})
    return {"agent", "no agent has reported about this CRM for a while", "已有一段时间没有探针上报此 CRM 的数据"};
  if (now - place->heartbeat > kHeartbeatLost) {
    const std::string since = moment_text(place->heartbeat, now, zone);
    return {"agent", fmt::format("agent {} has not been heard of since {}", agent, since),
            fmt::format("自 {} 起没有收到探针 {} 的任何消息", since, agent)};
  }
  const std::string since = moment_text(newest->at, now, zone);
  return {"agent", fmt::format("agent {} is there, but has not reported about this CRM since {}", agent, since),
          fmt::format("探针 {} 在线，但自 {} 起没有上报此 CRM 的数据", agent, since)};
}

/// What the vendor itself says: of several instances the worst.
std::optional<Fault> from_vendor(const CrmFacts& facts, TimePoint now, double least, const ZonePtr& zone) {
  const std::pair<const std::string, VendorStatus>* worst = nullptr;
  for (const auto& entry : facts.vendor) {
    if (entry.second.value < least || !fresh(entry.second.at, entry.second.interval, kNewFailure, now)) continue;
    if (worst == nullptr || entry.second.value > worst->second.value) worst = &entry;
  }
  if (worst == nullptr) return std::nullopt;
  const auto& [instance, status] = *worst;
  const std::string on_en = instance.empty() ? "" : " on " + instance;
  const std::string on_zh = instance.empty() ? "" : " " + instance + " 上的";
  const std::string since = moment_text(status.since, now, zone);
  const bool maintenance = status.value < 2;
  const char* en = maintenance ? "maintenance" : status.value < 3 ? "a minor incident" : "a major incident";
  const char* zh = maintenance ? "维护" : status.value < 3 ? "轻微故障" : "重大故障";
  return Fault{"vendor", fmt::format("the vendor's status page reports {}{} since {}", en, on_en, since),
               fmt::format("厂商状态页自 {} 起报告{}{}", since, on_zh, zh)};
}

/// The earlier in its exchange a failure comes the more it explains; then what the CRM says of itself.
int weight(const NewestFailure& failure) {
  constexpr std::array<std::string_view, 4> kWay{"resolve", "connect", "tls", "auth"};
  const auto stage = std::find(kWay.begin(), kWay.end(), failure.stage);
  if (stage != kWay.end()) return 10 - static_cast<int>(stage - kWay.begin());
  constexpr std::array<std::string_view, 8> kSelf{"quota",   "rate_limited", "maintenance", "server_error",
                                                  "timeout", "unreachable",  "refused",     "credentials"};
  return std::find(kSelf.begin(), kSelf.end(), failure.reason) != kSelf.end() ? 5 : 0;
}

bool speaks_more(const NewestFailure& a, const NewestFailure& b) {
  return std::tuple{weight(a), a.at} > std::tuple{weight(b), b.at};
}

/// Returns the failure that explains most, of those not older than `since`.
std::optional<Speaker> speaker_of(const std::map<OperationOf, NewestFailure>& failures, TimePoint since) {
  std::optional<Speaker> speaker;
  for (const auto& [operation, failure] : failures) {
    if (failure.at < since || (speaker && !speaks_more(failure, speaker->failure))) continue;
    speaker.reset();
    speaker.emplace(Speaker{operation, failure});
  }
  return speaker;
}

/// What happened from shortly before the incident on may be what it is about, for as long as it lasts.
TimePoint explained_from(const Case& c) {
  return c.status.incident ? c.status.incident->opened - kNewFailure : c.now;
}

std::optional<Speaker> find_speaker(const Case& c) {
  // With stretched intervals a failure is the newest word for that much longer; a success takes it back.
  const double factor = std::clamp(c.facts.stretch, 1.0, 96.0);
  const Duration horizon =
      std::min(kOldestFailure, Duration{static_cast<Duration::rep>(static_cast<double>(kNewFailure.count()) * factor)});
  return speaker_of(c.facts.failures, std::min(c.now - horizon, explained_from(c)));
}

/// A failure that has ended, while what it caused lasts: shares of a window are bad until it has left the window.
std::optional<Speaker> find_past_speaker(const Case& c) {
  // A success ended it a while ago: what the incident is about was before.
  return speaker_of(c.facts.ended, explained_from(c));
}

/// Nothing of the CRM itself has answered.
bool on_the_way(const NewestFailure& failure) {
  if (failure.stage == "resolve") return true;
  if (failure.reason == "quota" || failure.reason == "missing" || failure.reason == "maintenance" ||
      failure.reason == "credentials")
    return false;
  return failure.stage == "connect" || failure.stage == "tls" || failure.reason == "timeout" ||
         failure.reason == "unreachable";
}

/// Somebody answered: the way is there, whoever it leads to.
bool was_answered(const NewestFailure& failure) {
  return failure.reason == "refused" || failure.reason == "certificate";
}

/// Another agent for whom the operation works within two of its intervals, or the CRM's liveness; empty: none.
std::string other_agent(const Case& c, const Speaker& speaker) {
  for (const auto& [operation, success] : c.facts.successes) {
    if (operation.operation != speaker.operation.operation || operation.agent == speaker.operation.agent) continue;
    if (c.facts.failures.contains(operation)) continue;
    if (success.at >= speaker.failure.at - std::max(Duration{1min}, 2 * success.interval)) return operation.agent;
  }
  return {};
}

/// Down as far as anybody who looked lately can tell; since when.
std::optional<TimePoint> down_since(const CrmFacts& facts, TimePoint now) {
  std::optional<TimePoint> since;
  for (const auto& [agent, sight] : facts.sights) {
    if (!fresh(sight.at, sight.interval, kFreshSight, now)) continue;
    if (sight.up) return std::nullopt;
    since = since ? std::min(*since, sight.since) : sight.since;
  }
  return since;
}

bool seen_lately(const CrmFacts& facts, TimePoint now) {
  return std::any_of(facts.sights.begin(), facts.sights.end(), [&](const auto& entry) {
    return fresh(entry.second.at, entry.second.interval, kFreshSight, now);
  });
}

/// Several CRMs of the kind began to fail together: no customer's own trouble.
std::optional<Fault> from_kind(const Case& c) {
  const auto ours = down_since(c.facts, c.now);
  if (c.book == nullptr || !ours || !c.book->is_of_vendor(c.facts.kind)) return std::nullopt;
  std::size_t watched = 0;
  std::size_t down = 0;
  for (const CrmFacts& other : c.book->all()) {
    if (other.kind != c.facts.kind || !seen_lately(other, c.now)) continue;
    ++watched;
    const auto theirs = down_since(other, c.now);
    if (theirs && std::chrono::abs(*theirs - *ours) <= kTogether) ++down;
  }
  if (down < kTogetherCrms || static_cast<double>(down) < kTogetherShare * static_cast<double>(watched))
    return std::nullopt;
  return Fault{"vendor", fmt::format("{} of {} {} CRMs began to fail within five minutes", down, watched, c.facts.kind),
               fmt::format("{} 个 {} CRM 中有 {} 个在五分钟内相继失败", watched, c.facts.kind, down)};
}

/// Everything the agent watches, of more than one kind, is down.
std::optional<Fault> from_agent_view(const Case& c, const std::string& agent) {
  if (c.book == nullptr) return std::nullopt;
  std::size_t down = 0;
  std::set<std::string_view> kinds;
  for (const CrmFacts& other : c.book->all()) {
    const auto sight = other.sights.find(agent);
    if (sight == other.sights.end() || !fresh(sight->second.at, sight->second.interval, kFreshSight, c.now)) continue;
    if (sight->second.up) return std::nullopt;
    ++down;
    kinds.insert(other.kind);
  }
  if (down < kAgentCrms || kinds.size() < 2) return std::nullopt;
  return Fault{"network", fmt::format("agent {} reaches none of its {} CRMs: its own network", agent, down),
               fmt::format("探针 {} 连不上它监控的全部 {} 个 CRM：是探针自身的网络问题", agent, down)};
}

/// What the agent's surroundings say about a failure on the way to the CRM.
std::optional<Fault> from_place(const Case& c, const Speaker& speaker) {
  const NewestFailure& failure = speaker.failure;
  const std::string& agent = speaker.operation.agent;
  const AgentPlace* place = c.book == nullptr ? nullptr : c.book->place(agent);
  const bool known = place != nullptr && place->connected && c.now - place->connected_at <= kFreshSight;
  if (known && !*place->connected && !was_answered(failure)) {
    const std::string since = c.clock(place->connected_since);
    return Fault{
        "network",
        fmt::format("agent {} does not reach its neutral target either, since {}: its own network", agent, since),
        fmt::format("自 {} 起，探针 {} 也连不上连通性检测目标：是探针自身的网络问题", since, agent)};
  }
  if (const std::string other = other_agent(c, speaker); !other.empty()) {
    return Fault{"network", fmt::format("agent {} sees it, agent {} does not: the network of {}", agent, other, agent),
                 fmt::format("仅探针 {} 出现此问题，{} 正常，应为 {} 所在网络问题", agent, other, agent)};
  }
  if (auto together = from_kind(c)) return together;
  if (auto all = from_agent_view(c, agent)) return all;
  if (!known || was_answered(failure) || c.facts.transport != "http") return std::nullopt;
  const auto where = [&](Language language) { return failure_words(failure.stage, failure.reason, language); };
  return Fault{"vendor",
               fmt::format("the CRM does not answer ({}) while agent {} reaches its neutral target: the vendor, or the "
                           "way to it",
                           where(Language::en), agent),
               fmt::format("CRM 没有响应（{}），而探针 {} 能连上连通性检测目标：问题在厂商，或在通往厂商的线路上",
                           where(Language::zh), agent)};
}

/// An application that answers, but whose answer says that its database does not.
bool blames_database(const NewestFailure& failure) {
  if (failure.reason != "server_error" && failure.reason != "maintenance" && failure.reason != "unreachable" &&
      failure.reason != "refused" && failure.reason != "timeout")
    return false;
  const std::string text = ascii::lower(failure.text);
  constexpr std::array<std::string_view, 8> kWords{"database", "postgres", "psycopg",          "mysql",
                                                   "mariadb",  "sqlstate", "operationalerror", "数据库"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

/// `; agents a and b both see it`, when more than one does.
void add_witnesses(Fault& fault, const Case& c, const Speaker& speaker) {
  std::vector<std::string> agents;
  for (const auto& [operation, failure] : c.facts.failures) {
    const bool same = operation.operation == speaker.operation.operation && failure.stage == speaker.failure.stage &&
                      failure.reason == speaker.failure.reason;
    if (same && std::chrono::abs(failure.at - speaker.failure.at) <= kNewFailure) agents.push_back(operation.agent);
  }
  if (agents.size() < 2) return;
  fault.why_en += fmt::format("; agents {} all see it", fmt::join(agents, ", "));
  fault.why_zh += fmt::format("；探针 {} 都发现此问题", fmt::join(agents, "、"));
}

Fault from_failure(const Case& c, const Speaker& speaker) {
  const NewestFailure& failure = speaker.failure;
  const std::string& operation = speaker.operation.operation;
  if (on_the_way(failure)) {
    if (auto fault = from_place(c, speaker)) return *fault;
  } else if (failure.stage == "auth" || failure.reason == "server_error" || failure.reason == "maintenance") {
    if (auto together = from_kind(c)) return *together;
  }
  Fault fault;
  const FaultLine* line = find_fault_line(c.facts.transport, failure.stage, failure.reason);
  if (c.facts.transport == "http" && blames_database(failure)) {
    fault = {"database", "the application answers, and says that its database does not",
             "应用有响应，但称其数据库没有响应"};
  } else if (line == nullptr) {
    const auto where = [&](Language language) { return failure_words(failure.stage, failure.reason, language); };
    fault = {"unknown", fmt::format("{} fails ({})", operation, where(Language::en)),
             fill_zh("{} 失败", operation) + fmt::format("（{}）", where(Language::zh))};
  } else {
    fault = {std::string{line->verdict}, fill(line->en, operation), fill_zh(line->zh, operation)};
  }
  add_witnesses(fault, c, speaker);
  return fault;
}

/// Nothing fails now: what failed before explains what counts failures, and what nothing else explains.
Fault from_past(const Case& c) {
  Fault fault = from_dimensions(c.status, &c.facts);
  const bool counts_failures = fails(c.status, "availability") || fails(c.status, "transactions");
  if (!counts_failures && fault.verdict != "unknown") return fault;
  const auto past = find_past_speaker(c);
  if (!past) return fault;
  fault = from_failure(c, *past);
  const std::string last = c.clock(past->failure.at);
  fault.why_en += fmt::format("; last at {}, it has worked since", last);
  fault.why_zh += fmt::format("；最近一次失败在 {}，此后已正常", last);
  return fault;
}

}  // namespace

std::optional<Fault> vendor_report(const CrmFacts& facts, TimePoint now, const ZonePtr& zone) {
  return from_vendor(facts, now, 1, zone);
}

Fault judge_fault(const rules::CrmStatus& status, const CrmFacts* facts, TimePoint now, const CrmRegistry* book,
                  const ZonePtr& zone) {
  if (status.data_status == DataStatus::no_data) return from_silence(facts, now, book, zone);
  if (facts == nullptr) return from_dimensions(status, nullptr);
  const Case c{status, *facts, book, now, zone};
  if (auto incident = from_vendor(*facts, now, 2, zone)) return *incident;
  const auto speaker = find_speaker(c);
  if (!speaker) return from_past(c);
  if (on_the_way(speaker->failure) || weight(speaker->failure) > 0) {
    if (auto maintenance = from_vendor(*facts, now, 1, zone)) return *maintenance;
  }
  return from_failure(c, *speaker);
}

}  // namespace crmpulse::collector
