#pragma once
// What judging gives: the status of a CRM, changes of states, and messages decided for receivers. Plain data.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/event.h"
#include "core/labels.h"
#include "core/level.h"
#include "core/rule.h"
#include "core/time/time.h"

namespace crmpulse::rules {

/// What the engine needs to know of a receiver to decide about messages.
struct ReceiverSpec {
  std::string name;
  Level min_level = Level::sub_healthy;
  std::vector<LabelMatch> only;  ///< CRMs by label
  /// A later step of the escalation chain: it hears of an incident only when nobody acknowledged it for so long.
  Duration escalate_after{};
  /// Many opens at once become one `digest`. False for receivers that group by themselves.
  bool digests = true;
  /// It keeps acknowledgements itself, and hears of those that are made elsewhere.
  bool acknowledges = false;
};

/// One rule's verdict on one CRM (with `each`: its worst value). Plain data for pages, metrics and messages.
struct RuleStatus {
  std::string rule;
  std::string dimension;
  std::string remedy;
  std::string unit;
  std::string metric;      ///< that it measures
  std::string aggregator;  ///< `p75`, `age`, …
  std::string worst_of;    ///< with `each`: the label value that is worst
  Level level = Level::healthy;
  DataStatus data_status = DataStatus::warming_up;
  Role role = Role::gate;
  bool no_data_latch = false;
  std::string inhibited_by;     ///< a poor rule that explains this one; empty: none. Messages leave it out then
  std::optional<double> value;  ///< the newest aggregated value
  double enter_sub = 0;
  double enter_poor = 0;
  TimePoint since;  ///< when `level` (or the latch) was confirmed
  std::optional<TimePoint> last_data;
  bool active_age = false;  ///< the value is an age of which only active hours count
};

struct IncidentStatus {
  std::string id;  ///< ULID, a function of crm and opening
  Level level = Level::healthy;
  Level worst = Level::healthy;
  TimePoint opened;
};

struct CrmStatus {
  std::string crm;
  std::string kind;
  Labels labels;
  Level state = Level::healthy;
  DataStatus data_status = DataStatus::warming_up;
  std::optional<double>
      score;  ///< in the band of `state`: poor 0…49, sub-healthy 50…79, healthy 80…100; none without data
  TimePoint since;
  std::vector<RuleStatus> rules;
  std::optional<IncidentStatus> incident;
  bool flapping = false;
  std::optional<std::string> acked_by;
};

struct StateChange {
  TimePoint at;
  CrmStatus status;  ///< after the change
  Level previous = Level::healthy;
};

/// A message decided for one receiver; the collector renders and enqueues it.
struct Message {
  TimePoint at;
  std::string receiver;
  /// What it is about: the outbox's dedup key. `crm/acme`, `agent/branch-1`, `vendor/salesforce`, `digest/oncall`.
  std::string subject;
  std::string crm;  ///< empty when it is not about one CRM
  Event type = Event::opened;
  Level state = Level::healthy;     ///< the state this message tells (eff)
  Level previous = Level::healthy;  ///< `told` before it
  std::string incident;             ///< ULID; empty when it is not about one CRM
  std::int64_t seq = 0;             ///< per (receiver, subject), ascending: the outbox's seq
  std::string reason;               ///< empty, or `removed`, `no_data`, …; of a vendor outage `status_page` or `crms`
  CrmStatus status;                 ///< of `crm`
  /// Digest: the first twenty CRMs. Agent and vendor: the CRMs concerned, at most twenty.
  std::vector<CrmStatus> listed;
  std::size_t unlisted = 0;          ///< how many more
  std::vector<std::string> counted;  ///< digest: every CRM it opens, listed or not
  TimePoint since;                   ///< agent: when it was last heard; vendor: since when it is out
  std::vector<std::string> causes;   ///< vendor: instances its status page names; `crms` when they fail together
};

struct Outcome {
  std::vector<StateChange> changes;
  std::vector<Message> messages;
  std::vector<std::string> touched;  ///< CRMs whose persistent state changed; unique
  std::vector<std::string> removed;  ///< of those the ones that are not watched any more
  bool shared = false;               ///< what save_shared() gives changed, other than when agents were heard
};

}  // namespace crmpulse::rules
