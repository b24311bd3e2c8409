#pragma once
// What the author of a rule wants to know of a backtest: how often each rule and each CRM left healthy, how long, at
// what hours, and what people would have been told.

#include <array>
#include <boost/json.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/backtest/backtest.h"
#include "collector/text/language.h"
#include "core/text/hash.h"
#include "core/words/clock.h"

namespace crmpulse::collector {

class BacktestSummary {
 public:
  static constexpr std::size_t kMostTexts = 10;  ///< messages whose text is kept
  static constexpr std::size_t kMostCrms = 20;   ///< that are listed, the worst first
  using Words = std::function<Bilingual(const rules::Message&)>;

  /// Hours and times are those of `zone`; `words` makes a message's sentence.
  BacktestSummary(ZonePtr zone, Words words) : zone_(std::move(zone)), words_(std::move(words)) {}

  /// After each step of the engine.
  void note(const rules::Engine& engine, const rules::Outcome& outcome, TimePoint now);
  void finish(const BacktestOutcome& outcome);

  [[nodiscard]] boost::json::object json() const;
  [[nodiscard]] std::string text() const;

 private:
  /// How often and how long a level was held.
  struct Held {
    std::uint64_t times = 0;
    Duration total{};
    Duration longest{};
    std::string longest_of;  ///< of a rule: the CRM
    void add(Duration span, const std::string& crm);
  };
  /// Time not healthy by day of the week (0 Monday) and hour.
  using Hours = std::array<std::array<Duration, 24>, 7>;
  struct Stay {
    Level level = Level::healthy;
    TimePoint since;
  };
  struct OfRule {
    std::string dimension;
    std::size_t crms = 0;  ///< that left healthy by it
    std::array<Held, 3> held;
    Hours hours{};
  };
  struct OfCrm {
    bool known = false;  ///< judged at least once
    Stay state;
    std::array<Held, 3> held;
    std::uint64_t messages = 0;
    std::vector<std::string> rules;  ///< ids in the order of the engine's levels
    std::vector<Stay> stays;         ///< by rule
    std::vector<bool> left;          ///< by rule: was it ever not healthy
  };
  struct Text {
    TimePoint at;
    std::string crm;
    std::string receiver;
    std::string type;
    Level state;
    Bilingual words;
  };

  void note_rules(const rules::Engine& engine, const std::string& crm, TimePoint now);
  void change(OfCrm& crm, const std::string& name, Level level, TimePoint now);
  void change_rule(OfCrm& crm, const std::string& name, std::size_t rule, Level level, TimePoint now);
  void note_message(const rules::Message& message);
  void add_hours(Hours& hours, TimePoint from, TimePoint to) const;
  using Crms = std::unordered_map<std::string, OfCrm, TextHash, std::equal_to<>>;
  [[nodiscard]] std::vector<const Crms::value_type*> worst_crms() const;
  static boost::json::object held_json(const Held& held);
  static boost::json::object levels_json(const std::array<Held, 3>& held);
  static boost::json::object hours_json(const Hours& hours);
  static std::string hours_text(const Hours& hours);
  static std::string levels_text(const std::array<Held, 3>& held);
  [[nodiscard]] std::string rules_text() const;
  [[nodiscard]] std::string messages_text() const;

  ZonePtr zone_;  ///< never null
  Words words_;
  BacktestOutcome outcome_;
  Crms crms_;
  std::map<std::string, OfRule, std::less<>> rules_;  ///< by id
  std::array<Held, 3> held_;                          ///< of all CRMs
  Hours hours_{};
  std::map<std::string, std::map<std::string, std::uint64_t>> messages_;  ///< by receiver and type
  std::vector<Text> texts_;
  std::vector<Level> levels_;  ///< of the CRM that is looked at
};

}  // namespace crmpulse::collector
