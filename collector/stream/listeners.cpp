#include "collector/stream/listeners.h"

#include <algorithm>
#include <utility>

#include "core/loop_thread.h"
#include "net/server/gzip.h"

namespace crmpulse::collector {

void Listeners::add(Client client) {
  clients_.push_back({std::move(client), pieces_});
}

void Listeners::tell(std::string piece, Admits admits) {
  CRMPULSE_ON_LOOP(loop_);
  waiting_.push_back({pieces_++, std::make_shared<const std::string>(std::move(piece)), nullptr, std::move(admits)});
  if (!busy_ || waiting_.size() > kMostWaiting) write_some();
}

void Listeners::end() {
  again_.cancel();
  busy_ = false;
  for (const Member& member : clients_) member.client.body->end();
  clients_.clear();
  waiting_.clear();
  next_ = 0;
}

void Listeners::write_some() {
  std::size_t written = 0;
  while (!waiting_.empty()) {
    Piece& piece = waiting_.front();
    const bool late = waiting_.size() > kMostWaiting;
    while (next_ < clients_.size() && (late || written < kAtOnce)) {
      Member& member = clients_[next_++];
      if (piece.number < member.from) continue;
      write(member, piece);
      ++written;
    }
    if (next_ < clients_.size()) break;
    waiting_.pop_front();
    next_ = 0;
    std::erase_if(clients_, [](const Member& member) { return member.client.body->over(); });
  }
  busy_ = !waiting_.empty();
  if (busy_) again_ = loop_.after(kBreath, [this] { write_some(); });
}

void Listeners::write(Member& member, Piece& piece) {
  if (piece.admits && !piece.admits(member.client.caller)) return member.client.body->end();
  if (member.client.gzip && !piece.packed)
    piece.packed = std::make_shared<const std::string>(net::gzip_stream_piece(*piece.plain));
  if (!member.client.body->send(member.client.gzip ? piece.packed : piece.plain)) dropped_ += 1;
}

}  // namespace crmpulse::collector
