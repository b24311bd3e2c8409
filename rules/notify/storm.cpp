#include "rules/notify/storm.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "rules/notify/notice.h"

namespace crmpulse::rules {

void AlertGrouper::align(const std::vector<ReceiverSpec>& receivers) {
  std::vector<ReceiverGroup> aligned;
  for (const ReceiverSpec& receiver : receivers) {
    const auto known = std::find_if(gates_.begin(), gates_.end(),
                                    [&](const ReceiverGroup& gate) { return gate.receiver == receiver.name; });
    ReceiverGroup& gate = aligned.emplace_back();
    if (known != gates_.end()) gate = std::move(*known);
    gate.receiver = receiver.name;
    if (!receiver.digests) gate.gathers_until = kUnset;
  }
  gates_ = std::move(aligned);
}

Message AlertGrouper::digest(ReceiverGroup& gate, std::vector<Message*> opened, TimePoint now) {
  std::stable_sort(opened.begin(), opened.end(),
                   [](const Message* a, const Message* b) { return a->state > b->state; });
  Message message;
  message.at = now;
  message.receiver = gate.receiver;
  message.subject = "digest/" + gate.receiver;
  message.type = Event::digest;
  message.state = opened.front()->state;
  message.seq = gate.seq = next_seq(gate.seq, now);
  for (Message* one : opened) {
    message.counted.push_back(one->crm);
    if (message.listed.size() < kMostListed)
      message.listed.push_back(std::move(one->status));
    else
      ++message.unlisted;
  }
  return message;
}

void AlertGrouper::rise(std::size_t index, TimePoint now) {
  ReceiverGroup& gate = gates_[index];
  if (!is_set(gate.rises_from) || gate.rises_from < now) gate.rises_from = now + kGather;
}

bool AlertGrouper::fold_rises(ReceiverGroup& gate, const NotificationPolicy& settings, TimePoint now,
                              std::vector<Message>& messages, std::vector<Message>& digests) {
  std::vector<Message*> risen;
  for (Message& message : messages) {
    if (message.type == Event::escalated && message.receiver == gate.receiver) risen.push_back(&message);
  }
  if (risen.empty()) return false;
  std::erase_if(gate.rises, [&](TimePoint at) { return at <= now - settings.digest_window; });
  if (gate.rises.size() + risen.size() <= static_cast<std::size_t>(settings.digest_opens)) {
    gate.rises.insert(gate.rises.end(), risen.size(), now);
    return true;
  }
  digests.push_back(digest(gate, risen, now));
  digests.back().reason = "worse";
  gate.rises.clear();
  for (Message* one : risen) one->receiver.clear();
  return true;
}

bool AlertGrouper::fold(const std::vector<ReceiverSpec>& receivers, const NotificationPolicy& settings, TimePoint now,
                        std::vector<Message>& messages) {
  std::vector<Message> digests;
  bool counted = false;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    if (!receivers[i].digests) continue;
    ReceiverGroup& gate = gates_[i];
    counted = fold_rises(gate, settings, now, messages, digests) || counted;
    std::vector<Message*> opened;
    for (Message& message : messages) {
      if (message.type == Event::opened && message.receiver == gate.receiver) opened.push_back(&message);
    }
    if (opened.empty()) continue;
    counted = true;
    std::erase_if(gate.opens, [&](TimePoint at) { return at <= now - settings.digest_window; });
    if (gate.opens.size() + opened.size() <= static_cast<std::size_t>(settings.digest_opens)) {
      gate.opens.insert(gate.opens.end(), opened.size(), now);
      continue;
    }
    digests.push_back(digest(gate, opened, now));
    gate.opens.clear();
    gate.gathers_until = now + settings.digest_window;
    for (Message* one : opened) one->receiver.clear();  // it went into the digest
  }
  std::erase_if(messages, [](const Message& message) { return message.receiver.empty(); });
  std::move(digests.begin(), digests.end(), std::back_inserter(messages));
  return counted;
}

void AlertGrouper::shift(Duration by) {
  for (ReceiverGroup& gate : gates_) {
    for (TimePoint& at : gate.opens) at = shifted(at, by);
    for (TimePoint& at : gate.rises) at = shifted(at, by);
    gate.gathers_until = shifted(gate.gathers_until, by);
    gate.rises_from = shifted(gate.rises_from, by);
  }
}

}  // namespace crmpulse::rules
