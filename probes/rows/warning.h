#pragma once
// What a run saw that does not fail it, though its numbers may be wrong: for `probe` and the log.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

struct Warning {
  enum class Kind {
    cut,      ///< a list was not read whole
    nowhere,  ///< a pointer leads to nothing in any row
  };
  Kind kind = Kind::cut;
  std::string text;  ///< one line for people
};

/// What ended the reading of a list before its end.
struct Cut {
  std::uint64_t read = 0;              ///< rows that were
  std::optional<std::uint64_t> total;  ///< as the CRM tells it
  int rows = 0;                        ///< the most that are read
  std::optional<int> pages;            ///< the most that are asked for; nullopt: the list has no pages
};

/// Names how much was read and what to raise.
[[nodiscard]] Warning cut_warning(const Cut& cut);
/// Like cut_warning(), for a CRM that tells of more rows than it gives: there is nothing to raise.
[[nodiscard]] Warning withheld_warning(std::uint64_t read, std::uint64_t total);
/// A pointer of the recipe that led to no member in any of `rows` rows, which are some.
[[nodiscard]] Warning nowhere_warning(std::string_view pointer, std::uint64_t rows);

/// Returns true if a part of the rows gives another figure than all of them: a count does, an average of the newest
/// does not.
[[nodiscard]] bool needs_all_rows(const std::vector<SampleSpec>& samples);

}  // namespace crmpulse::probes
