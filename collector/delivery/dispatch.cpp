#include "collector/delivery/dispatch.h"

namespace crmpulse::collector {

void dispatch(const Clients& clients, Outgoing outgoing, net::Forbid forbid, net::HttpClient::Callback callback) {
  if (auto* mail = std::get_if<net::MailRequest>(&outgoing)) {
    clients.mail.send(std::move(*mail), std::move(callback));
    return;
  }
  auto& request = std::get<net::ClientRequest>(outgoing);
  request.forbid = forbid;
  request.max_redirects = 0;
  clients.http.send(std::move(request), std::move(callback));
}

}  // namespace crmpulse::collector
