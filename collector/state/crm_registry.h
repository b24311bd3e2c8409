#pragma once
// What the collector knows of each CRM beside the judge's verdict: newest failures, evidence, latency histograms,
// availability. Belongs to the loop's thread.

#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "collector/state/series_table.h"
#include "core/evidence.h"
#include "core/fields.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "rules/window/slo.h"

namespace crmpulse::collector {

/// An operation as one agent runs it.
struct OperationOf {
  std::string operation;
  std::string agent;
  friend auto operator<=>(const OperationOf&, const OperationOf&) = default;
};

/// The newest failure of one operation of one agent; gone with its next success.
struct NewestFailure {
  std::string stage;
  std::string reason;
  std::string text;  ///< the evidence line that came with it, or empty
  std::string agent;
  TimePoint at;
  static constexpr auto fields() {
    return std::tuple{Field{2, &NewestFailure::stage}, Field{3, &NewestFailure::reason}, Field{4, &NewestFailure::text},
                      Field{5, &NewestFailure::agent}, Field{6, &NewestFailure::at}};
  }
};

struct NewestSuccess {
  TimePoint at;
  Duration interval{};  ///< of such samples; 0: not known yet
};

/// A CRM's liveness as one agent sees it.
struct LivenessStatus {
  bool up = false;
  TimePoint at;
  TimePoint since;      ///< of `up`
  Duration interval{};  ///< of the samples; 0: not known yet
};

/// What the vendor says about one of its instances.
struct VendorStatus {
  double value = 0;
  TimePoint at;
  TimePoint since;  ///< of a value as bad as this or worse than fine
  Duration interval{};
};

/// What is known of an agent's own place.
struct AgentPlace {
  std::optional<bool> connected;  ///< its neutral target answers; absent: it has none
  TimePoint connected_at;
  TimePoint connected_since;  ///< of `connected`
  TimePoint heartbeat;
  std::optional<double> dropped;  ///< samples, since it began
  TimePoint dropped_at;           ///< when that grew last; by its clock, corrected
  double damaged = 0;             ///< files of its spool
};

struct LatencyHistogram {
  static constexpr std::array kBounds{0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0};  ///< seconds
  std::array<std::uint64_t, kBounds.size() + 1> counts{};  ///< not cumulative; the last is +Inf
  double sum = 0;
  void observe(double seconds);
};

/// Newest seconds by phase of one operation.
using Phases = std::map<std::string, double, std::less<>>;

struct CrmFacts {
  std::string crm;
  std::string kind;
  std::string transport;  ///< how its agent reaches it: `sql`, `http`; empty while unknown
  std::map<OperationOf, NewestFailure> failures;
  std::map<OperationOf, NewestFailure> ended;  ///< by the operation's next success; what they caused may last longer
  std::map<OperationOf, NewestSuccess> successes;
  std::map<std::string, LivenessStatus, std::less<>> sights;     ///< by agent
  std::map<std::string, VendorStatus, std::less<>> vendor;       ///< by instance
  double stretch = 1;                                            ///< of its intervals, as an agent last said
  TimePoint paused_until;                                        ///< the CRM wanted to be left alone
  std::deque<Evidence> evidence;                                 ///< newest last, at most kMaxEvidence
  std::map<std::string, LatencyHistogram, std::less<>> latency;  ///< by operation, since the process began
  std::map<std::string, Phases, std::less<>> phases;             ///< by operation
  rules::SloCounters slo;                                        ///< of its liveness readings
  std::int64_t folded_seq = 0;  ///< newest journal record that is part of this CRM's state
  bool dirty = false;           ///< changed since the last snapshot

  static constexpr std::size_t kMaxEvidence = 50;
  static constexpr std::size_t kMaxOperations = 200;  ///< bounds every map above

  /// Takes a reading. `newer` says that it is newer than the series' last value; others may be repetitions and are not
  /// counted twice. The series remembers its entry in the maps above, which never lose one, except `failures` and
  /// `ended`.
  void observe(Series& series, TimePoint at, double value, bool newer = true);
  void add(Evidence line);
  /// Moves all times by `by`, after the clock was corrected. Availability stays where it was counted.
  void shift(Duration by);

 private:
  [[nodiscard]] FactSlot find_kept(const Series& series);
  void see_success(const Series& series, TimePoint at, double value, NewestSuccess& success);
  void end_failure(std::map<OperationOf, NewestFailure>::iterator failed);
  void see_failure(const Series& series, TimePoint at, double value);
  void see_rare(const Series& series, TimePoint at, double value);
};

class CrmRegistry {
 public:
  static constexpr std::size_t kMaxAgents = 10'000;
  /// Returns the CRM's index; adds a new one.
  [[nodiscard]] std::uint32_t index_of(std::string_view crm, std::string_view kind);
  [[nodiscard]] CrmFacts& operator[](std::uint32_t index) { return facts_[index]; }
  [[nodiscard]] CrmFacts* find(std::string_view crm);
  [[nodiscard]] const CrmFacts* find(std::string_view crm) const;
  /// Takes a reading that an agent sent about itself.
  void observe(const Series& series, TimePoint at, double value);
  [[nodiscard]] const AgentPlace* place(std::string_view agent) const;
  [[nodiscard]] const std::map<std::string, AgentPlace, std::less<>>& places() const { return places_; }
  /// Moves all times by `by`, after the clock was corrected.
  void shift(Duration by);
  /// Sets the kinds whose CRMs one vendor runs: only those can fail together because of it.
  void set_vendor_kinds(std::vector<std::string> kinds) { vendor_kinds_ = std::move(kinds); }
  [[nodiscard]] bool is_of_vendor(std::string_view kind) const;
  [[nodiscard]] std::deque<CrmFacts>& all() { return facts_; }
  [[nodiscard]] const std::deque<CrmFacts>& all() const { return facts_; }

 private:
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::deque<CrmFacts> facts_;
  std::map<std::string, AgentPlace, std::less<>> places_;  ///< by agent
  std::vector<std::string> vendor_kinds_ = VendorOutage{}.kinds;
};

}  // namespace crmpulse::collector
