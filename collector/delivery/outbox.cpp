#include "collector/delivery/outbox.h"

#include <memory>

#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kLease{std::chrono::minutes{10}};
constexpr Duration kTooLate{std::chrono::hours{2}};

bool rises(const store::OutboxRow& row) {
  return row.event == Event::opened || row.event == Event::escalated;
}

Result<bool> supersede_if_late(store::Database& database, store::OutboxRow& row, TimePoint now) {
  if (!rises(row) || now - row.created < kTooLate) return false;
  const auto newer = store::newer_waits(database, row);
  if (!newer || !*newer) return newer;
  row.status = store::DeliveryStatus::superseded;
  if (auto settled = store::settle(database, row); !settled) return settled.error();
  return true;
}

Result<OutboxRows> lease_due(store::Database& database, const LeaseRequest& request, TimePoint now) {
  if (request.newest_only) {
    if (auto kept = store::keep_newest(database, request.receiver); !kept) return kept.error();
  }
  auto rows = store::lease(database, request.receiver, now, now + kLease, request.limit);
  if (!rows) return rows.error();
  OutboxRows due;
  for (store::OutboxRow& row : *rows) {
    auto late = supersede_if_late(database, row, now);
    if (!late) return late.error();
    if (!*late) due.push_back(std::move(row));
  }
  return due;
}

}  // namespace

template <typename T>
bool Outbox::submit(std::function<Result<T>(store::Database&)> job, std::function<void(Result<T>)> then) {
  auto found = std::make_shared<T>();
  return writer_.submit(
      [found, job = std::move(job)](store::Database& database) -> Result<void> {
        Result<T> read = job(database);
        if (!read) return read.error();
        *found = std::move(*read);
        return {};
      },
      [this, found, then = std::move(then)](const Result<void>& done) {
        loop_.post([found, then, done] { then(done ? Result<T>{std::move(*found)} : Result<T>{done.error()}); });
      });
}

bool Outbox::lease(const LeaseRequest& request, TimePoint now, std::function<void(OutboxRows)> then) {
  return submit<OutboxRows>(
      [request, now](store::Database& database) { return lease_due(database, request, now); },
      [then = std::move(then)](Result<OutboxRows> rows) { then(rows ? std::move(*rows) : OutboxRows{}); });
}

void Outbox::settle(OutboxRows outcomes, OutboxRows notices,
                    std::function<void(const OutboxRows&, const OutboxRows&)> then) {
  struct Settlement {
    OutboxRows outcomes;
    OutboxRows notices;
  };
  const auto both = std::make_shared<const Settlement>(Settlement{std::move(outcomes), std::move(notices)});
  const auto job = [both](store::Database& database) -> Result<void> {
    for (const store::OutboxRow& notice : both->notices) {
      if (auto done = store::enqueue(database, notice); !done) return done;
    }
    for (const store::OutboxRow& row : both->outcomes) {
      if (auto done = store::settle(database, row); !done) return done;
    }
    return {};
  };
  const auto keep = [this, both] { unsettled_.insert(unsettled_.end(), both->outcomes.begin(), both->outcomes.end()); };
  const auto done = [this, both, keep, then = std::move(then)](const Result<void>& result) {
    loop_.post([both, keep, then, stored = result.has_value()] {
      if (!stored) return keep();
      then(both->outcomes, both->notices);
    });
  };
  if (!writer_.submit(job, done)) keep();
}

bool Outbox::told(const std::string& receiver, std::function<void(const Told&)> then) {
  return submit<Told>(
      [receiver](store::Database& database) -> Result<Told> {
        auto newest = store::newest_messages(database, receiver);
        if (!newest) return newest.error();
        auto delivered = store::delivered_messages(database, receiver);
        if (!delivered) return delivered.error();
        return Told{std::move(*newest), std::move(*delivered)};
      },
      [then = std::move(then)](const Result<Told>& told) {
        if (told) then(*told);
      });
}

void Outbox::mark_told(const std::string& receiver, std::vector<std::string> ids) {
  const bool queued = writer_.submit(
      [receiver, ids = std::move(ids)](store::Database& database) -> Result<void> {
        if (auto kept = store::keep_newest(database, receiver); !kept) return kept;
        return store::mark_delivered(database, ids);
      },
      [](const Result<void>&) {});
  if (!queued) log::debug("cannot record what was sent again: the queue is full", {{"receiver", receiver}});
}

void Outbox::keep_only(std::vector<std::string> receivers,
                       std::function<void(const std::map<std::string, std::int64_t>&)> then) {
  using Abandoned = std::map<std::string, std::int64_t>;
  const bool queued = submit<Abandoned>(
      [receivers = std::move(receivers)](store::Database& database) { return store::abandon(database, receivers); },
      [then = std::move(then)](const Result<Abandoned>& abandoned) {
        if (abandoned) then(*abandoned);
      });
  if (!queued) log::debug("no room to abandon messages now");
}

void Outbox::count() {
  const bool queued =
      submit<store::OutboxCounts>(store::count_outbox, [this](const Result<store::OutboxCounts>& counts) {
        if (counts) counts_ = *counts;
      });
  if (!queued) log::debug("no room to count the outbox now");
}

void Outbox::clock_stepped(Duration by) {
  for (store::OutboxRow& row : unsettled_) {
    row.created += by;
    row.not_before += by;
  }
}

}  // namespace crmpulse::collector
