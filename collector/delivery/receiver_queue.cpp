#include "collector/delivery/receiver_queue.h"

#include <algorithm>
#include <utility>

#include "core/failure/failure.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr int kParallel = 4;  ///< requests to one receiver at a time, each of other subjects
constexpr int kBreakerFailures = 5;
constexpr Duration kHalfOpen{std::chrono::seconds{30}};
constexpr Duration kPollAnyway{std::chrono::seconds{5}};
/// Rows in one message of a receiver that is short of budget; what is over waits for the next.
constexpr std::size_t kMostGathered = 50;
constexpr std::size_t kMaxError = 200;
constexpr int kGone = 410;

}  // namespace

ReceiverQueue* find(ReceiverQueues& queues, const std::string& receiver) {
  const auto found = queues.find(receiver);
  return found == queues.end() ? nullptr : &found->second;
}

void ReceiverQueue::configure(const ReceiverSettings& settings, TimePoint now) {
  receiver_ = settings.receiver;
  forbid_ = settings.forbid;
  heartbeat_ = settings.heartbeat;
  gone_ = stats_.gone = false;
  failures_ = 0;
  paused_until_ = next_poll_ = {};
  const std::optional<Budget> budget = receiver_->budget();
  if (!budget) budget_.reset();
  if (budget && !(budget_ && budget_->same(*budget))) budget_.emplace(*budget, now);
  stats_.breaker_open = false;
}

std::optional<Duration> ReceiverQueue::repeats() const {
  return heartbeat_ ? std::nullopt : receiver_->repeats();
}

std::optional<ReceiverQueue::Lease> ReceiverQueue::next_lease(TimePoint now) {
  const bool half_open = failures_ >= kBreakerFailures;
  int requests = (half_open ? 1 : kParallel) - in_flight_;
  if (leasing_ || requests <= 0 || now < next_poll_ || now < paused_until_) return std::nullopt;
  auto limit = static_cast<std::size_t>(requests) * receiver_->batch();
  if (budget_) {
    const int room = budget_->room(now);
    if (room == 0) {
      next_poll_ = budget_->next(now);
      return std::nullopt;
    }
    // The last requests for a while: everything that is due goes with them.
    if (room <= requests) limit = kMostGathered;
    requests = std::min(requests, room);
  }
  leasing_ = true;
  next_poll_ = now + kPollAnyway;
  if (retry_at_ > now) next_poll_ = std::min(next_poll_, retry_at_);
  return Lease{{name_, static_cast<int>(limit), heartbeat_ || receiver_->repeats().has_value()}, requests};
}

/// One row a request; more in the last when there are more rows than requests, or as many as the receiver takes.
std::vector<Delivery> ReceiverQueue::pack(OutboxRows rows, int requests) const {
  std::vector<Delivery> deliveries;
  OutboxRows company;
  for (store::OutboxRow& row : rows) {
    if (alone_.contains(row.id)) {
      deliveries.push_back({name_, {std::move(row)}});
    } else {
      company.push_back(std::move(row));
    }
  }
  const std::size_t batch = std::max(receiver_->batch(), std::size_t{1});
  for (store::OutboxRow& row : company) {
    const bool last = budget_ && static_cast<int>(deliveries.size()) >= requests;
    const bool joins = !deliveries.empty() && !alone_.contains(deliveries.back().rows.front().id) &&
                       (last || deliveries.back().rows.size() < batch);
    if (!joins) deliveries.push_back({name_, {}});
    deliveries.back().rows.push_back(std::move(row));
  }
  return deliveries;
}

bool ReceiverQueue::begin(OutboxRows& rows, TimePoint now) {
  // A row that was answered 410 before comes again only when somebody asked for it by hand: then it is tried.
  const auto by_hand = [](const store::OutboxRow& row) { return row.last_code == kGone; };
  if (gone_ && !std::all_of(rows.begin(), rows.end(), by_hand)) {
    for (store::OutboxRow& row : rows) row.last_code = kGone;
    finish(rows, {Verdict::Kind::dead, {}, "the endpoint said 410 before", true}, now);
    return false;
  }
  ++in_flight_;
  if (budget_) budget_->take(now);
  return true;
}

int ReceiverQueue::answered(OutboxRows& rows, int status) {
  // Its request may be older than this queue: taken out and put back.
  in_flight_ = std::max(0, in_flight_ - 1);
  int attempts = 0;
  for (store::OutboxRow& row : rows) {
    attempts = std::max(attempts, ++row.attempts);
    row.last_code = status;
  }
  return attempts;
}

void ReceiverQueue::finish(OutboxRows& rows, const Verdict& verdict, TimePoint now) {
  if (verdict.kind == Verdict::Kind::delivered) return delivered(rows, now);
  for (store::OutboxRow& row : rows) row.last_error = one_line(verdict.why, kMaxError);
  stats_.last_failure = {now, rows.empty() ? 0 : rows.front().last_code, one_line(verdict.why, kMaxError)};
  gone_ = stats_.gone = gone_ || verdict.gone;
  if (verdict.kind == Verdict::Kind::dead && rows.size() > 1 && !verdict.gone) return separate(rows, now);
  // One wait for all of them, so that they stay together.
  std::optional<Duration> wait;
  for (const store::OutboxRow& row : rows) {
    if (wait || verdict.kind == Verdict::Kind::dead) break;
    wait = plan_.next(row.attempts, now - row.created,
                      verdict.after ? verdict.after : receiver_->retry_wait(row.attempts));
  }
  for (store::OutboxRow& row : rows) {
    if (!wait || !plan_.next(row.attempts, now - row.created, wait)) {
      bury(row, now);
      continue;
    }
    row.status = store::DeliveryStatus::pending;
    row.not_before = now + *wait;
    ++stats_.retried;
  }
  if (verdict.kind == Verdict::Kind::retry) failed(verdict, now);
}

void ReceiverQueue::delivered(OutboxRows& rows, TimePoint now) {
  for (store::OutboxRow& row : rows) {
    row.status = store::DeliveryStatus::delivered;
    row.not_before = now;
    row.last_error.clear();
    alone_.erase(row.id);
    ++stats_.delivered;
  }
  if (stats_.breaker_open) log::info("receiver answers again", {{"receiver", name_}});
  stats_.last_delivered = now;
  failures_ = 0;
  gone_ = stats_.gone = false;
  stats_.breaker_open = false;
}

/// One of them may be what was refused: each goes by itself, and only that one dies.
void ReceiverQueue::separate(OutboxRows& rows, TimePoint now) {
  for (store::OutboxRow& row : rows) {
    alone_.insert(row.id);
    row.status = store::DeliveryStatus::pending;
    row.not_before = now;
  }
}

void ReceiverQueue::failed(const Verdict& verdict, TimePoint now) {
  ++failures_;
  if (verdict.after) paused_until_ = now + *verdict.after;
  if (failures_ < kBreakerFailures) return;
  paused_until_ = std::max(paused_until_, now + kHalfOpen);
  if (!stats_.breaker_open)
    log::warning("receiver fails; trying every 30 s", {{"receiver", name_}, {"why", one_line(verdict.why, kMaxError)}});
  stats_.breaker_open = true;
}

void ReceiverQueue::bury(store::OutboxRow& row, TimePoint now) {
  row.status = store::DeliveryStatus::dead;
  row.not_before = now;
  alone_.erase(row.id);
  ++stats_.dead;
  log::error("message could not be delivered", {{"receiver", name_},
                                                {"event", std::string{row.event.text()}},
                                                {"about", row.dedup_key},
                                                {"why", row.last_error}});
}

void ReceiverQueue::settled(const store::OutboxRow& row, TimePoint now) {
  if (row.status == store::DeliveryStatus::pending)
    retry_at_ = retry_at_ > now ? std::min(retry_at_, row.not_before) : row.not_before;
  // What became of this row may free the next one of its subject.
  next_poll_ = now;
}

bool ReceiverQueue::take_unstored(TimePoint now) {
  if (now < paused_until_ || gone_ || (budget_ && budget_->room(now) == 0)) return false;
  if (budget_) budget_->take(now);
  return true;
}

void ReceiverQueue::resent() {
  failures_ = 0;
  paused_until_ = {};
  stats_.breaker_open = false;
}

void ReceiverQueue::clock_stepped(Duration by) {
  next_poll_ = retry_at_ = {};
  if (paused_until_ != TimePoint{}) paused_until_ += by;
  if (budget_) budget_->shift(by);
}

}  // namespace crmpulse::collector
