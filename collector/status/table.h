#pragma once
// CRMs as lines of a terminal: pure functions of what is shown and how wide it is. A state is told by its shape, its
// word and, on a terminal with colours, its colour.

#include <cstddef>
#include <string>
#include <vector>

#include "collector/status/shown.h"

namespace crmpulse::collector {

struct Look {
  Language language = Language::en;
  bool colour = false;
  int width = 80;          ///< columns; a line takes no more
  std::size_t height = 0;  ///< lines; 0: as many as there are
  TimePoint now;
};

/// How many are in which state, what is wrong with crmpulse itself, then each CRM with what fails; beyond the height
/// how many more there are.
[[nodiscard]] std::vector<std::string> fleet_lines(const std::vector<ShownCrm>& crms,
                                                   const std::vector<std::string>& troubles, const Look& look);
/// All that is known of one.
[[nodiscard]] std::vector<std::string> crm_lines(const ShownCrm& crm, const Look& look);

}  // namespace crmpulse::collector
