#include "net/client/http_client.h"

#include <utility>

#include "net/client/http_exchange.h"

namespace crmpulse::net {

std::string_view ClientResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

struct HttpClient::Impl {
  explicit Impl(const Options& options) : user_agent(options.user_agent), loop(options) {}
  const std::string user_agent;
  TransferLoop loop;
};

HttpClient::HttpClient() : HttpClient(Options{}) {}

HttpClient::HttpClient(Options options) {
  if (options.user_agent.empty()) options.user_agent = "crmpulse/" CRMPULSE_VERSION;
  impl_ = std::make_unique<Impl>(options);
}

HttpClient::~HttpClient() = default;

void HttpClient::send(ClientRequest request, Callback callback) {
  impl_->loop.enqueue(std::make_unique<Exchange>(std::move(request), std::move(callback), impl_->user_agent));
}

}  // namespace crmpulse::net
