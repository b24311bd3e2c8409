#pragma once
// An incident written down: which fault comes when, counted from the start of the sandbox.

#include <string>
#include <string_view>
#include <vector>

#include "core/time/time.h"
#include "sandbox/vendor/faults.h"

namespace crmpulse::sandbox {

struct Scenario {
  struct Step {
    Duration at{};
    FaultRule rule;
  };
  std::string title;
  std::vector<Step> steps;
};

/// `crms`: names a step may have. All problems, with file and line.
[[nodiscard]] boost::system::result<Scenario, Problems> load_scenario(const std::string& file,
                                                                      const std::vector<std::string>& crms);
/// Like load_scenario(), for a text; problems name `file`.
[[nodiscard]] boost::system::result<Scenario, Problems> read_scenario(std::string_view text, const std::string& file,
                                                                      const std::vector<std::string>& crms);

}  // namespace crmpulse::sandbox
