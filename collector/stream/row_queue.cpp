#include "collector/stream/row_queue.h"

#include <utility>

namespace crmpulse::collector {

void RowQueue::add(const std::string& crm) {
  if (waiting_.insert(crm).second) in_turn_.push_back(crm);
}

void RowQueue::add_first(const std::string& crm) {
  waiting_.insert(crm);
  first_.push_back(crm);
}

std::optional<std::string> RowQueue::next() {
  auto crm = take(first_);
  return crm ? crm : take(in_turn_);
}

std::optional<std::string> RowQueue::take(std::deque<std::string>& queue) {
  while (!queue.empty()) {
    std::string crm = std::move(queue.front());
    queue.pop_front();
    if (waiting_.erase(crm) > 0) return crm;
  }
  return std::nullopt;
}

void RowQueue::clear() {
  waiting_.clear();
  first_.clear();
  in_turn_.clear();
}

}  // namespace crmpulse::collector
