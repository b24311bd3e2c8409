#include "collector/delivery/notifier.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kCountEvery{std::chrono::seconds{15}};

}  // namespace

Notifier::Notifier(net::Loop& loop, store::Writer& writer, Clocks clocks, Clients clients,
                   const std::shared_ptr<const Configuration>& configuration)
    : clocks_(clocks),
      sender_(loop, clients, clocks.wall),
      outbox_(loop, writer),
      confirmations_(sender_, clocks, queues_,
                     [this](Delivery delivery, const Verdict& verdict) { finish(std::move(delivery), verdict); }),
      resender_(sender_, outbox_, clocks.engine, queues_),
      unstored_(sender_, resender_, clocks.engine, queues_) {
  reconfigure(configuration);
}

void Notifier::reconfigure(const std::shared_ptr<const Configuration>& configuration) {
  const std::vector<ReceiverSettings>& receivers = configuration->settings.receivers;
  const auto removed = std::erase_if(queues_, [&](const auto& entry) {
    return std::none_of(receivers.begin(), receivers.end(),
                        [&](const ReceiverSettings& settings) { return settings.name == entry.first; });
  });
  for (const ReceiverSettings& settings : receivers) {
    const auto queue = queues_.try_emplace(settings.name, settings.name, stats_[settings.name]).first;
    queue->second.configure(settings, clocks_.engine.now());
  }
  resender_.reconfigure();
  // At once: put back a moment later it must not hear what waited before.
  if (removed > 0) abandon_orphans();
}

void Notifier::wake(const OutboxRows& rows) {
  for (const store::OutboxRow& row : rows) {
    ReceiverQueue* queue = find(queues_, row.receiver);
    if (queue == nullptr) continue;
    resender_.learn(row);
    queue->wake(clocks_.engine.now());
    poll(*queue);
  }
}

void Notifier::send_unstored(const OutboxRows& rows) {
  if (!stopping_) unstored_.send(rows);
}

void Notifier::tick() {
  const TimePoint now = clocks_.engine.now();
  for (store::OutboxRow& row : outbox_.take_unsettled()) settle({std::move(row)});
  if (!stopping_) {
    confirmations_.tick();
    resender_.tick();
  }
  for (auto& [name, queue] : queues_) poll(queue);
  if (now - last_count_ < kCountEvery) return;
  last_count_ = now;
  abandon_orphans();
  outbox_.count();
}

void Notifier::poll(ReceiverQueue& queue) {
  if (stopping_) return;
  const TimePoint now = clocks_.engine.now();
  const auto lease = queue.next_lease(now);
  if (!lease) return;
  const bool queued =
      outbox_.lease(lease->request, now, [this, receiver = queue.name(), requests = lease->requests](OutboxRows rows) {
        leased(receiver, std::move(rows), requests);
      });
  if (!queued) queue.leased();
}

void Notifier::leased(const std::string& receiver, OutboxRows rows, int requests) {
  if (stopping_) return put_back(std::move(rows));
  ReceiverQueue* queue = find(queues_, receiver);
  if (queue == nullptr) return give_up(std::move(rows));
  queue->leased();
  OutboxRows told;
  OutboxRows left;
  for (store::OutboxRow& row : rows) (unstored_.told(row) ? told : left).push_back(std::move(row));
  if (!told.empty()) {
    queue->delivered(told, clocks_.engine.now());
    settle(std::move(told));
  }
  for (Delivery& delivery : queue->pack(std::move(left), requests)) {
    if (requests-- > 0) {
      send(*queue, std::move(delivery));
    } else {
      put_back(std::move(delivery.rows));
    }
  }
}

void Notifier::send(ReceiverQueue& queue, Delivery delivery) {
  if (!queue.begin(delivery.rows, clocks_.engine.now())) return settle(std::move(delivery.rows));
  sender_.send(*queue.receiver(), queue.forbid(), std::move(delivery),
               [this](Delivery sent, const net::ClientResponse& response) { answered(std::move(sent), response); });
}

void Notifier::answered(Delivery delivery, const net::ClientResponse& response) {
  ReceiverQueue* queue = find(queues_, delivery.receiver);
  if (queue == nullptr) return give_up(std::move(delivery.rows));
  const Receiver& receiver = *queue->receiver();
  const int attempts = queue->answered(delivery.rows, response.status);
  const Verdict verdict = sender_.judge(receiver, delivery.terms, response, attempts);
  if (verdict.kind == Verdict::Kind::delivered) {
    if (auto request = receiver.confirm(response)) return confirmations_.poll(std::move(delivery), std::move(*request));
  }
  finish(std::move(delivery), verdict);
}

void Notifier::finish(Delivery delivery, const Verdict& verdict) {
  ReceiverQueue* queue = find(queues_, delivery.receiver);
  if (queue == nullptr) return give_up(std::move(delivery.rows));
  queue->finish(delivery.rows, verdict, clocks_.engine.now());
  if (verdict.kind == Verdict::Kind::delivered && queue->repeats()) sender_.taken(delivery.receiver, delivery.rows);
  settle(std::move(delivery.rows));
}

void Notifier::put_back(OutboxRows rows) {
  if (rows.empty()) return;
  for (store::OutboxRow& row : rows) row.status = store::DeliveryStatus::pending;
  settle(std::move(rows));
}

void Notifier::give_up(OutboxRows rows) {
  if (rows.empty()) return;
  for (store::OutboxRow& row : rows) {
    row.status = store::DeliveryStatus::abandoned;
    row.last_error = "its receiver is not configured any more";
    ++stats_[row.receiver].abandoned;
  }
  settle(std::move(rows));
}

void Notifier::settle(OutboxRows rows) {
  OutboxRows notices;
  for (const store::OutboxRow& row : rows) {
    OutboxRows more = dead_notices(row);
    std::move(more.begin(), more.end(), std::back_inserter(notices));
  }
  outbox_.settle(std::move(rows), std::move(notices), [this](const OutboxRows& outcomes, const OutboxRows& added) {
    wake(added);
    settled(outcomes);
  });
}

void Notifier::settled(const OutboxRows& rows) {
  const TimePoint now = clocks_.engine.now();
  for (const store::OutboxRow& row : rows) {
    if (ReceiverQueue* queue = find(queues_, row.receiver)) queue->settled(row, now);
  }
  for (const store::OutboxRow& row : rows) {
    if (ReceiverQueue* queue = find(queues_, row.receiver)) poll(*queue);
  }
}

/// Over the other receivers: somebody must hear that somebody was not told.
OutboxRows Notifier::dead_notices(const store::OutboxRow& row) const {
  OutboxRows notices;
  // A lost heartbeat is what the dead-man's switch is there to notice.
  const bool told = row.event == Event::delivery_dead || row.event == Event::heartbeat;
  if (row.status != store::DeliveryStatus::dead || told) return notices;
  const TimePoint now = clocks_.engine.now();
  for (const auto& [name, queue] : queues_) {
    if (name == row.receiver || !queue.hears_of_others()) continue;
    store::OutboxRow notice;
    notice.receiver = name;
    notice.dedup_key = "delivery/" + row.id;
    notice.seq = 1;
    notice.id = message_id(row.created, name, notice.dedup_key, notice.seq);
    notice.event = Event::delivery_dead;
    notice.body = stored_message(undelivered_message(row, now));
    notice.created = notice.not_before = now;
    notices.push_back(std::move(notice));
  }
  return notices;
}

void Notifier::clock_stepped(Duration by) {
  for (auto& [name, queue] : queues_) queue.clock_stepped(by);
  outbox_.clock_stepped(by);
  confirmations_.clock_stepped(by);
  resender_.clock_stepped(by);
  unstored_.clock_stepped(by);
  last_count_ = {};
}

void Notifier::abandon_orphans() {
  std::vector<std::string> configured;
  for (const auto& [name, queue] : queues_) configured.push_back(name);
  outbox_.keep_only(std::move(configured), [this](const std::map<std::string, std::int64_t>& abandoned) {
    for (const auto& [receiver, rows] : abandoned) {
      stats_[receiver].abandoned += static_cast<std::uint64_t>(rows);
      log::warning("messages are abandoned: their receiver is not configured any more",
                   {{"receiver", receiver}, {"messages", std::to_string(rows)}});
    }
  });
}

}  // namespace crmpulse::collector
