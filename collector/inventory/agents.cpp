// `GET /api/v1/agents`: who sends, how its clock and its spool are, which CRMs it watches, why it is refused.

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "collector/http/answers.h"
#include "collector/inventory/inventory.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kLookedAtPerPiece = 16'384;

struct Watched {
  std::string kind;
  std::optional<double> calls_per_day;
  std::optional<double> allowance;
  std::optional<double> stretch;
};

/// What an agent says of itself.
struct Said {
  std::string version;
  std::string system;
  std::optional<double> spool_bytes;
  std::optional<double> oldest_unsent;  ///< Unix time, by the agent's clock as it was corrected
  std::map<std::string, Watched, std::less<>> crms;
};
using SaidByAgent = std::map<std::string, Said, std::less<>>;

json::value number(const std::optional<double>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value text(std::string_view value) {
  return value.empty() ? json::value(nullptr) : json::value(value);
}

void take_of_agent(Said& said, std::string_view metric, const Series& series) {
  if (metric == "crm_agent_info") {
    said.version = series.label("version");
    said.system = series.label("system");
  } else if (metric == "crm_agent_spool_bytes") {
    said.spool_bytes = series.value;
  } else if (metric == "crm_agent_spool_oldest_unsent_timestamp_seconds") {
    said.oldest_unsent = series.value;
  }
}

void take_of_crm(Said& said, std::string_view metric, const Series& series) {
  const auto watched = [&]() -> Watched& { return said.crms[std::string{series.label("crm")}]; };
  if (metric == "crm_agent_target_info") {
    watched().kind = series.label("kind");
  } else if (metric == "crm_agent_calls_planned_per_day") {
    watched().calls_per_day = series.value;
  } else if (metric == "crm_agent_calls_allowed_per_day") {
    watched().allowance = series.value;
  } else if (metric == "crm_agent_interval_stretch_ratio") {
    watched().stretch = series.value;
  }
}

void take(SaidByAgent& all, const Series& series) {
  const std::string_view metric = series.metric();
  if (!metric.starts_with("crm_agent_")) return;
  const std::string_view agent = series.label("agent");
  if (agent.empty()) return;
  auto said = all.find(agent);
  if (said == all.end()) said = all.emplace(std::string{agent}, Said{}).first;
  if (series.label("crm").empty()) {
    take_of_agent(said->second, metric, series);
  } else {
    take_of_crm(said->second, metric, series);
  }
}

/// Positive: the agent's clock is ahead.
json::value skew_json(const Agent& agent) {
  if (agent.offsets.empty()) return nullptr;
  std::vector<Duration> offsets{agent.offsets.begin(), agent.offsets.end()};
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::nth_element(offsets.begin(), middle, offsets.end());
  return -to_seconds(*middle);
}

json::array crms_json(const Said& said) {
  json::array out;
  for (const auto& [crm, watched] : said.crms) {
    out.push_back(json::object{{"crm", crm},
                               {"kind", text(watched.kind)},
                               {"calls_per_day", number(watched.calls_per_day)},
                               {"allowance", number(watched.allowance)},
                               {"stretch", number(watched.stretch)}});
  }
  return out;
}

/// Nothing waits while the oldest is the moment it was told.
json::value oldest_json(const Said& said) {
  const bool waits = said.oldest_unsent && said.spool_bytes.value_or(0) > 0;
  return waits ? json::value(format_time(from_unix_millis(static_cast<std::int64_t>(*said.oldest_unsent * 1000))))
               : json::value(nullptr);
}

class AgentList {
 public:
  AgentList(net::Loop& loop, const EngineLoop& engine, const Access& access, net::Respond respond)
      : loop_(loop), engine_(engine), access_(access), respond_(std::move(respond)) {}

  /// Looks at the table in pieces: it may hold a million series.
  static void run(const std::shared_ptr<AgentList>& self) {
    if (self->look_on()) return self->respond_(json_answer(json::object{{"agents", self->agents_json()}}));
    self->loop_.post([self] { run(self); });
  }

 private:
  [[nodiscard]] bool look_on() {
    const std::vector<Series>& all = engine_.series().all();
    const TimePoint now = engine_.now();
    const std::size_t end = std::min(all.size(), looked_at_ + kLookedAtPerPiece);
    for (; looked_at_ < end; ++looked_at_) {
      const Series& series = all[looked_at_];
      if (series.live && SeriesTable::fresh(series, now)) take(said_, series);
    }
    return looked_at_ >= all.size();
  }

  [[nodiscard]] json::array agents_json() const {
    std::map<std::string, TimePoint, std::less<>> lost;
    for (const rules::LostAgent& one : engine_.rules().lost_agents()) lost.emplace(one.name, one.since);
    json::array out;
    for (const auto& [name, agent] : engine_.agents().all()) {
      const auto known = said_.find(name);
      const Said& said = known == said_.end() ? kNothing : known->second;
      const auto gone = lost.find(name);
      const bool is_lost = gone != lost.end();
      out.push_back(
          json::object{{"agent", name},
                       {"version", text(said.version)},
                       {"system", text(said.system)},
                       {"last_seen", format_time(agent.last_seen)},
                       {"clock_skew_seconds", skew_json(agent)},
                       {"spool_bytes", number(said.spool_bytes)},
                       {"oldest_unsent", oldest_json(said)},
                       {"lost", is_lost},
                       {"lost_since", is_lost ? json::value(format_time(gone->second)) : json::value(nullptr)},
                       {"crms", crms_json(said)},
                       {"refused", refused_json(name)}});
    }
    return out;
  }

  [[nodiscard]] json::value refused_json(const std::string& name) const {
    const auto refused = access_.refused_agents().find(name);
    if (refused == access_.refused_agents().end()) return nullptr;
    return json::object{{"at", format_time(refused->second.at)}, {"reason", to_string(refused->second.reason)}};
  }

  inline static const Said kNothing{};

  net::Loop& loop_;
  const EngineLoop& engine_;
  const Access& access_;
  net::Respond respond_;
  std::size_t looked_at_ = 0;
  SaidByAgent said_;
};

}  // namespace

void Inventory::list_agents(net::Respond respond) const {
  AgentList::run(std::make_shared<AgentList>(parts_.loop, parts_.engine, parts_.access, std::move(respond)));
}

}  // namespace crmpulse::collector
