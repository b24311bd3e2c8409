#pragma once
// Reads the receivers of collector.yaml.

#include <vector>

#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"
#include "core/words/clock.h"

namespace crmpulse::collector {

/// Reads `receivers:`; types are checked against the table in receivers/. `zone` is that of those which name none.
[[nodiscard]] std::vector<ReceiverSettings> read_receivers(config::Reader& root, const ZonePtr& zone = {});
/// Like read_receivers(), for files where addresses and secrets do not matter (`backtest --receivers`).
[[nodiscard]] std::vector<ReceiverSettings> read_receiver_selections(config::Reader& root);

/// Reads `time_zone:`, of the file or of one receiver. Returns `otherwise` without it.
[[nodiscard]] ZonePtr read_time_zone(config::Reader& item, const ZonePtr& otherwise);

}  // namespace crmpulse::collector
