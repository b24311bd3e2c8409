#pragma once
// Silences and maintenance windows: which hold, for which CRMs, and when that changes next. What holds is a function of
// time and of what is stored, so that a replay of the journal meets the same. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/labels.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "rules/engine.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// What an operator said about some CRMs for some time: no messages about them (silence), or work on them is planned
/// (maintenance: no messages, and its minutes do not use up an error budget).
struct Suppression {
  using Kind = store::SuppressionKind;
  std::string id;
  Kind kind = Kind::silence;
  std::vector<LabelMatch> matchers;  ///< of the CRM's labels; all must match; never empty
  TimePoint created;
  TimePoint starts;
  std::optional<TimePoint> ends;      ///< absent only with `weekly`
  std::optional<ActiveHours> weekly;  ///< holds only in these hours, of [starts, ends)
  std::string author;
  std::string comment;
  bool configured = false;  ///< stands in collector.yaml: cannot be ended by the API

  [[nodiscard]] bool holds_at(TimePoint time) const;
  /// Returns when the window that holds at `time` began.
  [[nodiscard]] TimePoint began(TimePoint time) const;
  /// Returns the newest end of a window at or before `time`, nullopt if none has ended.
  [[nodiscard]] std::optional<TimePoint> ended(TimePoint time) const;
  /// Returns the first instant after `time` at which holds_at() may change.
  [[nodiscard]] TimePoint next_switch(TimePoint time) const;
  /// Begins later, holds or comes back, or is over for good.
  enum class Phase { pending, active, expired };
  [[nodiscard]] Phase phase_at(TimePoint time) const;
};
[[nodiscard]] std::string_view to_string(Suppression::Kind kind);
[[nodiscard]] std::string_view to_string(Suppression::Phase phase);

class Operations {
 public:
  static constexpr std::size_t kMost = 1000;  ///< not expired ones, of both kinds
  /// How long an expired one is remembered, because late samples ask for the past.
  static constexpr Duration kRemember{std::chrono::hours{48}};

  /// Replaces those of the store.
  void load(std::vector<Suppression> stored);
  /// Replaces those of collector.yaml.
  void configure(const std::vector<Suppression>& configured);
  void add(Suppression suppression);
  /// Ends one at `at`.
  void end(const std::string& id, TimePoint at);
  /// Corrects for a clock that was moved by `by`. Evaluates anew what holds. Moves, and returns, those that somebody
  /// made by the wrong clock after `since` to hold from then on.
  [[nodiscard]] std::vector<Suppression> shift(Duration by, TimePoint since);
  /// Marks a CRM that is new or may have other labels, for the next apply().
  void look_at(const std::string& crm) { fresh_.insert(crm); }

  struct Switched {
    std::string crm;
    std::string id;
    bool on = false;
    TimePoint at;  ///< when it began or ended, which a stop of the collector may have hidden
  };
  /// A CRM's maintenance, by whatever windows, has begun or ended.
  struct Maintained {
    std::string crm;
    bool on = false;
    TimePoint at;
  };
  struct Applied {
    std::vector<Switched> switched;
    std::vector<Maintained> maintained;
  };
  /// Says which CRMs' saved state is ahead of what is being replayed: their marks stay as they were saved.
  using Ahead = std::function<bool(const std::string& crm)>;
  /// Brings the engine's marks up to `now`: all CRMs at a switch or after a change, else the new ones, else nothing.
  Applied apply(rules::Engine& engine, TimePoint now, const Ahead& ahead = nullptr);

  [[nodiscard]] std::vector<const Suppression*> in_effect(const std::string& crm) const;
  [[nodiscard]] bool in_maintenance(const Labels& labels, TimePoint at) const;
  [[nodiscard]] const std::vector<Suppression>& all() const { return all_; }
  [[nodiscard]] const Suppression* find(const std::string& id) const;
  [[nodiscard]] bool full(TimePoint now) const;
  /// Returns the CRMs known to `engine` that all of `matchers` match, in order.
  [[nodiscard]] static std::vector<std::string> matching(const rules::Engine& engine,
                                                         const std::vector<LabelMatch>& matchers);
  /// Logs those of collector.yaml that match none of the CRMs known now: a misspelt one would have no effect.
  void warn_of_idle(const rules::Engine& engine) const;

 private:
  void mark(rules::Engine& engine, const std::string& crm, const std::vector<const Suppression*>& holding,
            TimePoint now, Applied& applied);
  [[nodiscard]] TimePoint maintenance_ended(const Labels& labels, TimePoint now) const;

  std::vector<Suppression> all_;
  std::map<std::string, std::set<std::string>> in_effect_;  ///< ids by CRM; only CRMs with some
  std::set<std::string> fresh_;
  TimePoint next_switch_ = TimePoint::max();
  bool changed_ = true;
};

}  // namespace crmpulse::collector
