#pragma once
// Deletes what is kept no longer: the journal's records, deliveries, incidents, suppressions, change markers.

#include "collector/configuration/settings.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

/// Has the writer's thread delete some of what is older than `retention` keeps, counted back from `now`. Call it once a
/// minute.
void prune(store::Writer& writer, const RetentionSettings& retention, TimePoint now);

}  // namespace crmpulse::collector
