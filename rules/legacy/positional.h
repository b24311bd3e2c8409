#pragma once
// Stored states as earlier versions wrote them, one value behind the other without tags, translated to tagged fields.
// Nothing else knows those layouts, and nothing writes them: docs/decisions/0025-stored-states-are-tagged-fields.md.

#include <string>
#include <string_view>

namespace crmpulse::rules::legacy {

// Each translate…() returns a document (core/fields.h) for the reader of today, empty if the bytes are damaged or of a
// version that never was. A known…() returns true also for what is too short to say its version.

/// A CRM as the engine saved it.
[[nodiscard]] std::string translate_crm(std::string_view bytes);

/// Agents, vendors, digests: what the engine saved that belongs to no CRM.
[[nodiscard]] bool known_shared(std::string_view bytes);
[[nodiscard]] std::string translate_shared(std::string_view bytes);

/// A CRM as the collector stored it: the engine's bytes, which stay as they are, and facts beside them.
[[nodiscard]] bool known_state(std::string_view bytes);
[[nodiscard]] std::string translate_state(std::string_view bytes);

}  // namespace crmpulse::rules::legacy
