#pragma once
// A notice as plain text, for receivers without a layout of their own.

#include <string>

#include "collector/notice/notice.h"

namespace crmpulse::collector {

/// One line: `acme-sf — POOR (不良): response time 4.1 s (poor from 3 s)`.
[[nodiscard]] std::string headline(const Notice& notice, Language language);
/// Everything, a line each: what fails, the facts, whose fault, the remedy, evidence, the link. `\n` ends each line.
[[nodiscard]] std::string plain_text(const Notice& notice, Language language);

}  // namespace crmpulse::collector
