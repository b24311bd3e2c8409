#pragma once
// Holds what one message says: the facts, worked out once when it is queued. The outbox stores it (message/stored.h),
// collector/notice/ puts it into words, and every receiver only lays those out.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/text/language.h"
#include "collector/text/value_text.h"
#include "core/event.h"
#include "core/level.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// A dimension that is not healthy, as its worst rule sees it.
struct Failing {
  std::string dimension;
  std::string rule;
  std::string unit;
  std::string worst_of;  ///< of a rule that looks at several: the label value that is worst
  Level state = Level::sub_healthy;
  DataStatus data_status = DataStatus::fresh;
  std::optional<double> value;
  std::optional<double> threshold;  ///< of `state`; absent only in messages of earlier versions
  Worse worse = Worse::above;
  double sub_healthy = 0;
  double poor = 0;
  bool working_time = false;  ///< the value is an age of which only active hours count
  TimePoint since;
  Bilingual remedy;  ///< empty: none
};

/// Whose fault it looks like.
struct Fault {
  /// `vendor`, `network`, `credentials`, `quota`, `automation`, `data`, `database`, `agent`, `unknown`
  std::string verdict = "unknown";
  std::string why_en;
  std::string why_zh;
};

/// Something that changed shortly before the incident.
struct EarlierChange {
  TimePoint at;
  std::string what;  ///< `version`, `release`, `instance`, `schema`, `agent_version`, `configuration`
  std::string from;
  std::string to;
  std::string object;  ///< of a schema
  std::string agent;   ///< the one that saw it
  Bilingual text;
};

/// A CRM that a message about several names.
struct ListedCrm {
  std::string crm;
  std::string kind;
  std::optional<Level> state;  ///< absent: unknown
  std::string incident;        ///< its id, empty without one
};

/// The type of a stored message that is damaged.
inline constexpr std::string_view kUnreadable = "unreadable";

struct Message {
  EventName type;
  TimePoint at;
  Language language = Language::en;  ///< the receiver's
  std::string subject;               ///< the CRM, agent, vendor's kind, receiver or collector it is about; may be empty
  std::string kind;                  ///< of the CRM
  Level state = Level::healthy;      ///< as this receiver sees it
  Level previous = Level::healthy;   ///< what it was told before
  std::optional<Level> crm_state;    ///< the CRM's own where the receiver sees another
  DataStatus data_status = DataStatus::fresh;
  std::optional<double> score;
  std::string reason;
  std::optional<TimePoint> since;  ///< of an incident: of its state; of agents and vendors: of what is told
  std::string incident;            ///< its id
  std::optional<TimePoint> opened;
  std::string link;              ///< of the incident
  std::vector<Failing> failing;  ///< worst first; empty when healthy
  std::optional<Fault> fault;    ///< absent when healthy
  std::vector<EarlierChange> changes;
  std::vector<std::string> evidence;
  std::vector<ListedCrm> listed;
  std::size_t unlisted = 0;  ///< how many more CRMs
  std::vector<std::string> instances;
  std::string undelivered;  ///< `delivery.dead`: the event that could not be told; of a damaged message: its own
  std::string about;        ///< the same: its subject
  std::string why;          ///< the same
  Duration ahead{};         ///< `collector.trouble`: by how much what was stored was ahead of the clock
  Bilingual text;           ///< of an event that this program does not know: what it says
};

}  // namespace crmpulse::collector
