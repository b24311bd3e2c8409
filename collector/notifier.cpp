#include "collector/notifier.h"

#include <algorithm>

#include "collector/render.h"
#include "core/failure.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr int kParallel = 4;  ///< requests to one receiver at a time, each of another CRM
constexpr int kBreakerFailures = 5;
constexpr Duration kHalfOpen{std::chrono::seconds{30}};
constexpr Duration kPollAnyway{std::chrono::seconds{5}};
constexpr Duration kLease{std::chrono::minutes{10}};
constexpr Duration kCountEvery{std::chrono::seconds{15}};
constexpr Duration kTooLate{std::chrono::hours{2}};
constexpr std::size_t kMaxError = 200;

bool rises(const store::OutboxRow& row) {
  return row.event == "incident.opened" || row.event == "incident.escalated";
}

/// Bad news that is two hours old is not sent when something newer about the same CRM waits behind it.
Result<bool> supersede_if_late(store::Database& database, store::OutboxRow& row, TimePoint now) {
  if (!rises(row) || now - row.created < kTooLate) return false;
  auto waiting = store::list_outbox(database, store::DeliveryStatus::pending, 1000);
  if (!waiting) return waiting.error();
  const bool newer = std::any_of(waiting->begin(), waiting->end(), [&](const store::OutboxRow& other) {
    return other.receiver == row.receiver && other.dedup_key == row.dedup_key && other.seq > row.seq;
  });
  if (!newer) return false;
  row.status = store::DeliveryStatus::superseded;
  if (auto settled = store::settle(database, row); !settled) return settled.error();
  return true;
}

Result<std::vector<store::OutboxRow>> lease_rows(store::Database& database, const std::string& receiver, TimePoint now,
                                                 int limit) {
  auto rows = store::lease(database, receiver, now, now + kLease, limit);
  if (!rows) return rows.error();
  std::vector<store::OutboxRow> due;
  for (store::OutboxRow& row : *rows) {
    auto late = supersede_if_late(database, row, now);
    if (!late) return late.error();
    if (!*late) due.push_back(std::move(row));
  }
  return due;
}

}  // namespace

Notifier::Notifier(net::Loop& loop, store::Writer& writer, Clocks clocks, net::HttpClient& client,
                   const std::shared_ptr<const Configuration>& configuration)
    : loop_(loop), writer_(writer), clocks_(clocks), client_(client) {
  reconfigure(configuration);
}

void Notifier::reconfigure(const std::shared_ptr<const Configuration>& configuration) {
  std::map<std::string, Worker> workers;
  for (const auto& [name, receiver] : configuration->receivers) {
    Worker& worker = workers[name];
    if (const auto known = workers_.find(name); known != workers_.end()) worker = known->second;
    worker.receiver = receiver;
    worker.gone = false;
    worker.failures = 0;
    worker.paused_until = worker.next_poll = {};
    stats_[name].breaker_open = false;
  }
  workers_ = std::move(workers);
}

void Notifier::wake(const std::vector<store::OutboxRow>& rows) {
  for (const store::OutboxRow& row : rows) {
    const auto worker = workers_.find(row.receiver);
    if (worker == workers_.end()) continue;
    worker->second.next_poll = clocks_.engine.now();
    poll(worker->first, worker->second);
  }
}

void Notifier::tick() {
  std::vector<store::OutboxRow> again = std::move(unsettled_);
  unsettled_.clear();
  for (store::OutboxRow& row : again) settle(std::move(row));
  for (auto& [name, worker] : workers_) poll(name, worker);
  if (clocks_.engine.now() - last_count_ >= kCountEvery) count_outbox();
}

void Notifier::poll(const std::string& name, Worker& worker) {
  const TimePoint now = clocks_.engine.now();
  const bool half_open = worker.failures >= kBreakerFailures;
  const int room = (half_open ? 1 : kParallel) - worker.in_flight;
  if (stopping_ || worker.leasing || room <= 0 || now < worker.next_poll || now < worker.paused_until) return;
  auto rows = std::make_shared<std::vector<store::OutboxRow>>();
  const auto job = [rows, name, now, room](store::Database& database) -> Result<void> {
    auto taken = lease_rows(database, name, now, room);
    if (!taken) return taken.error();
    *rows = std::move(*taken);
    return {};
  };
  const auto done = [this, rows, name](const Result<void>& result) {
    loop_.post([this, rows, name, good = result.has_value()] {
      leased(name, good ? std::move(*rows) : std::vector<store::OutboxRow>{});
    });
  };
  worker.leasing = writer_.submit(job, done);
  worker.next_poll = now + kPollAnyway;
  if (worker.retry_at > now) worker.next_poll = std::min(worker.next_poll, worker.retry_at);
}

void Notifier::leased(const std::string& name, std::vector<store::OutboxRow> rows) {
  const auto found = workers_.find(name);
  if (found != workers_.end()) found->second.leasing = false;
  for (store::OutboxRow& row : rows) {
    if (found == workers_.end() || stopping_) {
      row.status = store::DeliveryStatus::pending;
      settle(std::move(row));
    } else {
      deliver(name, found->second, std::move(row));
    }
  }
}

void Notifier::deliver(const std::string& name, Worker& worker, store::OutboxRow row) {
  if (worker.gone) {
    apply(name, worker, row, {Verdict::Kind::dead, {}, "the endpoint said 410 before", true});
    return settle(std::move(row));
  }
  ++worker.in_flight;
  ++in_flight_;
  Outgoing outgoing = worker.receiver->prepare({&row, 1}, clocks_.wall.now());
  client_.send(std::get<net::ClientRequest>(std::move(outgoing)),
               [this, name, row](const net::ClientResponse& response) {
                 loop_.post([this, name, row, response] { answered(name, row, response); });
               });
}

void Notifier::answered(const std::string& name, store::OutboxRow row, const net::ClientResponse& response) {
  --in_flight_;
  const auto found = workers_.find(name);
  if (found == workers_.end()) {
    row.status = store::DeliveryStatus::pending;
    return settle(std::move(row));
  }
  Worker& worker = found->second;
  worker.in_flight = std::max(0, worker.in_flight - 1);
  ++row.attempts;
  row.last_code = response.status;
  const Verdict verdict = worker.receiver->classify(response, row.attempts, clocks_.wall.now());
  apply(name, worker, row, verdict);
  settle(std::move(row));
}

void Notifier::apply(const std::string& name, Worker& worker, store::OutboxRow& row, const Verdict& verdict) {
  const TimePoint now = clocks_.engine.now();
  ReceiverStats& stats = stats_[name];
  if (verdict.kind == Verdict::Kind::delivered) {
    row.status = store::DeliveryStatus::delivered;
    row.not_before = now;
    row.last_error.clear();
    ++stats.delivered;
    if (stats.breaker_open) log::info("receiver answers again", {{"receiver", name}});
    worker.failures = 0;
    stats.breaker_open = false;
    return;
  }
  row.last_error = one_line(verdict.why, kMaxError);
  worker.gone = worker.gone || verdict.gone;
  std::optional<Duration> wait;
  if (verdict.kind == Verdict::Kind::retry) wait = plan_.next(row.attempts, now - row.created, verdict.after);
  if (!wait) {
    row.status = store::DeliveryStatus::dead;
    row.not_before = now;
    ++stats.dead;
    log::error("message could not be delivered",
               {{"receiver", name}, {"event", row.event}, {"about", row.dedup_key}, {"why", row.last_error}});
    return;
  }
  row.status = store::DeliveryStatus::pending;
  row.not_before = now + *wait;
  ++stats.retried;
  ++worker.failures;
  if (verdict.after) worker.paused_until = now + *verdict.after;
  if (worker.failures < kBreakerFailures) return;
  worker.paused_until = std::max(worker.paused_until, now + kHalfOpen);
  if (!stats.breaker_open)
    log::warning("receiver fails; trying every 30 s", {{"receiver", name}, {"why", row.last_error}});
  stats.breaker_open = true;
}

void Notifier::settle(store::OutboxRow row) {
  const std::vector<store::OutboxRow> notices = dead_notices(row);
  const auto job = [row, notices](store::Database& database) -> Result<void> {
    for (const store::OutboxRow& notice : notices) {
      if (auto done = store::enqueue(database, notice); !done) return done;
    }
    return store::settle(database, row);
  };
  const auto done = [this, row, notices](const Result<void>& result) {
    loop_.post([this, row, notices, good = result.has_value()] {
      if (!good) return unsettled_.push_back(row);
      wake(notices);
      const auto found = workers_.find(row.receiver);
      if (found == workers_.end()) return;
      Worker& worker = found->second;
      const TimePoint now = clocks_.engine.now();
      const bool again = row.status == store::DeliveryStatus::pending;
      if (again) worker.retry_at = worker.retry_at > now ? std::min(worker.retry_at, row.not_before) : row.not_before;
      // What became of this row may free the next one of its CRM.
      worker.next_poll = now;
      poll(found->first, worker);
    });
  };
  if (!writer_.submit(job, done)) unsettled_.push_back(std::move(row));
}

/// Over the other receivers: somebody must hear that somebody was not told.
std::vector<store::OutboxRow> Notifier::dead_notices(const store::OutboxRow& row) const {
  std::vector<store::OutboxRow> notices;
  if (row.status != store::DeliveryStatus::dead || row.event == "delivery.dead") return notices;
  const TimePoint now = clocks_.engine.now();
  for (const auto& [name, worker] : workers_) {
    if (name == row.receiver || worker.gone) continue;
    store::OutboxRow notice;
    notice.receiver = name;
    notice.dedup_key = "delivery/" + row.id;
    notice.seq = 1;
    notice.id = message_id(row.created, name, notice.dedup_key, notice.seq);
    notice.event = "delivery.dead";
    notice.body = render_dead_delivery(row.receiver, row.event, row.dedup_key, row.last_error, now);
    notice.created = notice.not_before = now;
    notices.push_back(std::move(notice));
  }
  return notices;
}

void Notifier::count_outbox() {
  last_count_ = clocks_.engine.now();
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
