#include "rules/notify/judge.h"

#include <algorithm>
#include <utility>

namespace crmpulse::rules {
namespace {

bool has_started(const Crm& crm) {
  const auto speaks = [](const RuleState& state, const Instance& instance) {
    return instance.has_data() || (instance.expired && state.rule().no_data != NoDataState::ignore);
  };
  for (const auto& state : crm.rules) {
    for (const auto& instance : state->instances) {
      if (speaks(*state, *instance)) return true;
    }
  }
  return false;
}

/// Hours are learned week by week, and forgotten when nobody declares them any more.
void look_at_hours(Crm& crm, TimePoint now) {
  if (now >= crm.hours.look_at && crm.hours.look(crm.heard_at(), now)) crm.follow_hours();
}

/// Data that comes puts the deadlines off, which nobody needs to know before the nearest of them is there.
void check_deadlines(Crm& crm, TimePoint now) {
  if (is_set(crm.no_data_from) && now < crm.no_data_from) return;
  crm.no_data_from = kNever;
  for (const auto& state : crm.rules) {
    for (const auto& instance : state->instances) {
      instance->check_deadlines(state->rule(), now);
      instance->nearer = false;
      crm.no_data_from = std::min(crm.no_data_from, instance->deadline(state->rule()));
    }
  }
}

void open_incident(Crm& crm, TimePoint now) {
  if (!crm.incident) crm.incident = Incident{incident_id(crm.name, now, crm.incidents++), now, crm.state};
  crm.incident->worst = std::max(crm.incident->worst, crm.state);
}

/// An incident lasts until the state is back and nobody has an open message about it.
void close_incident(Crm& crm) {
  const bool open = std::any_of(crm.told.begin(), crm.told.end(),
                                [](const NotificationState& told) { return told.level > Level::healthy; });
  if (crm.state == Level::healthy && !open) crm.incident.reset();
}

void change_state(Crm& crm, Level next, TimePoint now) {
  const Level before = std::exchange(crm.state, next);
  crm.since = now;
  if (before == next) return;
  crm.flap.changed(now, before, next);
  if (next > before || next == Level::healthy) crm.ack.reset();
}

struct ReceiverView {
  Level eff;
  bool selected;
};
ReceiverView seen_by(const ReceiverSpec& receiver, const Crm& crm) {
  const bool selected = matches(receiver.only, crm.labels);
  return {selected && crm.state >= receiver.min_level ? crm.state : Level::healthy, selected};
}

Situation situation_of(const Crm& crm, const JudgeContext& bench) {
  Situation situation;
  situation.now = bench.now;
  situation.state = crm.state;
  situation.muted = bench.muted;
  situation.suppressed = crm.suppressed();
  if (is_set(crm.suppression_ended)) situation.settled = crm.suppression_ended + bench.settings.settle;
  situation.acked = crm.ack.has_value();
  situation.awake = awake_level(crm, bench.settings);
  situation.doubt = std::max(crm.agent_doubt, crm.vendor_doubt);
  situation.grace = crm.grace > 0;
  situation.flapping = crm.flap.on;
  situation.announced = crm.flap.announced;
  situation.flap_level = crm.flap.level;
  return situation;
}

Decision decide_for(std::size_t index, const Crm& crm, Situation situation, const JudgeContext& bench) {
  const ReceiverSpec& receiver = bench.receivers[index];
  const NotificationState& told = crm.told[index];
  const auto [eff, selected] = seen_by(receiver, crm);
  if (!selected && told.level == Level::healthy) return {};
  situation.flapping = situation.flapping && selected;
  situation.escalate_after = receiver.escalate_after;
  situation.opens_from = bench.storms.opens_from(index);
  situation.rises_from = bench.storms.rises_from(index);
  return decide(situation, bench.settings, told, receiver.min_level, eff);
}

Message& add_message(Crm& crm, NotificationState& told, Event type, Level tells, const JudgeContext& bench,
                     Outcome& outcome) {
  open_incident(crm, bench.now);
  Message& message = outcome.messages.emplace_back();
  message.at = bench.now;
  message.receiver = told.receiver;
  message.subject = "crm/" + crm.name;
  message.crm = crm.name;
  message.type = type;
  message.state = tells;
  message.previous = told.level;
  message.incident = crm.incident->id;
  message.seq = ++told.seq;
  crm.last_seq = std::max(crm.last_seq, told.seq);
  message.status = status_of(crm, bench.now);
  return message;
}

void send(Crm& crm, NotificationState& told, const Decision& decision, std::string_view reason,
          const JudgeContext& bench, Outcome& outcome) {
  add_message(crm, told, *decision.type, decision.tells, bench, outcome).reason = std::string{reason};
  told.level = decision.tells;
  told.last_sent = bench.now;
  told.by_digest = told.by_digest && told.level > Level::healthy;
  if (decision.type == Event::flapping) told.heard_flapping = true;
  if (decision.type == Event::resolved || decision.type == Event::flap_ended) told.heard_flapping = false;
}

/// To a receiver that knows of the incident and keeps acknowledgements itself, but for the one this comes from.
void tell_ack(Crm& crm, std::size_t index, const JudgeContext& bench, Outcome& outcome) {
  NotificationState& told = crm.told[index];
  const bool knows = told.level > Level::healthy && bench.receivers[index].acknowledges;
  if (crm.ack && knows && told.receiver != crm.ack_from)
    add_message(crm, told, Event::acknowledged, told.level, bench, outcome);
}

void tell(Crm& crm, const JudgeContext& bench, Outcome& outcome) {
  const Situation situation = situation_of(crm, bench);
  const bool ack_news = std::exchange(crm.ack_news, false) && !bench.muted;
  for (std::size_t i = 0; i < crm.told.size(); ++i) {
    if (ack_news) tell_ack(crm, i, bench, outcome);
    NotificationState& told = crm.told[i];
    if (seen_by(bench.receivers[i], crm).eff == Level::healthy) {
      told.failing_since = kUnset;
    } else if (!is_set(told.failing_since)) {
      told.failing_since = bench.now;
    }
    const Decision decision = decide_for(i, crm, situation, bench);
    if (!decision.type) continue;
    const bool gone = crm.rules_gone && decision.type == Event::resolved;
    send(crm, told, decision, gone ? std::string_view{"removed"} : silent_reason(crm), bench, outcome);
    // Somebody works on what it hears of only now.
    if (decision.type == Event::opened) tell_ack(crm, i, bench, outcome);
  }
  if (!situation.flapping || situation.muted || situation.suppressed) return;
  if (!crm.flap.announced)
    crm.flap.announced = bench.now >= situation.settled;
  else
    crm.flap.level = std::max(crm.flap.level, crm.state);
}

TimePoint next_message(const Crm& crm, const JudgeContext& bench) {
  const Situation situation = situation_of(crm, bench);
  TimePoint next = kNever;
  for (std::size_t i = 0; i < crm.told.size(); ++i) {
    next = std::min(next, decide_for(i, crm, situation, bench).later);
  }
  return next;
}

}  // namespace

void judge_state(Crm& crm, const JudgeContext& bench, Outcome& outcome) {
  if (!crm.known) return;
  look_at_hours(crm, bench.now);
  check_deadlines(crm, bench.now);
  crm.newest_data = std::max(crm.newest_data, crm.evaluated_at);
  crm.evaluated = crm.evaluated || is_set(crm.evaluated_at);
  const RuleTotals seen = survey(crm);
  evaluate_score(crm, seen, bench.settings);
  if (crm.ack && bench.now >= crm.ack->until) crm.ack.reset();

  const bool first = !crm.started && has_started(crm);
  crm.started = crm.started || first;
  const Level before = crm.state;
  const Level next = crm.started ? verdict(crm, seen) : Level::healthy;
  const bool changed = first || next != before;
  if (changed) change_state(crm, next, bench.now);
  crm.flap.update(bench.settings, bench.now);
  if (crm.state > Level::healthy) open_incident(crm, bench.now);
  if (changed) outcome.changes.push_back({bench.now, status_of(crm, bench.now), before});
}

TimePoint judge_messages(Crm& crm, const JudgeContext& bench, Outcome& outcome) {
  if (!crm.known) return kNever;
  tell(crm, bench, outcome);
  close_incident(crm);
  if (std::exchange(crm.evaluated, false) && crm.grace > 0) --crm.grace;
  crm.rules_gone = false;
  const TimePoint ack = crm.ack ? crm.ack->until : kNever;
  const TimePoint learned = crm.keeps_hours && !crm.hours.declared ? crm.hours.look_at : kNever;
  return std::min({crm.no_data_from, ack, learned, crm.flap.deadline(bench.settings), next_message(crm, bench)});
}

void tell_removed(Crm& crm, const JudgeContext& bench, Outcome& outcome) {
  if (bench.muted) return;
  for (NotificationState& told : crm.told) {
    if (told.level > Level::healthy)
      send(crm, told, {Event::resolved, Level::healthy, kNever}, "removed", bench, outcome);
  }
}

void note_digest(Crm& crm, std::string_view receiver) {
  for (NotificationState& told : crm.told) told.by_digest = told.by_digest || told.receiver == receiver;
}

void align_receivers(Crm& crm, const std::vector<ReceiverSpec>& receivers) {
  std::vector<NotificationState> aligned;
  for (const ReceiverSpec& receiver : receivers) {
    const auto known = std::find_if(crm.told.begin(), crm.told.end(),
                                    [&](const NotificationState& told) { return told.receiver == receiver.name; });
    if (known != crm.told.end()) {
      aligned.push_back(std::move(*known));
    } else {
      NotificationState& told = aligned.emplace_back();
      told.receiver = receiver.name;
      told.seq = crm.last_seq;
    }
  }
  crm.told = std::move(aligned);
}

}  // namespace crmpulse::rules
