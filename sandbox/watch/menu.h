#pragma once
// The faults a key brings in, and which of them are on.

#include <boost/json/value.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/watch/words.h"

namespace crmpulse::sandbox {

/// A fault as the sample CRMs call it, and as the vendor APIs do; empty: those have none.
struct MenuItem {
  char key;
  std::string_view sample;
  std::string_view vendor;
  double seconds;
  std::string_view en;
  std::string_view zh;
};
[[nodiscard]] std::span<const MenuItem> menu_items();
/// The recipe of the sample CRMs: a CRM of another kind is one of the vendors, and is named like it.
inline constexpr std::string_view kSampleKind = "sample";
[[nodiscard]] std::string_view fault_of(const MenuItem& item, bool sample);

/// Keys of the faults that are on, by CRM, from GET /_sandbox/faults: `2+7`. `samples` are the sample CRMs.
[[nodiscard]] std::map<std::string, std::string> active_keys(const boost::json::value& faults,
                                                             const std::vector<std::string>& crms,
                                                             const std::vector<std::string>& samples);

/// The keys for this CRM, those that are `active` in brackets (and reversed when `colour`), in lines of at most `width`
/// columns.
[[nodiscard]] std::vector<std::string> menu_lines(std::string_view crm, bool sample, std::string_view active,
                                                  Language language, bool colour, int width);

}  // namespace crmpulse::sandbox
