#pragma once
// The judge: samples and `now` in, states and messages out. No clock, no I/O, no threads, no YAML.
// Exact behaviour: docs/health-states.md. One Engine belongs to one thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/labels.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "rules/crm/message.h"

namespace crmpulse::rules {

/// An agent that is not heard any more, or of which nothing comes in time.
struct LostAgent {
  std::string name;
  TimePoint since;
};

/// What became of a sample.
enum class SampleVerdict { accepted, late, future, invalid, duplicate };

/// Does the engine learn something from samples of this metric by itself, whatever rules measure: labels, pace, hours,
/// failures, what agents watch?
[[nodiscard]] bool learns_from(std::string_view metric);

class Engine {
 public:
  Engine(Ruleset ruleset, std::vector<ReceiverSpec> receivers);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Replaces rules and receivers; confirmed levels stay, timers of changed rules are cleared, removed ones close.
  Outcome reconfigure(Ruleset ruleset, std::vector<ReceiverSpec> receivers, TimePoint now);

  using SeriesId = std::uint32_t;
  /// Resolves a series once: which CRM and rules it feeds, which agent sends it. Idempotent. Allocates; everything
  /// after does not. With neither label `crm` nor `agent` the series says nothing (kNoSeries).
  [[nodiscard]] SeriesId bind(std::string_view metric, const Labels& labels);
  static constexpr SeriesId kNoSeries = ~SeriesId{0};

  /// Takes one sample into its windows; the rules it feeds are evaluated at its own time, once for all samples of that
  /// instant. Effects are seen by step().
  SampleVerdict fold(SeriesId series, TimePoint at, double value, TimePoint now);
  /// Notes that the agent of this series spoke at `now`, in a sample that is part of the loaded state already.
  void hear(SeriesId series, TimePoint now);

  /// Does everything that is due at `now`: evaluates what was folded, meets deadlines, decides messages. Call it after
  /// each request's samples and at each tick.
  [[nodiscard]] Outcome step(TimePoint now);
  /// Returns the next instant at which step() would do something without samples.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // What operators say. Unknown CRMs are accepted (the mark waits for them).
  void set_maintenance(const std::string& crm, bool on, TimePoint now);
  void set_silence(const std::string& crm, bool on, TimePoint now);
  void set_inhibited(const std::string& crm, bool on, TimePoint now);
  /// `from`: the receiver that the acknowledgement comes from, which is not told of it; empty: none of them.
  void acknowledge(const std::string& crm, std::string author, std::optional<TimePoint> until, TimePoint now,
                   std::string from = {});
  /// Sets the CRM's hours, whatever its agent says. nullopt: as the agent says again, else as learned.
  void set_hours(const std::string& crm, std::optional<ActiveHours> hours, TimePoint now);
  void set_muted(bool kill_switch);
  /// How many single samples all windows may hold together. What an ordinary CRM needs it has beyond that; windows
  /// that are fuller are thinned.
  void bound_windows(std::size_t most_entries);
  struct WindowUse {
    std::size_t entries = 0;    ///< places taken
    std::uint64_t refused = 0;  ///< times a window could not grow
  };
  [[nodiscard]] WindowUse window_use() const;
  /// Returns the places taken by the windows of one CRM; 0 if it is not known.
  [[nodiscard]] std::size_t window_entries(std::string_view crm) const;
  /// Forgets a CRM; an open incident is resolved with reason `removed`.
  Outcome remove(const std::string& crm, TimePoint now);

  /// The labels that silences and maintenance match a CRM by, and which of them hold now. marks() returns nullopt for a
  /// CRM without a series.
  struct Marks {
    const Labels& labels;  ///< valid until the next call that is not const
    bool maintenance = false;
    bool silenced = false;
  };
  [[nodiscard]] std::optional<Marks> marks(std::string_view crm) const;
  /// Has this agent sent anything of the CRM itself, or nobody else since `since`?
  [[nodiscard]] bool may_be_fed_by(std::string_view agent, std::string_view crm, TimePoint since) const;

  [[nodiscard]] std::vector<std::string> crms() const;
  /// The part of a status that is cheap enough to be asked of every CRM again and again.
  struct Standing {
    Level state = Level::healthy;
    DataStatus data_status = DataStatus::warming_up;
    bool maintenance = false;
  };
  /// Returns nullopt if the CRM has no status().
  [[nodiscard]] std::optional<Standing> standing(std::string_view crm) const;
  /// Has the CRM a status()?
  [[nodiscard]] bool watches(std::string_view crm) const;
  [[nodiscard]] std::optional<CrmStatus> status(std::string_view crm) const;
  /// Returns the agents that should send and do not, by name.
  [[nodiscard]] std::vector<LostAgent> lost_agents() const;
  /// Fills in the level of each rule in the order of status() (a latch is sub-healthy). Cheap enough for every step.
  void levels(std::string_view crm, std::vector<Level>& out) const;

  /// Moves all times by `by`, after the clock was corrected (below zero if it had been ahead). Levels and timers stay;
  /// active hours, which go by the wall clock, are evaluated anew.
  void shift(Duration by);

  // Persistence: everything known of one CRM as bytes, and back. Series ids are not part of it.
  [[nodiscard]] std::string save(std::string_view crm) const;
  [[nodiscard]] Result<void> load(std::string_view crm, std::string_view bytes);
  /// The last message that a receiver got about a CRM.
  struct LastWord {
    std::string receiver;
    Level level;  ///< healthy: nothing is open there
    TimePoint at;
  };
  /// Call it instead of load() if the bytes cannot be read: watches the CRM as a new one, but tells receivers the end
  /// of what they were told, in messages with numbers above `last_seq`.
  void begin_anew(const std::string& crm, std::int64_t last_seq, const std::vector<LastWord>& told);
  /// Like save() and load(), for what does not belong to a CRM: agents, vendors, who was told of them, digests. Store
  /// it in one transaction with the messages of the same Outcome.
  [[nodiscard]] std::string save_shared() const;
  [[nodiscard]] Result<void> load_shared(std::string_view bytes);
  /// Returns false if another version of the program saved these bytes: they are refused, but they are not damaged.
  [[nodiscard]] static bool knows_shared_version(std::string_view bytes);
  /// After load(): no-data and agents' deadlines count from `now` (the gap was ours), startup grace begins.
  void restarted(TimePoint now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::rules
