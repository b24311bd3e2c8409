#include "collector/stream/stream_routes.h"

#include <utility>

namespace crmpulse::collector {

void add_stream_routes(Router& router, Stream& stream) {
  router.add({"GET", "/api/v1/fleet", AccessRole::viewer, [&stream](const Request& request, net::Respond respond) {
                stream.snapshot(request, std::move(respond));
              }});
  router.add({"GET", "/api/v1/stream", AccessRole::viewer,
              [&stream](const Request& request, net::Respond respond) { stream.open(request, std::move(respond)); }});
}

}  // namespace crmpulse::collector
