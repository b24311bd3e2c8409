#include "collector/delivery/sender.h"

#include <memory>
#include <utility>

namespace crmpulse::collector {
namespace {

constexpr Duration kOnNewTerms{std::chrono::seconds{1}};

}  // namespace

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

void Sender::send(Outgoing outgoing, net::Forbid forbid, Answered answered) {
  ++in_flight_;
  dispatch(clients_, std::move(outgoing), forbid,
           [this, answered = std::move(answered)](const net::ClientResponse& response) {
             loop_.post([this, answered, response] {
               --in_flight_;
               answered(response);
             });
           });
}

void Sender::send(const Receiver& receiver, net::Forbid forbid, Delivery delivery,
                  std::function<void(Delivery, const net::ClientResponse&)> answered) {
  delivery.terms = receiver.terms();
  for (store::OutboxRow& row : delivery.rows) row.taken_before = taken_.before(row);
  Outgoing outgoing = receiver.prepare(delivery.rows, wall_.now());
  auto sent = std::make_shared<Delivery>(std::move(delivery));
  send(std::move(outgoing), forbid, [sent, answered = std::move(answered)](const net::ClientResponse& response) {
    answered(std::move(*sent), response);
  });
}

Verdict Sender::judge(const Receiver& receiver, unsigned terms, const net::ClientResponse& response,
                      int attempts) const {
  Verdict verdict = receiver.classify(response, attempts, wall_.now());
  if (verdict.kind == Verdict::Kind::delivered && receiver.terms() != terms)
    return {Verdict::Kind::retry, kOnNewTerms, "it was written before the other end's clock was known", false};
  return verdict;
}

}  // namespace crmpulse::collector
