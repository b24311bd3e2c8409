// HttpConnection: how much memory all bodies that arrive and all answers that wait to be taken may have together. What
// is slowest goes first: whoever sends or reads at all is there for a moment only.

#include <algorithm>

#include "net/server/http_connection.h"

namespace crmpulse::net {
namespace {

using Flow = HttpConnection::Flow;

/// Before that nobody is called slow.
constexpr std::chrono::seconds kYoung{1};

/// Of all but `own`; null: nobody is slow.
HttpConnection* slowest(const ServerState& state, Flow flow, const HttpConnection* own) {
  HttpConnection* found = nullptr;
  double least = 0;
  for (HttpConnection* const connection : state.connections) {
    const auto pace = connection == own ? std::nullopt : connection->pace(flow);
    if (!pace || (found != nullptr && *pace >= least)) continue;
    found = connection;
    least = *pace;
  }
  return found;
}

bool drop_slowest(ServerState& state, Flow flow, const HttpConnection* own) {
  HttpConnection* const slow = slowest(state, flow, own);
  if (slow == nullptr) return false;
  state.too_slow += 1;
  slow->give_way();
  return true;
}

}  // namespace

std::optional<double> HttpConnection::pace(Flow flow) const {
  const bool concerned = flow == Flow::arriving ? room_ > 0 : sending_ > 0 || page_ != nullptr;
  if (!concerned || !flowing_since_ || aborted_) return std::nullopt;
  const auto age = std::chrono::steady_clock::now() - *flowing_since_;
  if (age < kYoung) return std::nullopt;
  const std::size_t bytes = flow == Flow::arriving ? room_ : sent_;
  return static_cast<double>(bytes) / std::chrono::duration<double>(age).count();
}

void HttpConnection::give_way() {
  give_room();
  release_answer();
  abort();
}

/// Takes room for what has come of the body so far. Returns false if there is none.
bool HttpConnection::take_room() {
  const std::size_t wanted = std::max(room_, parser_->get().body().capacity());
  server_->arriving += wanted - room_;
  room_ = wanted;
  while (server_->arriving > server_->options.max_arriving_bytes) {
    if (drop_slowest(*server_, Flow::arriving, this)) continue;
    crowded_out_ = true;
    return false;
  }
  return true;
}

void HttpConnection::give_room() {
  server_->arriving -= room_;
  room_ = 0;
}

/// An answer that is larger than all the room there is goes out all the same, when it is the only one.
void HttpConnection::hold_answer(const HttpResponse& response) {
  flowing_since_ = std::chrono::steady_clock::now();
  sent_ = 0;
  page_ = response.shared;
  sending_ = response.body.capacity();
  server_->sending += sending_;
  if (page_ && server_->pages[page_.get()]++ == 0) server_->sending += page_->capacity();
  while (server_->sending > server_->options.max_sending_bytes && drop_slowest(*server_, Flow::sending, this)) {
  }
}

void HttpConnection::release_answer() {
  server_->sending -= std::exchange(sending_, 0);
  if (!page_) return;
  const auto held = server_->pages.find(page_.get());
  if (--held->second == 0) {
    server_->sending -= page_->capacity();
    server_->pages.erase(held);
  }
  page_.reset();
}

}  // namespace crmpulse::net
