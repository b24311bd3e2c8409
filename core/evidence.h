#pragma once
// Defines the line of text that explains a failure.

#include <string>
#include <tuple>

#include "core/fields.h"
#include "core/time/time.h"

namespace crmpulse {

/// One bounded line about a failure or a change, beside the samples (remote write carries only numbers).
struct Evidence {
  TimePoint at;
  std::string crm;
  std::string kind;  ///< label `kind`
  std::string agent;
  std::string operation;  ///< may be empty
  std::string stage;      ///< name from core/failure/failure.h, or empty for a change
  std::string reason;     ///< name from core/failure/failure.h, or empty for a change
  std::string text;       ///< one line, at most kMaxEvidenceText bytes, no secret, no personal data
  /// All but crm and kind, which are those of the CRM that it is stored with.
  static constexpr auto fields() {
    return std::tuple{Field{1, &Evidence::at},    Field{2, &Evidence::agent},  Field{3, &Evidence::operation},
                      Field{4, &Evidence::stage}, Field{5, &Evidence::reason}, Field{6, &Evidence::text}};
  }
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

inline constexpr std::size_t kMaxEvidenceText = 400;

}  // namespace crmpulse
