#pragma once
// What `crmpulse-collector status` shows, taken from the API's answers: texts in one language that move no cursor.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/time/time.h"
#include "core/words/language.h"

namespace crmpulse::collector {

/// In the order in which they are shown.
enum class ShownState { poor, sub_healthy, unknown, healthy };
inline constexpr int kShownStates = 4;

struct ShownDimension {
  std::string name;
  ShownState state = ShownState::unknown;
  std::string text;  ///< `response time 4.1 s (poor from 3 s)`
};

struct ShownCrm {
  std::string crm;
  ShownState state = ShownState::unknown;
  bool maintenance = false;
  std::optional<double> score;
  std::optional<TimePoint> since;
  std::string says;                ///< what fails most
  std::string fault;               ///< whose fault it looks like, and why
  std::vector<std::string> notes;  ///< who works on it, what holds news back, what the vendor reports
  std::vector<std::string> remedies;
  std::vector<ShownDimension> dimensions;
  std::vector<std::string> evidence;
  std::string incident;  ///< its id, empty if none is open
};

/// An element of `crms`, or one CRM with its evidence. Members that are absent leave blanks.
[[nodiscard]] ShownCrm shown_crm(const boost::json::object& crm, Language language);
/// The worst first, then by name.
[[nodiscard]] std::vector<ShownCrm> shown_crms(const boost::json::array& crms, Language language);
/// What is wrong with crmpulse itself.
[[nodiscard]] std::vector<std::string> shown_troubles(const boost::json::value& troubles, Language language);

}  // namespace crmpulse::collector
