// What became of an attempt: told, to be tried again, or dead.

#include <algorithm>
#include <iterator>

#include "collector/delivery/notifier.h"
#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "core/failure/failure.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kHalfOpen{std::chrono::seconds{30}};
constexpr std::size_t kMaxError = 200;
constexpr Duration kOnNewTerms{std::chrono::seconds{1}};
constexpr int kGone = 410;
/// An answer that says "accepted" is followed up about a minute; then the message is sent again.
constexpr int kMostQuestions = 6;
constexpr Duration kFirstQuestion{std::chrono::seconds{2}};

}  // namespace

void Notifier::deliver(Worker& worker, Delivery parcel) {
  // A row that was answered 410 before comes again only when somebody asked for it by hand: then it is tried.
  const bool by_hand = std::all_of(parcel.rows.begin(), parcel.rows.end(),
                                   [](const store::OutboxRow& row) { return row.last_code == kGone; });
  if (worker.gone && !by_hand) {
    for (store::OutboxRow& row : parcel.rows) row.last_code = kGone;
    return finish(worker, std::move(parcel), {Verdict::Kind::dead, {}, "the endpoint said 410 before", true});
  }
  ++worker.in_flight;
  ++in_flight_;
  if (worker.budget) worker.budget->take(clocks_.engine.now());
  parcel.terms = worker.receiver->terms();
  Outgoing outgoing = worker.receiver->prepare(parcel.rows, clocks_.wall.now());
  auto sent = std::make_shared<Delivery>(std::move(parcel));
  dispatch(clients_, std::move(outgoing), worker.forbid, [this, sent](const net::ClientResponse& response) {
    loop_.post([this, sent, response] { answered(std::move(*sent), response); });
  });
}

Verdict Notifier::judge(const Receiver& receiver, unsigned terms, const net::ClientResponse& response,
                        int attempts) const {
  Verdict verdict = receiver.classify(response, attempts, clocks_.wall.now());
  if (verdict.kind == Verdict::Kind::delivered && receiver.terms() != terms)
    return {Verdict::Kind::retry, kOnNewTerms, "it was written before the other end's clock was known", false};
  return verdict;
}

void Notifier::answered(Delivery parcel, const net::ClientResponse& response) {
  --in_flight_;
  const auto found = workers_.find(parcel.receiver);
  if (found == workers_.end()) return give_up(std::move(parcel.rows));
  Worker& worker = found->second;
  worker.in_flight = std::max(0, worker.in_flight - 1);
  int attempts = 0;
  for (store::OutboxRow& row : parcel.rows) {
    attempts = std::max(attempts, ++row.attempts);
    row.last_code = response.status;
  }
  const Verdict verdict = judge(*worker.receiver, parcel.terms, response, attempts);
  if (verdict.kind == Verdict::Kind::delivered) {
    if (auto question = worker.receiver->confirm(response)) {
      return ask({std::move(parcel), std::move(*question), 0, {}});
    }
  }
  finish(worker, std::move(parcel), verdict);
}

void Notifier::ask(ConfirmationPoll question) {
  const auto found = workers_.find(question.parcel.receiver);
  if (found == workers_.end()) return give_up(std::move(question.parcel.rows));
  ++in_flight_;
  auto asked = std::make_shared<ConfirmationPoll>(std::move(question));
  dispatch(clients_, asked->request, found->second.forbid, [this, asked](const net::ClientResponse& response) {
    loop_.post([this, asked, response] { question_answered(std::move(*asked), response); });
  });
}

void Notifier::question_answered(ConfirmationPoll question, const net::ClientResponse& response) {
  --in_flight_;
  const auto found = workers_.find(question.parcel.receiver);
  if (found == workers_.end()) return give_up(std::move(question.parcel.rows));
  Worker& worker = found->second;
  ++question.asked;
  Verdict verdict = worker.receiver->classify_confirmation(response, question.asked, clocks_.wall.now());
  if (verdict.kind == Verdict::Kind::retry && question.asked < kMostQuestions) {
    const Duration wait = verdict.after.value_or(kFirstQuestion * (1 << (question.asked - 1)));
    question.due = clocks_.engine.now() + wait;
    questions_.push_back(std::move(question));
    return;
  }
  if (verdict.kind == Verdict::Kind::retry) {
    verdict = {Verdict::Kind::retry, {}, "accepted, but its delivery is not confirmed: " + verdict.why, false};
  }
  finish(worker, std::move(question.parcel), verdict);
}

void Notifier::finish(Worker& worker, Delivery parcel, const Verdict& verdict) {
  const std::string& name = parcel.receiver;
  const TimePoint now = clocks_.engine.now();
  std::vector<store::OutboxRow>& rows = parcel.rows;
  if (verdict.kind == Verdict::Kind::delivered) {
    delivered(name, worker, rows);
    return settle(std::move(rows));
  }
  for (store::OutboxRow& row : rows) row.last_error = one_line(verdict.why, kMaxError);
  worker.gone = worker.gone || verdict.gone;
  if (verdict.kind == Verdict::Kind::dead && rows.size() > 1 && !verdict.gone) {
    // One of them may be what was refused: each goes by itself, and only that one dies.
    for (store::OutboxRow& row : rows) {
      worker.alone.insert(row.id);
      row.not_before = now;
    }
    return put_back(std::move(rows));
  }
  // One wait for all of them, so that they stay together.
  std::optional<Duration> wait;
  for (const store::OutboxRow& row : rows) {
    if (wait || verdict.kind == Verdict::Kind::dead) break;
    wait = plan_.next(row.attempts, now - row.created,
                      verdict.after ? verdict.after : worker.receiver->retry_wait(row.attempts));
  }
  for (store::OutboxRow& row : rows) {
    if (!wait || !plan_.next(row.attempts, now - row.created, wait)) {
      bury(name, row);
      continue;
    }
    row.status = store::DeliveryStatus::pending;
    row.not_before = now + *wait;
    ++stats_[name].retried;
  }
  if (verdict.kind == Verdict::Kind::retry) failed(name, worker, verdict);
  for (const store::OutboxRow& row : rows) {
    if (row.status == store::DeliveryStatus::dead) worker.alone.erase(row.id);
  }
  settle(std::move(rows));
}

void Notifier::delivered(const std::string& name, Worker& worker, std::vector<store::OutboxRow>& rows) {
  ReceiverStats& stats = stats_[name];
  for (store::OutboxRow& row : rows) {
    row.status = store::DeliveryStatus::delivered;
    row.not_before = clocks_.engine.now();
    row.last_error.clear();
    worker.alone.erase(row.id);
    ++stats.delivered;
  }
  if (stats.breaker_open) log::info("receiver answers again", {{"receiver", name}});
  worker.failures = 0;
  worker.gone = false;
  stats.breaker_open = false;
}

void Notifier::failed(const std::string& name, Worker& worker, const Verdict& verdict) {
  const TimePoint now = clocks_.engine.now();
  ++worker.failures;
  if (verdict.after) worker.paused_until = now + *verdict.after;
  if (worker.failures < kBreakerFailures) return;
  worker.paused_until = std::max(worker.paused_until, now + kHalfOpen);
  ReceiverStats& stats = stats_[name];
  if (!stats.breaker_open)
    log::warning("receiver fails; trying every 30 s", {{"receiver", name}, {"why", one_line(verdict.why, kMaxError)}});
  stats.breaker_open = true;
}

void Notifier::bury(const std::string& name, store::OutboxRow& row) {
  row.status = store::DeliveryStatus::dead;
  row.not_before = clocks_.engine.now();
  ++stats_[name].dead;
  log::error("message could not be delivered", {{"receiver", name},
                                                {"event", std::string{row.event.text()}},
                                                {"about", row.dedup_key},
                                                {"why", row.last_error}});
}

void Notifier::settle(std::vector<store::OutboxRow> rows) {
  auto notices = std::make_shared<std::vector<store::OutboxRow>>();
  for (const store::OutboxRow& row : rows) {
    std::vector<store::OutboxRow> more = dead_notices(row);
    std::move(more.begin(), more.end(), std::back_inserter(*notices));
  }
  auto outcome = std::make_shared<std::vector<store::OutboxRow>>(std::move(rows));
  const auto job = [outcome, notices](store::Database& database) -> Result<void> {
    for (const store::OutboxRow& notice : *notices) {
      if (auto done = store::enqueue(database, notice); !done) return done;
    }
    for (const store::OutboxRow& row : *outcome) {
      if (auto done = store::settle(database, row); !done) return done;
    }
    return {};
  };
  const auto keep = [this, outcome] { unsettled_.insert(unsettled_.end(), outcome->begin(), outcome->end()); };
  const auto done = [this, outcome, notices, keep](const Result<void>& result) {
    loop_.post([this, outcome, notices, keep, good = result.has_value()] {
      if (!good) return keep();
      wake(*notices);
      settled(*outcome);
    });
  };
  if (!writer_.submit(job, done)) keep();
}

void Notifier::settled(const std::vector<store::OutboxRow>& rows) {
  const TimePoint now = clocks_.engine.now();
  for (const store::OutboxRow& row : rows) {
    const auto found = workers_.find(row.receiver);
    if (found == workers_.end()) continue;
    Worker& worker = found->second;
    const bool again = row.status == store::DeliveryStatus::pending;
    if (again) worker.retry_at = worker.retry_at > now ? std::min(worker.retry_at, row.not_before) : row.not_before;
    // What became of this row may free the next one of its subject.
    worker.next_poll = now;
  }
  for (const store::OutboxRow& row : rows) {
    if (const auto found = workers_.find(row.receiver); found != workers_.end()) poll(found->first, found->second);
  }
}

/// Over the other receivers: somebody must hear that somebody was not told.
std::vector<store::OutboxRow> Notifier::dead_notices(const store::OutboxRow& row) const {
  std::vector<store::OutboxRow> notices;
  // A lost heartbeat is what the dead-man's switch is there to notice.
  const bool told = row.event == Event::delivery_dead || row.event == Event::heartbeat;
  if (row.status != store::DeliveryStatus::dead || told) return notices;
  const TimePoint now = clocks_.engine.now();
  for (const auto& [name, worker] : workers_) {
    if (name == row.receiver || worker.gone || worker.heartbeat) continue;
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

}  // namespace crmpulse::collector
