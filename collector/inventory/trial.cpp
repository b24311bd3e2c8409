#include "collector/inventory/trial.h"

#include <algorithm>
#include <utility>

#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "core/time/clock.h"

namespace crmpulse::collector {
namespace {

/// Of an answer that only says "accepted".
constexpr int kMostQuestions = 5;
constexpr Duration kBetweenQuestions{std::chrono::seconds{2}};
/// Whoever sends a test does not wait as long as a message may.
constexpr Duration kLongestWait{std::chrono::seconds{5}};

store::OutboxRow test_row(const std::string& receiver, TimePoint now) {
  store::OutboxRow row;
  row.receiver = receiver;
  row.dedup_key = "test/" + receiver;
  row.id = message_id(now, receiver, row.dedup_key, unix_millis(now));
  row.event = Event::test;
  row.created = now;
  row.body = stored_message(test_message(receiver, now));
  return row;
}

}  // namespace

Trial::Trial(net::Loop& loop, Clients clients, const ReceiverSettings& receiver, Done done)
    : loop_(loop),
      clients_(clients),
      settings_(receiver),
      done_(std::move(done)),
      row_(test_row(receiver.name, wall_now())) {}

void Trial::start() {
  terms_ = way().terms();
  dispatch(way().prepare({&row_, 1}, wall_now()), &Trial::answered);
}

/// The answer comes on a thread of the client: only the loop looks whether this is still there.
void Trial::dispatch(Outgoing outgoing, Step then) {
  collector::dispatch(clients_, std::move(outgoing), settings_.forbid,
                      [weak = weak_from_this(), &loop = loop_, then](const net::ClientResponse& response) {
                        loop.post([weak, then, response] {
                          if (const auto self = weak.lock()) (self.get()->*then)(response);
                        });
                      });
}

void Trial::answered(const net::ClientResponse& response) {
  const Verdict verdict = way().classify(response, ++attempts_, wall_now());
  // What it answered changes how it is told: Alertmanager's clock.
  const bool on_new_terms = attempts_ == 1 && verdict.kind == Verdict::Kind::retry && way().terms() != terms_;
  if (on_new_terms) return later(verdict, &Trial::start);
  if (verdict.kind == Verdict::Kind::delivered) question_ = way().confirm(response);
  if (!question_) return finish(verdict, response);
  ask();
}

void Trial::ask() {
  ++asked_;
  dispatch(*question_, &Trial::confirmed);
}

void Trial::confirmed(const net::ClientResponse& response) {
  const Verdict verdict = way().classify_confirmation(response, asked_, wall_now());
  if (verdict.kind == Verdict::Kind::retry && asked_ < kMostQuestions) return later(verdict, &Trial::ask);
  finish(verdict, response);
}

void Trial::later(const Verdict& verdict, void (Trial::*then)()) {
  const Duration wait = std::min(verdict.after.value_or(kBetweenQuestions), kLongestWait);
  timer_ = loop_.after(wait, [weak = weak_from_this(), then] {
    if (const auto self = weak.lock()) (self.get()->*then)();
  });
}

void Trial::finish(const Verdict& verdict, const net::ClientResponse& response) {
  done_({verdict.kind == Verdict::Kind::delivered, response.status, verdict.why, response.body});
}

}  // namespace crmpulse::collector
