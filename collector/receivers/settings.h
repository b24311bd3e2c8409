#pragma once
// Reads the receivers of collector.yaml.

#include <vector>

#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"

namespace crmpulse::collector {

/// Reads `receivers:`; types are checked against the table in receivers/.
[[nodiscard]] std::vector<ReceiverSettings> read_receivers(config::Reader& root);
/// Like read_receivers(), for files where addresses and secrets do not matter (`backtest --receivers`).
[[nodiscard]] std::vector<ReceiverSettings> read_receiver_selections(config::Reader& root);

}  // namespace crmpulse::collector
