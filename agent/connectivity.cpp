#include "agent/connectivity.h"

#include "core/time/clock.h"

namespace crmpulse::agent {

Connectivity::Connectivity(net::Loop& loop, net::HttpClient& client, Options options, Sink sink)
    : loop_(loop), client_(client), options_(std::move(options)), sink_(std::move(sink)) {
  timer_ = loop_.every(options_.interval, [this] { ask(); });
  ask();
}

void Connectivity::ask() {
  if (asking_) return;
  asking_ = true;
  net::ClientRequest request;
  request.method = "HEAD";
  request.url = options_.url;
  request.timeout = options_.timeout;
  request.fresh_connection = true;  // a kept connection would hide a resolver or route that is gone
  client_.send(std::move(request),
               [this, &loop = loop_, at = wall_now(), alive = std::weak_ptr{alive_}](net::ClientResponse response) {
                 loop.post([this, at, alive, response = std::move(response)] {
                   if (!alive.expired()) answered(at, response);
                 });
               });
}

void Connectivity::answered(TimePoint at, const net::ClientResponse& response) {
  asking_ = false;
  const Labels labels{{"agent", options_.agent}};
  // Any answer at all says that the network works.
  const bool works = !response.failure;
  std::vector<Sample> samples{{"crm_agent_connectivity_success", labels, works ? 1.0 : 0.0, at}};
  if (works) samples.push_back({"crm_agent_connectivity_duration_seconds", labels, response.phases.total, at});
  sink_(std::move(samples));
}

}  // namespace crmpulse::agent
