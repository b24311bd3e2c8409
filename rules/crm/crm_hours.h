#pragma once
// Decides when a CRM's people work: declared by an agent or an operator, else learned.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/labels.h"
#include "core/time/calendar.h"
#include "rules/time/learned_hours.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// Hours that an agent declares for a CRM, as text and as a calendar. CRMs with the same text share one.
struct DeclaredHours {
  HoursText text;
  Calendar calendar;
};

/// Makes DeclaredHours of text. What it remembers for senders is bounded; text beyond that, or invalid text, is
/// ignored.
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

/// The working hours of one CRM: as its agent declares, else as learned.
struct CrmHours {
  static constexpr Duration kRival = std::chrono::minutes{10};   ///< another agent is heard after so long a silence
  static constexpr Duration kWithdrawn = std::chrono::hours{1};  ///< of silence while the CRM is measured

  std::shared_ptr<const DeclaredHours> declared;
  std::string agent;         ///< that declared them; empty: it has no name, or an operator did
  TimePoint heard = kUnset;  ///< newest declaration; kNever: by an operator
  LearnedHours learned;
  std::shared_ptr<const Calendar> learned_calendar;  ///< not saved
  TimePoint look_at = kUnset;                        ///< next look(); not saved

  /// Returns the calendar in force, nullptr if it is not known yet.
  [[nodiscard]] const Calendar* calendar() const { return declared ? &declared->calendar : learned_calendar.get(); }
  /// Takes an agent's declaration. Returns true if the calendar changed.
  bool declare(const std::shared_ptr<const DeclaredHours>& said, std::string_view by, TimePoint at);
  /// Closes weeks of learning, and drops a declaration that is not repeated any more. `measured` is when the CRM's
  /// agents last spoke of it. Returns true if the calendar changed.
  bool look(TimePoint measured, TimePoint now);
  [[nodiscard]] bool empty() const { return !declared && learned.week_ends() == kNever; }
  void save(FieldWriter& out) const;
  /// Loads all but the declared calendar. Returns the text of the calendar.
  [[nodiscard]] HoursText load(FieldReader& in);
  void follow_learned();
};

}  // namespace crmpulse::rules
