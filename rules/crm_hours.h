#pragma once
// Decides when a CRM's people work: declared by an agent or an operator, else learned.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/calendar.h"
#include "core/labels.h"
#include "rules/learned_hours.h"
#include "rules/moment.h"

namespace crmpulse::rules {

/// Hours that an agent declares for a CRM, as they came and as they are used. CRMs that say the same share one.
struct DeclaredHours {
  HoursText text;
  Calendar calendar;
};

/// Makes DeclaredHours of text. What senders may have it remember is bounded; what is beyond that, or not valid, is
/// taken as not said.
class HoursBook {
 public:
  using FindZone = std::function<std::optional<Zone>(std::string_view)>;
  static constexpr std::size_t kMostTexts = 4096;  ///< different ones in use
  static constexpr std::size_t kMostZones = 1024;  ///< there are some 600 names

  void find_zones_with(FindZone find) { find_ = std::move(find); }
  [[nodiscard]] std::shared_ptr<const DeclaredHours> hours_of(const HoursText& text);
  [[nodiscard]] std::shared_ptr<const DeclaredHours> hours_of(const Labels& labels);

 private:
  [[nodiscard]] const Zone* zone_of(const std::string& name);

  FindZone find_;
  std::map<std::string, std::shared_ptr<const DeclaredHours>> known_;  ///< by the whole text
  std::map<std::string, std::optional<Zone>> zones_;
};

/// When a CRM's people work: as its agent says, else as learned.
struct CrmHours {
  static constexpr Duration kRival = std::chrono::minutes{10};   ///< another agent is heard after so long a silence
  static constexpr Duration kWithdrawn = std::chrono::hours{1};  ///< of silence while the CRM is measured

  std::shared_ptr<const DeclaredHours> declared;
  std::string agent;         ///< that declared them; empty: it has no name, or an operator did
  TimePoint heard = kUnset;  ///< newest declaration; kNever: by an operator
  LearnedHours learned;
  std::shared_ptr<const Calendar> learned_calendar;  ///< not saved
  TimePoint look_at = kUnset;                        ///< next look(); not saved

  /// The calendar in force; nullptr: not known yet.
  [[nodiscard]] const Calendar* calendar() const { return declared ? &declared->calendar : learned_calendar.get(); }
  /// An agent says so. True when the calendar changed.
  bool declare(const std::shared_ptr<const DeclaredHours>& said, std::string_view by, TimePoint at);
  /// Closes weeks of learning, and drops what is declared no more. `measured`: when the CRM's agents last spoke of it.
  /// True when the calendar changed.
  bool look(TimePoint measured, TimePoint now);
  [[nodiscard]] bool empty() const { return !declared && learned.week_ends() == kNever; }
  void save(Encoder& encoder) const;
  /// Without the declared calendar: its text is given back.
  [[nodiscard]] HoursText load(Decoder& decoder);
  void follow_learned();
};

}  // namespace crmpulse::rules
