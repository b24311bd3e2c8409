#pragma once
// Threads, clients and logins behind Runtime, for probes/ itself.

#include <memory>
#include <mutex>
#include <vector>

#include "core/time/clock.h"
#include "net/client/http_client.h"
#include "probes/auth/session.h"
#include "probes/sql/kept_connections.h"
#include "probes/sql/login_gate.h"
#include "probes/target.h"
#include "probes/workers/workers.h"

namespace crmpulse::probes {

struct Runtime::Impl {
  explicit Impl(Options options);
  ~Impl();
  /// Stops it, if it still runs, when this goes.
  void add(const std::shared_ptr<TransportTarget>& target);

  std::mutex mutex;
  std::vector<std::weak_ptr<TransportTarget>> targets;
  net::HttpClient http;
  std::shared_ptr<sql::KeptConnections> kept;  ///< shared with runs that a driver still holds when this goes
  auth::Sessions sessions{http};
  sql::LoginGates login_gates{wall_now};
  Workers alarms{1};  ///< its jobs do not block
  Workers workers;
  Workers liveness_workers;
};

}  // namespace crmpulse::probes
