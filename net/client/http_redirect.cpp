// What following a redirect means for a request: its method, its body, and what another origin must not see.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "net/base/url.h"
#include "net/client/http_exchange.h"

namespace crmpulse::net {
namespace {

/// Any header may hold a key (`x-api-token`), so only those that cannot are shown to others.
bool tells_nothing(const std::pair<std::string, std::string>& header) {
  static constexpr std::array<std::string_view, 3> kHarmless{"Accept", "Accept-Language", "Cache-Control"};
  return std::any_of(kHarmless.begin(), kHarmless.end(),
                     [&](std::string_view name) { return ascii::same_without_case(header.first, name); });
}

void drop_body(ClientRequest& request) {
  request.body.clear();
  request.headers.erase(
      std::remove_if(request.headers.begin(), request.headers.end(),
                     [](const auto& header) { return ascii::same_without_case(header.first, "Content-Type"); }),
      request.headers.end());
}

void drop_what_is_ours(ClientRequest& request) {
  std::vector<std::pair<std::string, std::string>> kept;
  std::copy_if(request.headers.begin(), request.headers.end(), std::back_inserter(kept), tells_nothing);
  request.headers = std::move(kept);
  request.tls.cert_file.clear();
  request.tls.key_file.clear();
}

}  // namespace

bool is_redirect(const ClientResponse& response) {
  static constexpr std::array<int, 5> kStatuses{301, 302, 303, 307, 308};
  return std::find(kStatuses.begin(), kStatuses.end(), response.status) != kStatuses.end() &&
         !response.header("location").empty();
}

boost::system::result<ClientRequest, Failure> redirected(const ClientRequest& request, const ClientResponse& response) {
  const auto refused = [&](const Peer& from, std::string_view where) {
    return Failure{Stage::response, Reason::bad_content,
                   one_line(fmt::format("{} redirects {}; that is not followed", from.text(), where))};
  };
  ClientRequest next = request;
  const Peer from = peer_of(request.url).value_or(Peer{});
  const Result<std::string> url = resolve_url(request.url, std::string(response.header("location")));
  const std::optional<Peer> to = url ? peer_of(*url) : std::nullopt;
  if (!to) return refused(from, "to what is neither http nor https");
  next.url = *url;
  if (from.tls && !to->tls) return refused(from, fmt::format("from https to http ({})", to->text()));

  const bool keeps_method = response.status == 307 || response.status == 308;
  if ((response.status == 303 && request.method != "HEAD") || (!keeps_method && request.method == "POST")) {
    next.method = "GET";
    drop_body(next);
  }
  const bool same_origin =
      from.tls == to->tls && from.port == to->port && ascii::same_without_case(from.host, to->host);
  if (same_origin) return next;
  if (!next.body.empty()) return refused(from, fmt::format("a request with a body to {}", to->text()));
  drop_what_is_ours(next);
  return next;
}

}  // namespace crmpulse::net
