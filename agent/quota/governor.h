#pragma once
// Keeps one CRM's calls inside our share of its own daily allowance, and leaves it alone when it says so.
// Pure: `now` is brought; no files, no threads. docs/quota.md has the rules in words, with their numbers.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/quota/call_ledger.h"
#include "agent/quota/call_plan.h"
#include "agent/quota/quota_forecast.h"
#include "core/failure/failure.h"
#include "core/sample.h"

namespace crmpulse::agent {

class Governor {
 public:
  struct Options {
    std::vector<PlannedRun> runs;
    std::string allowance;          ///< label of the crm_api_… samples that tell about it
    std::optional<double> per_day;  ///< as configured; what the CRM itself says goes before it
    double budget = 0.01;           ///< our share
    bool logs_in = false;           ///< a run may make a call or two more than planned
    bool backs_off = true;  ///< false: a database of one's own, which has no allowance and is never overcrowded by us
  };

  /// Returns our calls a day of an allowance of so many, at least one; nullopt if no allowance is known.
  [[nodiscard]] static std::optional<double> cap(const Options& options, std::optional<double> per_day);

  explicit Governor(Options options) { configure(std::move(options)); }
  /// After a reload: the ledger, what was learned, and a pause stay.
  void configure(Options options);

  struct Admission {
    bool admitted = true;
    bool paused = false;  ///< the CRM asked for it; otherwise the cap is reached
    TimePoint again;      ///< when it is worth asking again; only when not admitted
  };
  /// Asked before every run. What it admits is counted as planned until finished() says what it was.
  [[nodiscard]] Admission admit(std::size_t run, TimePoint now);

  struct Outcome {
    int calls = 0;  ///< all it made
    std::optional<Duration> wait;
    std::optional<Reason> failed;
  };
  void finished(std::size_t run, const Outcome& outcome, TimePoint now);
  /// What a run of an earlier configuration found; its calls stay counted as planned.
  void finished_late(const Outcome& outcome, TimePoint now) { heed(outcome, now); }
  /// The samples of a reading; gives the forecasts they lead to.
  [[nodiscard]] std::vector<Sample> learn(std::span<const Sample> samples);

  /// What the run's interval is multiplied by now, ≥ 1.
  [[nodiscard]] double stretch(std::size_t run) const { return stretch_[run]; }
  /// Counts changes of any stretch.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  struct Status {
    double stretch = 1;             ///< the largest
    double planned = 0;             ///< calls a day at the configured intervals
    std::optional<double> allowed;  ///< calls a day
    std::int64_t made = 0;          ///< in the last 24 hours, at most a quarter hour more
    std::optional<TimePoint> paused_until;
    std::optional<TimePoint> paused_since;  ///< without an answered call in between
  };
  [[nodiscard]] Status status(TimePoint now) const;

  /// What must outlive a restart.
  struct Memory {
    std::vector<CallLedger::Slot> slots;
    std::optional<double> limit;
    double penalty = 1;
    TimePoint paused_until;
    std::string account{};  ///< that several CRMs share, each with a copy of this; empty: it is one CRM's
  };
  [[nodiscard]] Memory memory() const;
  /// Before the first admit(). Stamps that lie ahead are taken as now: the clock was set back.
  void restore(const Memory& memory, TimePoint now);
  /// Has enough happened since the last memory() to write it down?
  [[nodiscard]] bool worth_saving() const { return unsaved_ || (plan_.allowed && unsaved_calls_ >= save_after_); }
  [[nodiscard]] bool backs_off() const { return options_.backs_off; }
  [[nodiscard]] bool changed() const { return (plan_.allowed && unsaved_calls_ > 0) || unsaved_; }
  void saved() {
    unsaved_calls_ = 0;
    unsaved_ = false;
  }

  static constexpr double kMostStretch = 64;  ///< of penalties and a scarce allowance together
  static constexpr Duration kLongestWait{std::chrono::hours{24}};

 private:
  struct Run {
    PlannedRun planned;
    double mean = 0;  ///< calls it really makes
    double most = 0;
    int reserved = -1;  ///< ≥ 0: it is under way
    TimePoint started;
  };
  void heed(const Outcome& outcome, TimePoint now);
  void count(Run& run, int calls);
  void replan();
  [[nodiscard]] double scarcity() const;

  Options options_;
  std::vector<Run> runs_;
  CallLedger ledger_;
  QuotaRegistry quota_;
  std::optional<double> limit_;  ///< as the CRM told it
  CallPlan plan_;
  std::vector<double> stretch_;
  std::uint64_t revision_ = 0;
  double penalty_ = 1;
  TimePoint paused_until_{};
  std::optional<TimePoint> paused_since_;
  std::int64_t unsaved_calls_ = 0;
  std::int64_t save_after_ = 1;
  bool unsaved_ = false;
};

}  // namespace crmpulse::agent
