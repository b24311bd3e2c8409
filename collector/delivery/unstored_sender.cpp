#include "collector/delivery/unstored_sender.h"

#include <set>
#include <utility>

namespace crmpulse::collector {
namespace {

constexpr Duration kUnstoredAgain{std::chrono::seconds{30}};
constexpr std::size_t kMostUnstored = 10'000;

}  // namespace

void UnstoredSender::send(const OutboxRows& rows) {
  std::set<std::pair<std::string, std::string>> behind;  // queues whose older message is not told yet
  for (const store::OutboxRow& row : rows) {
    ReceiverQueue* queue = find(queues_, row.receiver);
    if (queue == nullptr || behind.contains({row.receiver, row.dedup_key})) continue;
    resender_.learn(row);
    if (!unstored_.contains(row.id) && unstored_.size() >= kMostUnstored) continue;
    Unstored& attempt = unstored_[row.id];
    if (attempt.told) continue;
    behind.insert({row.receiver, row.dedup_key});
    if (!attempt.sending) send(*queue, row, attempt);
  }
}

void UnstoredSender::send(ReceiverQueue& queue, const store::OutboxRow& row, Unstored& attempt) {
  const TimePoint now = clock_.now();
  if (now < attempt.again || !queue.take_unstored(now)) return;
  attempt.sending = true;
  attempt.again = now + kUnstoredAgain;
  ++attempt.attempts;
  sender_.send(*queue.receiver(), queue.forbid(), {row.receiver, {row}},
               [this, receiver = queue.receiver()](const Delivery& delivery, const net::ClientResponse& response) {
                 const auto known = unstored_.find(delivery.rows.front().id);
                 if (known == unstored_.end()) return;
                 known->second.sending = false;
                 const Verdict verdict = sender_.judge(*receiver, delivery.terms, response, known->second.attempts);
                 known->second.told = verdict.kind == Verdict::Kind::delivered;
                 if (known->second.told && receiver->repeats()) sender_.taken(delivery.receiver, delivery.rows);
               });
}

bool UnstoredSender::told(const store::OutboxRow& row) {
  const auto found = unstored_.find(row.id);
  if (found == unstored_.end()) return false;
  const bool told = found->second.told;
  unstored_.erase(found);
  return told;
}

void UnstoredSender::clock_stepped(Duration by) {
  for (auto& [id, attempt] : unstored_) attempt.again += by;
}

}  // namespace crmpulse::collector
