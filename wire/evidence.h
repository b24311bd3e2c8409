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

/// Texts are cut and cleaned to what decode_evidence takes; empty fields are left out.
[[nodiscard]] std::string encode_evidence(std::span<const Evidence> lines);
/// All lines or none: an unknown stage or reason, a missing crm, an oversize text, broken JSON or UTF-8 refuses the
/// body. Keys it does not know are passed over. Codes: limit (413); json, evidence (400).
[[nodiscard]] boost::system::result<std::vector<Evidence>, Refusal> decode_evidence(std::string_view body);

}  // namespace crmpulse::wire
