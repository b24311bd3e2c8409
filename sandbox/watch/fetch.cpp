#include "sandbox/watch/fetch.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <future>

namespace crmpulse::sandbox {

Result<boost::json::value> fetch_json(net::HttpClient& client, const std::string& method, const std::string& url,
                                      const std::string& body) {
  net::ClientRequest request;
  request.method = method;
  request.url = url;
  request.body = body;
  request.timeout = std::chrono::seconds{3};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  std::promise<net::ClientResponse> promise;
  auto answer = promise.get_future();
  client.send(std::move(request), [&promise](net::ClientResponse response) { promise.set_value(std::move(response)); });
  const net::ClientResponse response = answer.get();
  if (response.failure) return Error{response.failure->message};
  if (response.status / 100 != 2) return Error{fmt::format("HTTP {}", response.status)};
  if (response.body.empty()) return boost::json::value{};
  boost::json::error_code error;
  auto value = boost::json::parse(response.body, error);
  if (error) return Error{"the answer is not JSON"};
  return value;
}

}  // namespace crmpulse::sandbox
