#pragma once
// The addresses of the events and of the snapshot.

#include "collector/http/router.h"
#include "collector/stream/stream.h"

namespace crmpulse::collector {

/// `stream` must outlive the routes' use. Loop's thread.
void add_stream_routes(Router& router, Stream& stream);

}  // namespace crmpulse::collector
