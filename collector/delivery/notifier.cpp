#include "collector/delivery/notifier.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr int kParallel = 4;  ///< requests to one receiver at a time, each of other subjects
constexpr Duration kPollAnyway{std::chrono::seconds{5}};
constexpr Duration kCountEvery{std::chrono::seconds{15}};
constexpr Duration kUnstoredAgain{std::chrono::seconds{30}};
/// Rows in one message of a receiver that is short of budget; what is over waits for the next.
constexpr std::size_t kMostGathered = 50;
constexpr std::size_t kMostUnstored = 10'000;

}  // namespace

Notifier::Notifier(net::Loop& loop, store::Writer& writer, Clocks clocks, Clients clients,
                   const std::shared_ptr<const Configuration>& configuration)
    : loop_(loop), writer_(writer), clocks_(clocks), clients_(clients) {
  reconfigure(configuration);
}

void Notifier::reconfigure(const std::shared_ptr<const Configuration>& configuration) {
  const TimePoint now = clocks_.engine.now();
  std::map<std::string, Worker> workers;
  for (const ReceiverSettings& settings : configuration->settings.receivers) {
    Worker& worker = workers[settings.name];
    if (const auto known = workers_.find(settings.name); known != workers_.end()) worker = std::move(known->second);
    worker.receiver = settings.receiver;
    worker.forbid = settings.forbid;
    worker.heartbeat = settings.heartbeat;
    worker.gone = false;
    worker.failures = 0;
    worker.paused_until = worker.next_poll = {};
    const std::optional<Budget> budget = worker.receiver->budget();
    if (!budget) worker.budget.reset();
    if (budget && !(worker.budget && worker.budget->same(*budget))) worker.budget.emplace(*budget, now);
    stats_[settings.name].breaker_open = false;
  }
  const bool fewer =
      std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) { return !workers.contains(entry.first); });
  workers_ = std::move(workers);
  for (auto& [name, worker] : workers_) start_feed(name, worker);
  // At once: put back a moment later it must not hear what waited before.
  if (fewer) abandon_orphans();
}

/// The outbox knows what such a receiver was told before the start.
void Notifier::start_feed(const std::string& name, Worker& worker) {
  if (!worker.receiver->repeats() || worker.heartbeat) return worker.feed.reset();
  if (worker.feed) return;
  worker.feed.emplace();
  auto rows = std::make_shared<std::vector<store::OutboxRow>>();
  const bool queued = writer_.submit(
      [rows, name](store::Database& database) -> Result<void> {
        auto newest = store::newest_messages(database, name);
        if (!newest) return newest.error();
        *rows = std::move(*newest);
        return {};
      },
      [this, rows, name](const Result<void>& result) {
        if (!result) return;
        loop_.post([this, rows, name] {
          const auto found = workers_.find(name);
          if (found == workers_.end() || !found->second.feed) return;
          for (const store::OutboxRow& row : *rows) found->second.feed->learn(row);
          found->second.feed->hurry();
        });
      });
  if (!queued) worker.feed.reset();  // the next tick tries again
}

void Notifier::resend(const std::string& name, Worker& worker) {
  const std::optional<Duration> every = worker.receiver->repeats();
  if (!every || worker.heartbeat) return;
  if (!worker.feed) return start_feed(name, worker);
  if (stopping_ || worker.feed_sending) return;
  for (std::vector<store::OutboxRow>& rows : worker.feed->due(clocks_.engine.now(), *every, worker.receiver->batch())) {
    worker.feed_sending = true;
    ++in_flight_;
    auto said = std::make_shared<Delivery>(Delivery{name, std::move(rows), worker.receiver->terms()});
    dispatch(clients_, worker.receiver->prepare(said->rows, clocks_.wall.now()), worker.forbid,
             [this, said](const net::ClientResponse& response) {
               loop_.post([this, said, response] { resent(*said, response); });
             });
  }
}

/// What was told this way need not be sent again by the outbox.
void Notifier::resent(const Delivery& said, const net::ClientResponse& answer) {
  const std::string& name = said.receiver;
  --in_flight_;
  const auto found = workers_.find(name);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  worker.feed_sending = false;
  const Verdict verdict = judge(*worker.receiver, said.terms, answer, 1);
  // Its clock turned out to be another one: said again on its terms at the next tick.
  if (verdict.kind == Verdict::Kind::retry && answer.status == 200 && worker.feed) worker.feed->hurry();
  if (verdict.kind != Verdict::Kind::delivered) return;
  worker.failures = 0;
  worker.paused_until = {};
  stats_[name].breaker_open = false;
  std::vector<std::string> ids;
  for (const store::OutboxRow& row : said.rows) ids.push_back(row.id);
  const bool queued = writer_.submit(
      [name, ids = std::move(ids)](store::Database& database) -> Result<void> {
        if (auto kept = store::keep_newest(database, name); !kept) return kept;
        return store::mark_delivered(database, ids);
      },
      [](const Result<void>&) {});
  if (!queued) log::debug("cannot record what was sent again: the queue is full", {{"receiver", name}});
}

void Notifier::wake(const std::vector<store::OutboxRow>& rows) {
  for (const store::OutboxRow& row : rows) {
    const auto found = workers_.find(row.receiver);
    if (found == workers_.end()) continue;
    Worker& worker = found->second;
    if (worker.feed) worker.feed->learn(row);
    worker.next_poll = clocks_.engine.now();
    poll(found->first, worker);
  }
}

void Notifier::tick() {
  const TimePoint now = clocks_.engine.now();
  for (store::OutboxRow& row : std::exchange(unsettled_, {})) settle({std::move(row)});
  std::vector<ConfirmationPoll> waiting;
  for (ConfirmationPoll& question : std::exchange(questions_, {})) {
    if (question.due <= now && !stopping_) {
      ask(std::move(question));
    } else {
      waiting.push_back(std::move(question));
    }
  }
  std::move(waiting.begin(), waiting.end(), std::back_inserter(questions_));
  for (auto& [name, worker] : workers_) {
    resend(name, worker);
    poll(name, worker);
  }
  if (now - last_count_ >= kCountEvery) count_outbox();
}

void Notifier::poll(const std::string& name, Worker& worker) {
  const TimePoint now = clocks_.engine.now();
  const bool half_open = worker.failures >= kBreakerFailures;
  int requests = (half_open ? 1 : kParallel) - worker.in_flight;
  if (stopping_ || worker.leasing || requests <= 0 || now < worker.next_poll || now < worker.paused_until) return;
  auto limit = static_cast<std::size_t>(requests) * worker.receiver->batch();
  if (worker.budget) {
    const int room = worker.budget->room(now);
    if (room == 0) {
      worker.next_poll = worker.budget->next(now);
      return;
    }
    // The last requests for a while: everything that is due goes with them.
    if (room <= requests) limit = kMostGathered;
    requests = std::min(requests, room);
  }
  auto rows = std::make_shared<std::vector<store::OutboxRow>>();
  const LeaseRequest wanted{name, static_cast<int>(limit), worker.heartbeat || worker.receiver->repeats().has_value()};
  const auto job = [rows, wanted, now](store::Database& database) -> Result<void> {
    auto taken = lease_due(database, wanted, now);
    if (!taken) return taken.error();
    *rows = std::move(*taken);
    return {};
  };
  const auto done = [this, rows, name, requests](const Result<void>& result) {
    loop_.post([this, rows, name, requests, good = result.has_value()] {
      leased(name, good ? std::move(*rows) : std::vector<store::OutboxRow>{}, requests);
    });
  };
  worker.leasing = writer_.submit(job, done);
  worker.next_poll = now + kPollAnyway;
  if (worker.retry_at > now) worker.next_poll = std::min(worker.next_poll, worker.retry_at);
}

void Notifier::leased(const std::string& name, std::vector<store::OutboxRow> rows, int requests) {
  const auto found = workers_.find(name);
  if (stopping_) return put_back(std::move(rows));
  if (found == workers_.end()) return give_up(std::move(rows));
  Worker& worker = found->second;
  worker.leasing = false;
  std::vector<store::OutboxRow> known;
  std::vector<store::OutboxRow> left;
  for (store::OutboxRow& row : rows) (told_unstored(row) ? known : left).push_back(std::move(row));
  if (!known.empty()) {
    delivered(name, worker, known);
    settle(std::move(known));
  }
  std::vector<Delivery> parcels = pack(name, worker, std::move(left), requests);
  for (std::size_t i = 0; i < parcels.size(); ++i) {
    if (i < static_cast<std::size_t>(requests)) {
      deliver(worker, std::move(parcels[i]));
    } else {
      put_back(std::move(parcels[i].rows));
    }
  }
}

/// One row a request; more in the last when there are more rows than requests, or as many as the receiver takes.
std::vector<Notifier::Delivery> Notifier::pack(const std::string& name, const Worker& worker,
                                               std::vector<store::OutboxRow> rows, int requests) {
  std::vector<Delivery> parcels;
  std::vector<store::OutboxRow> company;
  for (store::OutboxRow& row : rows) {
    if (worker.alone.contains(row.id)) {
      parcels.push_back({name, {std::move(row)}});
    } else {
      company.push_back(std::move(row));
    }
  }
  const std::size_t batch = std::max(worker.receiver->batch(), std::size_t{1});
  for (store::OutboxRow& row : company) {
    const bool last = worker.budget && static_cast<int>(parcels.size()) >= requests;
    const bool joins = !parcels.empty() && !worker.alone.contains(parcels.back().rows.front().id) &&
                       (last || parcels.back().rows.size() < batch);
    if (!joins) parcels.push_back({name, {}});
    parcels.back().rows.push_back(std::move(row));
  }
  return parcels;
}

void Notifier::put_back(std::vector<store::OutboxRow> rows) {
  if (rows.empty()) return;
  for (store::OutboxRow& row : rows) row.status = store::DeliveryStatus::pending;
  settle(std::move(rows));
}

void Notifier::give_up(std::vector<store::OutboxRow> rows) {
  if (rows.empty()) return;
  for (store::OutboxRow& row : rows) {
    row.status = store::DeliveryStatus::abandoned;
    row.last_error = "its receiver is not configured any more";
    ++stats_[row.receiver].abandoned;
  }
  settle(std::move(rows));
}

void Notifier::send_unstored(const std::vector<store::OutboxRow>& rows) {
  std::set<std::pair<std::string, std::string>> behind;  // queues whose older message is not told yet
  for (const store::OutboxRow& row : rows) {
    const auto found = workers_.find(row.receiver);
    if (found == workers_.end() || stopping_ || behind.contains({row.receiver, row.dedup_key})) continue;
    Worker& worker = found->second;
    if (worker.feed) worker.feed->learn(row);
    if (!unstored_.contains(row.id) && unstored_.size() >= kMostUnstored) continue;
    Unstored& attempt = unstored_[row.id];
    if (attempt.told) continue;
    behind.insert({row.receiver, row.dedup_key});
    if (!attempt.sending) send_unstored(worker, row, attempt);
  }
}

void Notifier::send_unstored(Worker& worker, const store::OutboxRow& row, Unstored& attempt) {
  const TimePoint now = clocks_.engine.now();
  if (now < attempt.again || now < worker.paused_until || worker.gone) return;
  if (worker.budget && worker.budget->room(now) == 0) return;
  if (worker.budget) worker.budget->take(now);
  attempt.sending = true;
  attempt.again = now + kUnstoredAgain;
  ++attempt.attempts;
  ++in_flight_;
  const std::string id = row.id;
  const std::shared_ptr<const Receiver> receiver = worker.receiver;
  const unsigned terms = receiver->terms();
  dispatch(clients_, receiver->prepare({&row, 1}, clocks_.wall.now()), worker.forbid,
           [this, id, receiver, terms](const net::ClientResponse& response) {
             loop_.post([this, id, receiver, terms, response] {
               --in_flight_;
               const auto known = unstored_.find(id);
               if (known == unstored_.end()) return;
               known->second.sending = false;
               const Verdict verdict = judge(*receiver, terms, response, known->second.attempts);
               known->second.told = verdict.kind == Verdict::Kind::delivered;
             });
           });
}

/// It is in the outbox now, after it went out without it.
bool Notifier::told_unstored(const store::OutboxRow& row) {
  const auto found = unstored_.find(row.id);
  if (found == unstored_.end()) return false;
  const bool told = found->second.told;
  unstored_.erase(found);
  return told;
}

void Notifier::clock_stepped(Duration by) {
  for (auto& [name, worker] : workers_) {
    worker.next_poll = worker.retry_at = {};
    if (worker.paused_until != TimePoint{}) worker.paused_until += by;
    if (worker.budget) worker.budget->shift(by);
    if (worker.feed) worker.feed->shift(by);
  }
  for (ConfirmationPoll& question : questions_) question.due += by;
  for (auto& [id, attempt] : unstored_) attempt.again += by;
  for (store::OutboxRow& row : unsettled_) {
    row.created += by;
    row.not_before += by;
  }
  last_count_ = {};
}

void Notifier::abandon_orphans() {
  std::vector<std::string> configured;
  for (const auto& [name, worker] : workers_) configured.push_back(name);
  auto gone = std::make_shared<std::map<std::string, std::int64_t>>();
  const bool queued = writer_.submit(
      [gone, configured = std::move(configured)](store::Database& database) -> Result<void> {
        auto abandoned = store::abandon(database, configured);
        if (!abandoned) return abandoned.error();
        *gone = std::move(*abandoned);
        return {};
      },
      [this, gone](const Result<void>& result) {
        if (!result || gone->empty()) return;
        loop_.post([this, gone] {
          for (const auto& [receiver, rows] : *gone) {
            stats_[receiver].abandoned += static_cast<std::uint64_t>(rows);
            log::warning("messages are abandoned: their receiver is not configured any more",
                         {{"receiver", receiver}, {"messages", std::to_string(rows)}});
          }
        });
      });
  if (!queued) log::debug("no room to abandon messages now");
}

void Notifier::count_outbox() {
  last_count_ = clocks_.engine.now();
  abandon_orphans();
  auto counts = std::make_shared<store::OutboxCounts>();
  const bool queued = writer_.submit(
      [counts](store::Database& database) -> Result<void> {
        auto counted = store::count_outbox(database);
        if (!counted) return counted.error();
        *counts = *counted;
        return {};
      },
      [this, counts](const Result<void>& result) {
        if (result) loop_.post([this, counts] { outbox_ = *counts; });
      });
  if (!queued) log::debug("no room to count the outbox now");
}

}  // namespace crmpulse::collector
