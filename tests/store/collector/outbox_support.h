#pragma once
#include <string>
#include <vector>

#include "store/collector/collector_store.h"

namespace crmpulse::test {

inline TimePoint at(int seconds) {
  return from_unix_millis(1'795'000'000'000) + std::chrono::seconds{seconds};
}

/// `event` without its `incident.`; the id is receiver, key and seq.
inline store::OutboxRow message(const std::string& event, std::int64_t seq, const std::string& key = "crm/acme",
                                const std::string& receiver = "oncall") {
  store::OutboxRow row;
  row.id = receiver + ":" + key + ":" + std::to_string(seq);
  row.receiver = receiver;
  row.dedup_key = key;
  row.seq = seq;
  row.event = EventName{event == "heartbeat" ? event : "incident." + event};
  row.level = 2;
  row.body = "body of " + std::to_string(seq);
  row.created = at(static_cast<int>(seq));
  row.not_before = row.created;
  return row;
}

/// Every row of the table as `seq event status`, by receiver, key and seq.
inline std::vector<std::string> table(store::Database& database) {
  static const char* const kNames[] = {"pending", "inflight", "delivered", "dead", "superseded"};
  std::vector<std::string> out;
  auto rows =
      database
          .prepare("SELECT seq, replace(event, 'incident.', ''), status FROM outbox ORDER BY receiver, dedup_key, seq")
          .value();
  while (rows.step().value())
    out.push_back(std::to_string(rows.integer(0)) + " " + std::string{rows.text(1)} + " " + kNames[rows.integer(2)]);
  return out;
}

/// Leases what is due and settles it all with this outcome.
inline std::vector<std::string> send_all(store::Database& database, TimePoint now, store::DeliveryStatus outcome,
                                         const std::string& receiver = "oncall") {
  std::vector<std::string> sent;
  for (store::OutboxRow row : store::lease(database, receiver, now, now + std::chrono::seconds{30}, 100).value()) {
    sent.push_back(row.id);
    ++row.attempts;
    row.status = outcome;
    row.not_before = now;
    store::settle(database, row).value();
  }
  return sent;
}

}  // namespace crmpulse::test
