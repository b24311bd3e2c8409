#pragma once
// What the Engine holds and how its pieces work together; engine.cpp is what is asked of it. Private to rules/.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/binding.h"
#include "rules/crm/crm.h"
#include "rules/engine.h"
#include "rules/notify/agents.h"
#include "rules/notify/judge.h"
#include "rules/notify/storm.h"
#include "rules/notify/vendor.h"

namespace crmpulse::rules {

struct Engine::Impl {
  NotificationPolicy settings;
  std::vector<std::shared_ptr<const CompiledRule>> rules;
  std::vector<ReceiverSpec> receivers;
  bool muted = false;
  TimePoint now = kUnset;  ///< newest instant heard of; time does not go back

  std::shared_ptr<RingPool> pool = std::make_shared<RingPool>();
  std::vector<std::unique_ptr<Crm>> crms;  ///< by number; empty places are of removed ones
  std::map<std::string, Crm*, std::less<>> by_name;
  std::vector<Series> series;
  SeriesNames names;                                        ///< of `series`, under the same numbers
  std::set<std::pair<TimePoint, std::uint32_t>> deadlines;  ///< one per CRM that has one
  std::vector<std::uint32_t> dirty;
  std::vector<double> scratch;
  HoursBook hours_book;
  std::vector<std::shared_ptr<const DeclaredHours>> declared;  ///< by series that declare hours; null: not valid
  struct Unsettled {
    Crm* crm;
    const Rule* rule;
    Instance* instance;
  };
  std::vector<Unsettled> unsettled;  ///< took samples that are to be evaluated; empty before anything of a CRM goes
  std::vector<std::uint32_t> relabelled_crms;  ///< since the last step
  bool shared_changed = false;
  std::map<std::string, std::int64_t, std::less<>> retired;  ///< last_seq of removed CRMs
  AlertGrouper storms;
  AgentWatch agents;
  VendorWatch vendors;
  TimePoint next_sweep = kUnset;  ///< when CRMs are compared with what agents announce again

  void advance(TimePoint to) { now = std::max(now, to); }
  void align(std::vector<ReceiverSpec> next);
  void mark(Crm& crm);
  void mark_all();
  Crm& crm_of(std::string_view name);
  void drop(Crm& crm);
  void schedule(Crm& crm, TimePoint at);
  void attach(SeriesId id);
  /// Applies rules to CRMs whose labels attach() left waiting.
  void follow_labels();
  void resolve_all(Crm& crm);
  JudgeContext bench() const { return {settings, receivers, storms, muted, now}; }
  std::vector<std::uint32_t> take_due();
  std::vector<std::uint32_t> take_dirty();
  void settle();
  void judge(std::vector<std::uint32_t> due, Outcome& outcome);
  void mark_concerned();
  void relate(Crm& crm);
  /// CRMs that nobody announces any more; those for long leave.
  void sweep(Outcome& outcome);
  void remove(Crm& crm, Outcome& outcome);
  void gather_rises(const Outcome& outcome);
  void follow_exchange(Series& from, TimePoint at, double value);

  SampleVerdict fold(Series& series, TimePoint at, double value);
  Instance::Intake take(const SeriesTarget& feed, TimePoint at, std::uint32_t tag, double value,
                        const Previous& previous);
  void divide(const SeriesTarget& feed, Crm& crm, double divisor);
  void note(const Instance::Intake& intake, Crm& crm, const Rule& rule, Instance& instance);
  void take_pace(const Series& from, TimePoint at, double value);
  void take_hours(const Series& from, TimePoint at, double value);
  void take_activity(const Series& from, TimePoint at, double value);
};

}  // namespace crmpulse::rules
