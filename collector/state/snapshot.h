#pragma once
// Encodes one CRM's stored state, the engine's bytes and the facts beside them, as tagged fields.

#include <string>
#include <string_view>
#include <vector>

#include "collector/state/crm_registry.h"
#include "collector/state/series_table.h"
#include "core/failure/error.h"

namespace crmpulse::collector {

[[nodiscard]] std::string encode_state(std::string_view engine_bytes, const CrmFacts& facts);
/// Returns false if another version of the program stored it.
[[nodiscard]] bool knows_version(std::string_view blob);
/// Fills `facts` (but for latency histograms, which count from the start of the process) and gives the engine's bytes.
[[nodiscard]] Result<std::string> decode_state(std::string_view blob, CrmFacts& facts);

/// The last values of those of `count` series from `first` on that are fresh, in base64: hourly ones survive a restart.
[[nodiscard]] std::string encode_values(const SeriesTable& table, TimePoint now, std::size_t first, std::size_t count);
void decode_values(std::string_view text, SeriesTable& table);

}  // namespace crmpulse::collector
