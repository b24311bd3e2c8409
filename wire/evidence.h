#pragma once
// Evidence on the wire: newline-delimited JSON, one object a line:
// {"at":"2026-11-21T09:00:00Z","crm":"acme","kind":"tryton","agent":"branch-1","operation":"read","stage":"connect",
//  "reason":"refused","text":"…"}

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence.h"
#include "wire/remote_write.h"

namespace crmpulse::wire {

inline constexpr std::size_t kMaxEvidenceLines = 1000;
inline constexpr std::size_t kMaxEvidenceBytes = 1024 * 1024;
/// A header of the collector's 2xx, in lower case: how many lines it left out, unreadable ones and those its sender may
/// not send. None: it took all.
inline constexpr std::string_view kLinesLeftOut = "x-crm-lines-left-out";

/// Texts are cut and cleaned to what decode_evidence takes; empty fields are left out.
[[nodiscard]] std::string encode_evidence(std::span<const Evidence> lines);

struct EvidenceLines {
  std::vector<Evidence> lines;
  std::size_t unreadable = 0;  ///< lines that are left out: each costs itself alone
  std::string why;             ///< of the first of them: `line 3: crm is missing`; never a field's value
};
/// A line is left out for an unknown stage or reason, a missing crm, an oversize text, broken JSON or UTF-8; keys it
/// does not know are passed over. The body is refused when it is too large, or when none of its lines can be read, as
/// the first of them says. Codes: limit (413); json, evidence (400).
[[nodiscard]] boost::system::result<EvidenceLines, DecodeError> decode_evidence(std::string_view body);

}  // namespace crmpulse::wire
