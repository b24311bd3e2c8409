#include "collector/delivery/confirmation_poller.h"

#include <memory>
#include <utility>

namespace crmpulse::collector {
namespace {

/// About a minute; then the message is sent again.
constexpr int kMostPolls = 6;
constexpr Duration kFirstWait{std::chrono::seconds{2}};

}  // namespace

void ConfirmationPoller::tick() {
  const TimePoint now = clocks_.engine.now();
  for (ConfirmationPoll& poll : std::exchange(waiting_, {})) {
    if (poll.due <= now) {
      ask(std::move(poll));
    } else {
      waiting_.push_back(std::move(poll));
    }
  }
}

void ConfirmationPoller::ask(ConfirmationPoll poll) {
  const ReceiverQueue* queue = find(queues_, poll.delivery.receiver);
  if (queue == nullptr) return done_(std::move(poll.delivery), {});
  auto asked = std::make_shared<ConfirmationPoll>(std::move(poll));
  sender_.send(asked->request, queue->forbid(),
               [this, asked](const net::ClientResponse& response) { answered(std::move(*asked), response); });
}

void ConfirmationPoller::answered(ConfirmationPoll poll, const net::ClientResponse& response) {
  const ReceiverQueue* queue = find(queues_, poll.delivery.receiver);
  if (queue == nullptr) return done_(std::move(poll.delivery), {});
  ++poll.asked;
  Verdict verdict = queue->receiver()->classify_confirmation(response, poll.asked, clocks_.wall.now());
  if (verdict.kind == Verdict::Kind::retry && poll.asked < kMostPolls) {
    poll.due = clocks_.engine.now() + verdict.after.value_or(kFirstWait * (1 << (poll.asked - 1)));
    waiting_.push_back(std::move(poll));
    return;
  }
  if (verdict.kind == Verdict::Kind::retry)
    verdict = {Verdict::Kind::retry, {}, "accepted, but its delivery is not confirmed: " + verdict.why, false};
  done_(std::move(poll.delivery), verdict);
}

void ConfirmationPoller::clock_stepped(Duration by) {
  for (ConfirmationPoll& poll : waiting_) poll.due += by;
}

}  // namespace crmpulse::collector
