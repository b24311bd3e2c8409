#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/rule.h"
#include "rules/engine.h"

namespace crmpulse::rules::test {

/// Several CRMs with their agents in front of one engine; whoever uses it says what is measured and lets time pass.
class World {
 public:
  World(Ruleset ruleset, std::vector<ReceiverSpec> receivers);

  /// A value of metric `d1`, now.
  void measure(const std::string& crm, const std::string& kind, double value, const std::string& agent = {});
  void vendor_says(const std::string& crm, const std::string& kind, const std::string& instance, double status,
                   const std::string& agent = {});
  void heartbeat(const std::string& agent);
  /// Its heartbeat, and the names of all CRMs it watches.
  void announce(const std::string& agent, const std::vector<std::string>& crms);
  /// Any sample, of the time `ago` before now.
  void report(std::string_view metric, const Labels& labels, double value, Duration ago = {});
  /// The clock is put right by `by`.
  void correct_clock(Duration by);
  void step();
  /// Steps, then every deadline on the way is met. With ticks: a step each second.
  void pass(Duration time);
  /// The collector was down for so long: its state goes through its bytes.
  void restart(Duration down = Duration{});
  void use_ticks() { ticks_ = true; }

  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] int state(const std::string& crm) const;
  [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }
  [[nodiscard]] std::vector<Message> heard_by(const std::string& receiver) const;
  /// `digest opened(acme) vendor.outage`: what one receiver heard, in order.
  [[nodiscard]] std::string story(const std::string& receiver = "all") const;
  [[nodiscard]] std::size_t count(Event type) const;
  void forget_messages() { messages_.clear(); }

 private:
  void fold(std::string_view metric, const Labels& labels, double value);
  void take(Outcome outcome);

  Ruleset ruleset_;
  std::vector<ReceiverSpec> receivers_;
  Engine engine_;
  TimePoint now_;
  bool ticks_ = false;
  std::unordered_map<std::string, Engine::SeriesId> series_;  ///< of measure()
  std::vector<Message> messages_;
};

/// The table's rule with everything at once: a value is a level at the next evaluation, and is back at the next.
[[nodiscard]] Ruleset quick_rules();

}  // namespace crmpulse::rules::test
