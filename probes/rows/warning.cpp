#include "probes/rows/warning.h"

#include <fmt/format.h>

#include <algorithm>

namespace crmpulse::probes {

Warning cut_warning(const Cut& cut) {
  const bool knows_total = cut.total && *cut.total > cut.read;
  const std::string part = knows_total ? fmt::format("only {} of {} rows were read", cut.read, *cut.total)
                                       : fmt::format("only the first {} rows were read, and there are more", cut.read);
  const std::string pages = cut.pages ? fmt::format(" and `pages` ({})", *cut.pages) : std::string{};
  return {Warning::Kind::cut, fmt::format("{}: what is counted is too small; raise `rows` ({}){} of this measurement",
                                          part, cut.rows, pages)};
}

Warning withheld_warning(std::uint64_t read, std::uint64_t total) {
  return {
      Warning::Kind::cut,
      fmt::format("the CRM tells of {} rows and gives no more than {}: what is counted may be too small; see whether "
                  "the account may read all of them",
                  total, read)};
}

Warning nowhere_warning(std::string_view pointer, std::uint64_t rows) {
  const std::string where = rows == 1 ? "not in the only row" : fmt::format("in none of {} rows", rows);
  return {Warning::Kind::nowhere, fmt::format("{} is {}: does the CRM spell it so?", pointer, where)};
}

bool needs_all_rows(const std::vector<SampleSpec>& samples) {
  return std::any_of(samples.begin(), samples.end(), [](const SampleSpec& spec) {
    switch (spec.reduce) {
      case Reduce::none:
      case Reduce::sum:
      case Reduce::count:
      case Reduce::distinct:
      case Reduce::duplicates: return true;
      case Reduce::avg:
      case Reduce::min:
      case Reduce::max:
      case Reduce::quantile:
      case Reduce::share_above: return false;
    }
    return true;
  });
}

}  // namespace crmpulse::probes
