#include "net/server/streamed_body.h"

namespace crmpulse::net {

bool StreamedBody::send(Piece piece) {
  if (over_) return false;
  if (waiting_ + piece->size() > max_waiting_) {
    abandon();
    tell();
    return false;
  }
  waiting_ += piece->size();
  pieces_.push_back(std::move(piece));
  tell();
  return true;
}

void StreamedBody::end() {
  if (std::exchange(over_, true)) return;
  tell();
}

StreamedBody::Piece StreamedBody::take() {
  if (pieces_.empty()) return nullptr;
  Piece piece = std::move(pieces_.front());
  pieces_.pop_front();
  waiting_ -= piece->size();
  return piece;
}

void StreamedBody::abandon() {
  over_ = true;
  pieces_.clear();
  waiting_ = 0;
}

}  // namespace crmpulse::net
