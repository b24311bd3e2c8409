#pragma once
// Outages of a vendor, told once instead of by each of its tenants: docs/health-states.md, "Vendor outages".

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rules/notify/notice.h"

namespace crmpulse::rules {

class VendorWatch {
 public:
  void align(const std::vector<ReceiverSpec>& receivers);
  /// Takes the CRM's state, kind and readings. Call it whenever one of them may have changed.
  void enrol(const Crm& crm);
  void forget(const Crm& crm);
  void restarted(TimePoint now);
  /// Moves all times by `by`, after the clock was corrected. Before it every CRM is forgotten, after it enrolled again.
  void shift(Duration by);
  void look();

  /// Decides which vendors have an outage at `now`. Returns the kinds whose CRMs must be looked at.
  [[nodiscard]] std::vector<std::string> update(std::span<const std::unique_ptr<Crm>> crms,
                                                const NotificationPolicy& settings, TimePoint now);
  /// Returns true if the vendor has an outage that is not younger than the CRM's state.
  [[nodiscard]] bool inhibits(const Crm& crm) const;
  /// Returns until when it is open whether poor CRMs of its kind are an outage, kUnset if it is not open: many of them
  /// are suspected, and one that has just become poor may be the first of many.
  [[nodiscard]] TimePoint doubt(const Crm& crm, const VendorOutage& settings) const;
  bool tell(std::span<const std::unique_ptr<Crm>> crms, const std::vector<ReceiverSpec>& receivers,
            const NotificationPolicy& settings, bool muted, TimePoint now, std::vector<Message>& messages);
  [[nodiscard]] TimePoint deadline() const;

  void save(FieldWriter& out) const;
  /// Call align() afterwards.
  void load(FieldReader& in);

 private:
  /// Whether several CRMs that fail at nearly the same time are suspected to be a vendor's outage. Decided within
  /// kSuspicion.
  enum class Suspicion : std::uint8_t { none, on, spent };
  friend constexpr Suspicion last(Suspicion) { return Suspicion::spent; }
  struct Kind {
    std::string name;
    // From the CRMs; not saved.
    std::size_t members = 0;                             ///< CRMs with a state
    std::set<std::pair<TimePoint, std::uint32_t>> poor;  ///< since when, which
    std::set<std::uint32_t> majors;                      ///< whose newest reading of some instance names a major one
    // What it comes to.
    std::optional<TimePoint> together;                    ///< they fail together since
    std::map<std::string, TimePoint, std::less<>> pages;  ///< instances with a major incident, since
    Suspicion suspicion = Suspicion::none;
    TimePoint suspected_at = kUnset;
    std::vector<Notice> told;
    TimePoint next = kUnset;  ///< to be judged again then; kUnset: now
    TimePoint next_message = kUnset;
    static constexpr auto fields() {
      return std::tuple{Field{1, &Kind::name},      Field{2, &Kind::together},     Field{3, &Kind::pages},
                        Field{4, &Kind::suspicion}, Field{5, &Kind::suspected_at}, Field{6, &Kind::told}};
    }
  };
  struct Enrolment {
    std::string kind;
    TimePoint poor_since = kUnset;
    std::uint64_t majors = 0;
  };
  Kind& kind_of(std::string_view name);
  void leave(std::uint32_t number, const Enrolment& was);
  bool judge_together(Kind& kind, std::span<const std::unique_ptr<Crm>> crms, const VendorOutage& settings,
                      TimePoint now);
  bool judge_pages(Kind& kind, std::span<const std::unique_ptr<Crm>> crms, TimePoint now);
  static bool suspect(Kind& kind, const VendorOutage& settings, TimePoint now);
  static std::vector<std::string> causes_for(const Kind& kind, const Crm& crm);
  bool tell_one(Kind& kind, std::size_t index, std::span<const Crm* const> members, const ReceiverSpec& receiver,
                const NotificationPolicy& settings, TimePoint now, std::vector<Message>& messages);

  std::map<std::string, Kind, std::less<>> kinds_;
  std::vector<std::optional<Enrolment>> enrolled_;  ///< by CRM number; those with a state
  std::vector<Notice> nobody_told_;
  TimePoint counted_from_ = kUnset;  ///< missing data before this was ours
};

}  // namespace crmpulse::rules
