#include "probes/runtime.h"

#include <algorithm>

#include "probes/transport_target.h"

namespace crmpulse::probes {
namespace {

/// Then a thread that a driver still holds is left behind.
constexpr Duration kPatience{5000};

net::HttpClient::Options http_options(const Runtime::Options& options) {
  net::HttpClient::Options http;
  http.max_connections = options.max_connections;
  http.max_kept_connections = std::min(http.max_kept_connections, options.max_connections);
  http.max_in_flight = std::min(http.max_in_flight, options.max_connections);
  return http;
}

}  // namespace

Runtime::Impl::Impl(Options options)
    : http(http_options(options)),
      kept(std::make_shared<sql::KeptConnections>(options.max_connections)),
      workers(options.max_sql_threads, kPatience),
      liveness_workers(options.max_liveness_threads, kPatience) {}

Runtime::Impl::~Impl() {
  std::vector<std::weak_ptr<TransportTarget>> left;
  {
    const std::lock_guard lock{mutex};
    left.swap(targets);
  }
  for (const auto& entry : left) {
    if (const auto target = entry.lock()) target->stop();
  }
}

void Runtime::Impl::add(const std::shared_ptr<TransportTarget>& target) {
  const std::lock_guard lock{mutex};
  std::erase_if(targets, [](const auto& entry) { return entry.expired(); });
  targets.push_back(target);
}

Runtime::Runtime(Options options) : impl_(std::make_unique<Impl>(options)) {}
Runtime::~Runtime() = default;

}  // namespace crmpulse::probes
