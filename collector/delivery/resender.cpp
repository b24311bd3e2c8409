#include "collector/delivery/resender.h"

#include <utility>
#include <vector>

namespace crmpulse::collector {

void Resender::reconfigure() {
  std::erase_if(feeds_, [this](const auto& entry) {
    const ReceiverQueue* queue = find(queues_, entry.first);
    return queue == nullptr || !queue->repeats();
  });
  for (const auto& [name, queue] : queues_) {
    if (queue.repeats() && !feeds_.contains(name)) start(name);
  }
}

/// The outbox knows what such a receiver was told before the start.
void Resender::start(const std::string& receiver) {
  feeds_[receiver];
  sender_.forget(receiver);
  const bool queued = outbox_.told(receiver, [this, receiver](const Outbox::Told& told) {
    sender_.taken(receiver, told.delivered);
    for (const store::OutboxRow& row : told.newest) learn(row);
    if (const auto feed = feeds_.find(receiver); feed != feeds_.end()) feed->second.schedule.hurry();
  });
  if (!queued) feeds_.erase(receiver);  // the next tick tries again
}

void Resender::learn(const store::OutboxRow& row) {
  if (const auto feed = feeds_.find(row.receiver); feed != feeds_.end()) feed->second.schedule.learn(row);
}

void Resender::tick() {
  reconfigure();
  for (auto& [name, feed] : feeds_) {
    const ReceiverQueue& queue = queues_.at(name);
    if (!feed.sending) send(queue, feed, *queue.repeats());
  }
}

void Resender::send(const ReceiverQueue& queue, Feed& feed, Duration interval) {
  const Receiver& receiver = *queue.receiver();
  for (OutboxRows& rows : feed.schedule.due(clock_.now(), interval, receiver.batch())) {
    feed.sending = true;
    sender_.send(
        receiver, queue.forbid(), {queue.name(), std::move(rows)},
        [this](const Delivery& delivery, const net::ClientResponse& response) { answered(delivery, response); });
  }
}

/// What was told this way need not be sent again by the outbox.
void Resender::answered(const Delivery& delivery, const net::ClientResponse& response) {
  ReceiverQueue* queue = find(queues_, delivery.receiver);
  if (queue == nullptr) return;
  const Verdict verdict = sender_.judge(*queue->receiver(), delivery.terms, response, 1);
  if (const auto feed = feeds_.find(delivery.receiver); feed != feeds_.end()) {
    feed->second.sending = false;
    // Its clock turned out to be another one: said again on its terms at the next tick.
    if (verdict.kind == Verdict::Kind::retry && response.status == 200) feed->second.schedule.hurry();
  }
  if (verdict.kind != Verdict::Kind::delivered) return;
  queue->resent();
  sender_.taken(delivery.receiver, delivery.rows);
  std::vector<std::string> ids;
  for (const store::OutboxRow& row : delivery.rows) ids.push_back(row.id);
  outbox_.mark_told(delivery.receiver, std::move(ids));
}

void Resender::clock_stepped(Duration by) {
  for (auto& [name, feed] : feeds_) feed.schedule.shift(by);
}

}  // namespace crmpulse::collector
