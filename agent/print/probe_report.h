#pragma once
// What `probe` prints.

#include <optional>
#include <span>
#include <string>

#include "agent/print/judge.h"

namespace crmpulse::agent {

/// `HEALTHY`, `SUB-HEALTHY`, `POOR`, `UNKNOWN`.
[[nodiscard]] std::string_view state_word(std::optional<Level> state);
/// Monitoring-plugin convention: 0, 1, 2; 3 unknown.
[[nodiscard]] int exit_code(std::optional<Level> state);
/// The worst of all: poor, sub-healthy, unknown, healthy.
[[nodiscard]] std::optional<Level> worst_state(std::span<const CrmReport> reports);

/// The first line is the plugin's: `POOR acme: …`.
[[nodiscard]] std::string probe_table(std::span<const CrmReport> reports);
[[nodiscard]] std::string probe_json(std::span<const CrmReport> reports);
/// The Prometheus text format, every sample.
[[nodiscard]] std::string probe_prometheus(std::span<const CrmReport> reports);

}  // namespace crmpulse::agent
