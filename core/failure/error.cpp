#include "core/failure/error.h"

#include <fmt/format.h>

namespace crmpulse {

std::string to_string(const Problem& problem) {
  std::string place = problem.line > 0 ? fmt::format("{}:{}", problem.file, problem.line) : problem.file;
  if (problem.path.empty()) return fmt::format("{}: {}", place, problem.message);
  return fmt::format("{}: {}: {}", place, problem.path, problem.message);
}

std::string to_string(const Problems& problems) {
  std::string out;
  for (const Problem& problem : problems) {
    if (!out.empty()) out += '\n';
    out += to_string(problem);
  }
  return out;
}

}  // namespace crmpulse
