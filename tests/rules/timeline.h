#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/rule.h"
#include "rules/engine.h"

namespace crmpulse::rules::test {

/// One evaluation: a value for each rule, or nothing where its data is missing.
using Reading = std::vector<std::optional<double>>;

/// The rule the case table of the specification is written for: `last`, 15 s, 1000/900 for 60 s, 3000/2700 for 30 s.
[[nodiscard]] Rule table_rule(std::string id = "d1");
/// group_wait 30 s for both levels.
[[nodiscard]] NotificationPolicy table_settings();
[[nodiscard]] ReceiverSpec receiver(std::string name, Level min_level = Level::sub_healthy);

/// One CRM, `acme`, in front of an engine: evaluations every 15 s, every deadline met between them. The metric of a
/// rule is its id.
class Timeline {
 public:
  static constexpr Duration kInterval = std::chrono::seconds{15};

  Timeline(Ruleset ruleset, std::vector<ReceiverSpec> receivers);

  /// Deadlines up to the next evaluation, then the samples, then a step.
  void evaluate(const Reading& reading);
  void evaluate(double value) { evaluate(Reading{value}); }
  void times(int count, const Reading& reading);
  void times(int count, double value) { times(count, Reading{value}); }
  void nothing(int count) { times(count, Reading(ruleset_.rules.size())); }
  /// Time passes, nobody looks: the collector was down or asleep.
  void gap(Duration duration);
  void restart();
  void edit(Ruleset ruleset);
  void remove();
  /// What an operator says, now.
  void say(const std::function<void(Engine&, TimePoint)>& what);

  /// With ticks the engine is stepped every second; otherwise at its own deadlines.
  void use_ticks() { ticks_ = true; }

  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] const Ruleset& ruleset() const { return ruleset_; }
  [[nodiscard]] CrmStatus status() const { return engine_.status("acme").value(); }
  [[nodiscard]] int state() const { return static_cast<int>(status().state); }
  [[nodiscard]] bool unknown() const { return status().data_status == DataStatus::warming_up; }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] Duration elapsed() const;
  [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<StateChange>& changes() const { return changes_; }

 private:
  void bind();
  void pass_until(TimePoint next);
  void take(Outcome outcome);

  Ruleset ruleset_;
  std::vector<ReceiverSpec> receivers_;
  Engine engine_;
  std::vector<Engine::SeriesId> series_;
  TimePoint now_;  ///< of the newest evaluation
  bool asleep_ = false;
  bool ticks_ = false;
  std::vector<Message> messages_;
  std::vector<StateChange> changes_;
};

/// `opened(1)@90`, seconds since the first evaluation.
[[nodiscard]] std::string describe(const Message& message, bool with_time);

}  // namespace crmpulse::rules::test
