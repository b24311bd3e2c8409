#pragma once
// Holds what one message says: the facts, worked out once when it is queued. The outbox stores it (message/stored.h),
// collector/notice/ puts it into words, and every receiver only lays those out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "collector/text/language.h"
#include "collector/text/value_text.h"
#include "core/event.h"
#include "core/fields.h"
#include "core/level.h"
#include "core/time/time.h"

namespace crmpulse::collector {

// The tags in fields() are those of the stored message.

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
  Bilingual remedy;        ///< empty: none
  std::string metric;      ///< empty in messages of earlier versions, as the next
  std::string aggregator;  ///< `p75`, `age`, …
  static constexpr auto fields() {
    return std::tuple{
        Field{1, &Failing::dimension},    Field{2, &Failing::rule},      Field{3, &Failing::unit},
        Field{4, &Failing::worst_of},     Field{5, &Failing::state},     Field{6, &Failing::data_status},
        Field{7, &Failing::value},        Field{8, &Failing::threshold}, Field{9, &Failing::worse},
        Field{10, &Failing::sub_healthy}, Field{11, &Failing::poor},     Field{12, &Failing::working_time},
        Field{13, &Failing::since},       Field{14, &Failing::remedy},   Field{15, &Failing::metric},
        Field{16, &Failing::aggregator}};
  }
};

/// Whose fault it looks like.
struct Fault {
  /// `vendor`, `network`, `credentials`, `quota`, `automation`, `data`, `database`, `agent`, `unknown`
  std::string verdict = "unknown";
  std::string why_en;
  std::string why_zh;
  static constexpr auto fields() {
    return std::tuple{Field{1, &Fault::verdict}, Field{2, &Fault::why_en}, Field{3, &Fault::why_zh}};
  }
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
  static constexpr auto fields() {
    return std::tuple{Field{1, &EarlierChange::at},  Field{2, &EarlierChange::what},   Field{3, &EarlierChange::from},
                      Field{4, &EarlierChange::to},  Field{5, &EarlierChange::object}, Field{6, &EarlierChange::agent},
                      Field{7, &EarlierChange::text}};
  }
};

/// A CRM that a message about several names.
struct ListedCrm {
  std::string crm;
  std::string kind;
  std::optional<Level> state;  ///< absent: unknown
  std::string incident;        ///< its id, empty without one
  static constexpr auto fields() {
    return std::tuple{Field{1, &ListedCrm::crm}, Field{2, &ListedCrm::kind}, Field{3, &ListedCrm::state},
                      Field{4, &ListedCrm::incident}};
  }
};

/// A file that goes with a message to receivers that take files.
struct Attachment {
  std::string name;
  std::string media_type;
  std::string content;
  static constexpr auto fields() {
    return std::tuple{Field{1, &Attachment::name}, Field{2, &Attachment::media_type}, Field{3, &Attachment::content}};
  }
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
  std::uint32_t unlisted = 0;  ///< how many more CRMs
  std::vector<std::string> instances;
  std::string undelivered;  ///< `delivery.dead`: the event that could not be told; of a damaged message: its own
  std::string about;        ///< the same: its subject
  std::string why;          ///< the same
  Duration ahead{};         ///< `collector.trouble`: by how much what was stored was ahead of the clock
  std::string acked_by;     ///< who works on it
  Bilingual text;           ///< of a report, and of an event that this program does not know: what it says
  std::optional<Attachment> attachment;  ///< of a report: the page
  /// Without `type`, of which the name is stored, with tag 2; tag 1 is the version's.
  static constexpr auto fields() {
    return std::tuple{
        Field{3, &Message::at},           Field{4, &Message::language},     Field{5, &Message::subject},
        Field{6, &Message::kind},         Field{7, &Message::state},        Field{8, &Message::previous},
        Field{9, &Message::crm_state},    Field{10, &Message::data_status}, Field{11, &Message::score},
        Field{12, &Message::reason},      Field{13, &Message::since},       Field{14, &Message::incident},
        Field{15, &Message::opened},      Field{16, &Message::link},        Field{17, &Message::failing},
        Field{18, &Message::fault},       Field{19, &Message::changes},     Field{20, &Message::evidence},
        Field{21, &Message::listed},      Field{22, &Message::unlisted},    Field{23, &Message::instances},
        Field{24, &Message::undelivered}, Field{25, &Message::about},       Field{26, &Message::why},
        Field{27, &Message::ahead},       Field{28, &Message::text},        Field{40, &Message::acked_by},
        Field{41, &Message::attachment}};
  }
};

}  // namespace crmpulse::collector
