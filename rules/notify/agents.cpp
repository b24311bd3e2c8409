#include "rules/notify/agents.h"

#include <algorithm>
#include <utility>

namespace crmpulse::rules {
namespace {

constexpr std::uint32_t kAgent = 1;  // tag

}  // namespace

void AgentWatch::align(const std::vector<ReceiverSpec>& receivers) {
  for (Agent& agent : agents_) rules::align(agent.told, receivers);
  nobody_told_.clear();
  rules::align(nobody_told_, receivers);
  look_ = true;
}

AgentWatch::Place AgentWatch::place_of(std::string_view name) {
  if (name.empty()) return kNone;
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  if (agents_.size() >= kMost) return kNone;
  const auto place = static_cast<Place>(agents_.size());
  Agent& agent = agents_.emplace_back();
  agent.name = std::string{name};
  agent.told = nobody_told_;
  by_name_.emplace(agent.name, place);
  return place;
}

void AgentWatch::hear(Place place, bool heartbeat, TimePoint now) {
  if (place >= agents_.size()) return;
  Agent& agent = agents_[place];
  if (heartbeat && !std::exchange(agent.tracked, true)) next_lost_ = kUnset;
  // What is folded again after a restart was said before the agent was lost.
  if (now <= agent.heard || (agent.lost() && now < agent.lost_at)) return;
  agent.heard = now;
  if (!agent.lost() && !agent.awaited) return;
  agent.spoke = any_spoke_ = true;
}

void AgentWatch::announce(Place place, TimePoint at) {
  if (place >= agents_.size()) return;
  agents_[place].announced = std::max(agents_[place].announced, at);
  announces_ = true;
}

bool AgentWatch::unannounced(const Crm& crm, Duration least) const {
  if (!announces_) return false;
  const std::vector<const ReportingAgent*> feeders = crm.fed_by();
  return !feeders.empty() && std::all_of(feeders.begin(), feeders.end(), [&](const ReportingAgent* feeder) {
    if (feeder->place >= agents_.size() || !is_set(agents_[feeder->place].announced)) return false;
    const Agent& agent = agents_[feeder->place];
    const TimePoint named = is_set(feeder->named) ? feeder->named : feeder->newest;
    // What still sends of the CRM watches it, whatever it says.
    return agent.announced - named > least && agent.heard - feeder->newest > least;
  });
}

void AgentWatch::judged(Place place, bool late, TimePoint at, TimePoint now) {
  if (place >= agents_.size()) return;
  Agent& agent = agents_[place];
  if (!late) {
    if (!is_set(agent.late_since)) return;
    agent.late_from = agent.late_since = kUnset;
    if (agent.late) agent.spoke = any_spoke_ = true;
    return;
  }
  agent.newest_lag = now - at;
  if (is_set(agent.late_since)) return;
  agent.late_from = agent.late_since = now;
  agent.lag = agent.newest_lag;
  if (!agent.late) next_lost_ = std::min(next_lost_, now + kAllLate);
}

/// True when nobody is judged by what it sends, and it does not catch up either.
bool AgentWatch::check_late(Agent& agent, TimePoint now) {
  if (!is_set(agent.late_since)) return false;
  const Duration for_so_long = now - agent.late_since;
  if (for_so_long < kAllLate) {
    next_lost_ = std::min(next_lost_, agent.late_since + kAllLate);
    return false;
  }
  if (agent.newest_lag > agent.lag - for_so_long / 2) return true;
  // A backlog: looked at again.
  agent.late_since = now;
  agent.lag = agent.newest_lag;
  next_lost_ = std::min(next_lost_, now + kAllLate);
  return false;
}

void AgentWatch::shift(Duration by) {
  for (Agent& agent : agents_) {
    agent.heard = shifted(agent.heard, by);
    agent.lost_at = shifted(agent.lost_at, by);
    agent.announced = shifted(agent.announced, by);
    agent.late_from = shifted(agent.late_from, by);
    agent.late_since = shifted(agent.late_since, by);
  }
  counted_from_ = shifted(counted_from_, by);
  next_lost_ = kUnset;
  look_ = true;
}

void AgentWatch::restarted(TimePoint now) {
  counted_from_ = std::max(counted_from_, now);
  next_lost_ = kUnset;
}

std::vector<AgentWatch::Place> AgentWatch::update(const NotificationPolicy& settings, TimePoint now) {
  std::vector<Place> changed;
  if (!std::exchange(any_spoke_, false) && now < next_lost_) return changed;
  next_lost_ = kNever;
  for (Place place = 0; place < agents_.size(); ++place) {
    Agent& agent = agents_[place];
    const bool spoke = std::exchange(agent.spoke, false);
    if (spoke) {
      agent.awaited = false;
      changed.push_back(place);
    }
    if (agent.lost()) {
      if (!spoke || (agent.late && is_set(agent.late_since))) continue;
      agent.lost_at = kUnset;
      agent.late = false;
      look_ = true;
    }
    if (check_late(agent, now)) {
      agent.lost_at = now;
      agent.late = true;
      agent.awaited = false;
      look_ = true;
      if (!spoke) changed.push_back(place);
      continue;
    }
    if (!agent.tracked || !is_set(agent.heard)) continue;
    const TimePoint due = std::max(agent.heard, counted_from_) + settings.agent_lost_after;
    if (now < due) {
      next_lost_ = std::min(next_lost_, due);
      continue;
    }
    agent.lost_at = now;
    agent.awaited = false;
    look_ = true;
    if (!spoke) changed.push_back(place);
  }
  return changed;
}

bool AgentWatch::lost(const Crm& crm) const {
  const std::vector<const ReportingAgent*> feeders = crm.fed_by();
  return !feeders.empty() && std::all_of(feeders.begin(), feeders.end(), [&](const ReportingAgent* feeder) {
    return feeder->place < agents_.size() && agents_[feeder->place].lost();
  });
}

TimePoint AgentWatch::doubt(const Crm& crm, const NotificationPolicy& settings) {
  TimePoint until = kUnset;
  const std::vector<const ReportingAgent*> feeders = crm.fed_by();
  for (const ReportingAgent* feeder : feeders) {
    if (feeder->place >= agents_.size()) return kUnset;
    const Agent& agent = agents_[feeder->place];
    if (agent.lost()) continue;
    if (is_set(agent.late_from) && agent.late_from + kAllLate > agent.heard) {
      until = std::max(until, agent.late_from + kAllLate);
      continue;
    }
    if (!agent.tracked || agent.heard >= crm.since) return kUnset;
    until = std::max(until, std::max(agent.heard, counted_from_) + settings.agent_lost_after);
  }
  if (!is_set(until)) return kUnset;
  for (const ReportingAgent* feeder : feeders) agents_[feeder->place].awaited = !agents_[feeder->place].lost();
  return until;
}

bool AgentWatch::tell(std::span<const std::unique_ptr<Crm>> crms, const std::vector<ReceiverSpec>& receivers,
                      const NotificationPolicy& settings, bool muted, TimePoint now, std::vector<Message>& messages) {
  if (muted) {
    next_message_ = kNever;  // look() when the switch is turned back
    return false;
  }
  if (!std::exchange(look_, false) && now < next_message_) return false;
  next_message_ = kNever;
  bool told = false;
  for (Place place = 0; place < agents_.size(); ++place) {
    Agent& agent = agents_[place];
    const bool somebody_knows =
        std::any_of(agent.told.begin(), agent.told.end(), [](const Notice& notice) { return notice.on(); });
    if (agent.lost() || somebody_knows) told = tell_one(agent, place, crms, receivers, settings, now, messages) || told;
  }
  return told;
}

bool AgentWatch::tell_one(Agent& agent, Place place, std::span<const std::unique_ptr<Crm>> crms,
                          const std::vector<ReceiverSpec>& receivers, const NotificationPolicy& settings, TimePoint now,
                          std::vector<Message>& messages) {
  std::vector<const Crm*> fed;
  for (const auto& crm : crms) {
    if (!crm || !crm->known) continue;
    const bool named = std::any_of(crm->feeders.begin(), crm->feeders.end(),
                                   [place](const ReportingAgent& feeder) { return feeder.place == place; });
    if (!named) continue;
    const std::vector<const ReportingAgent*> feeders = crm->fed_by();
    const bool by_it = std::any_of(feeders.begin(), feeders.end(),
                                   [place](const ReportingAgent* feeder) { return feeder->place == place; });
    if (by_it && (!agent.lost() || lost(*crm))) fed.push_back(crm.get());
  }
  const bool due = now >= agent.lost_at + settings.group_wait_sub;
  bool told = false;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    std::vector<const Crm*> selected;
    bool wanted = false;
    for (const Crm* crm : fed) {
      if (!matches(receivers[i].only, crm->labels)) continue;
      selected.push_back(crm);
      wanted = wanted || !crm->excused();
    }
    Notice& notice = agent.told[i];
    const bool begins = agent.lost() && !notice.on() && wanted;
    const bool ends = notice.on() && (!agent.lost() || selected.empty());
    if (begins && !due) next_message_ = std::min(next_message_, agent.lost_at + settings.group_wait_sub);
    if (!ends && !(begins && due)) continue;
    Message message;
    message.at = now;
    message.receiver = notice.receiver;
    message.subject = "agent/" + agent.name;
    message.type = ends ? Event::agent_returned : Event::agent_lost;
    message.state = ends ? Level::healthy : Level::poor;
    message.previous = ends ? Level::poor : Level::healthy;
    message.seq = notice.seq = next_seq(notice.seq, now);
    // Its CRMs are gone or watched by others: there is nothing to come back to.
    if (ends && agent.lost()) message.reason = "removed";
    if (begins && agent.late) message.reason = "late";
    message.since = agent.heard;
    list_crms(message, std::move(selected), now);
    messages.push_back(std::move(message));
    notice.causes.clear();
    if (begins) notice.causes.emplace_back("silent");
    told = true;
  }
  return told;
}

void AgentWatch::save(FieldWriter& out) const {
  out.add(kAgent, agents_);
}

void AgentWatch::load(FieldReader& in) {
  while (in.next()) {
    if (in.tag() != kAgent) continue;
    Agent read;
    in.read(read);
    const Place place = place_of(read.name);
    if (place == kNone) continue;
    announces_ = announces_ || is_set(read.announced);
    agents_[place] = std::move(read);
  }
  next_lost_ = kUnset;
}

}  // namespace crmpulse::rules
