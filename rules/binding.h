#pragma once
// Resolves a series, once, to the rules and memories that its samples go to.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/labels.h"
#include "rules/crm/crm.h"
#include "rules/series_names.h"

namespace crmpulse::rules {

/// One rule instance that takes the samples of a series, and the part they play there.
struct SeriesTarget {
  enum class Kind : std::uint8_t { value, quotient, divisor, error };
  const Rule* rule = nullptr;  ///< of `state`
  RuleState* state = nullptr;
  Instance* instance = nullptr;  ///< of all but divisor
  std::uint32_t view = 0;
  std::uint32_t slot = 0;  ///< of quotient and divisor
  Kind kind = Kind::value;
};

/// A series resolved once. Its pointers (`crm`, and those in `feeds`) are valid until the CRM's rules are applied anew
/// or the CRM is removed; call resolve() again then.
struct Series {
  Crm* crm = nullptr;
  std::uint32_t tag = 0;
  bool refuses_negative = false;                                              ///< a duration
  enum class Pace : std::uint8_t { none, stretch, pause } pace = Pace::none;  ///< what it tells about the CRM's agent
  std::size_t agent = 0;                                                      ///< place in the CRM's paces
  std::uint32_t speaker = ~std::uint32_t{0};  ///< its agent's place in the engine's AgentWatch
  bool of_crm = true;                         ///< false: it has no label `crm` and only says that its agent is there
  bool heartbeat = false;
  enum class Activity : std::uint8_t { none, change, logins } activity = Activity::none;  ///< that it tells of
  static constexpr std::uint32_t kDeclaresNothing = ~std::uint32_t{0};
  std::uint32_t declares = kDeclaresNothing;   ///< place in what the engine read of declared hours
  bool announces = false;                      ///< its samples say that its agent has named all it watches
  bool names = false;                          ///< its samples say that its agent watches the CRM
  bool tells_success = false;                  ///< of its exchange; otherwise, when it has one, a failure
  std::size_t exchange = Exchange::kMost;      ///< place in the CRM's exchanges
  std::size_t feeder = ReportingAgent::kMost;  ///< place in the CRM's feeders
  std::size_t reading = VendorReading::kMost;  ///< place in the CRM's vendor readings
  std::vector<SeriesTarget> feeds;
};

/// Fills `feeds` (and the tag, when there is any feed) from the rules that apply to the series' CRM now.
void resolve(Series& series, const SeriesName& name);

inline constexpr std::string_view kLabelsMetric = "crm_up";
inline constexpr std::string_view kFailureMetric = "crm_failure";
inline constexpr std::string_view kSuccessMetric = "crm_operation_success";

/// Learns what a series says about its CRM itself: the kind, and with crm_up the labels. Returns true if that changed.
bool adopt_labels(Crm& crm, std::string_view metric, const Labels& labels);

}  // namespace crmpulse::rules
