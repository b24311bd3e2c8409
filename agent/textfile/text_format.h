#pragma once
// Prometheus' text format, as far as a script writes it: one sample a line, comments, no time stamps.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/sample.h"

namespace crmpulse::agent {

/// Returns whether a script may never write this metric: the agent writes it itself, from its own calls.
[[nodiscard]] bool is_written_by_agent(std::string_view metric);

/// Reads a whole file's text; the samples have the file's labels alone, and `at`. Error, the first one only: a line
/// that is not a sample, a metric that is not known, is written by the agent or is in `taken` (the CRM's recipe
/// measures it), a label that is missing, a value that cannot be right, a series that stands twice, a last line that
/// has no end.
[[nodiscard]] boost::system::result<std::vector<Sample>, Problems> parse_text_format(
    std::string_view text, const std::string& file, const std::set<std::string, std::less<>>& taken, TimePoint at);

}  // namespace crmpulse::agent
