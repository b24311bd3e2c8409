#pragma once
// Takes messages out of the outbox and to their receivers, at least once, in order per CRM. Receivers are independent:
// a dead endpoint delays nobody else. Belongs to the loop's thread.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collector/clocks.h"
#include "collector/configuration.h"
#include "collector/retry_plan.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "store/collector_store.h"
#include "store/writer.h"

namespace crmpulse::collector {

class Notifier {
 public:
  struct ReceiverStats {
    std::uint64_t delivered = 0;
    std::uint64_t retried = 0;
    std::uint64_t dead = 0;
    bool breaker_open = false;
  };

  Notifier(net::Loop& loop, store::Writer& writer, Clocks clocks, net::HttpClient& client,
           const std::shared_ptr<const Configuration>& configuration);

  /// New rows are in the outbox.
  void wake(const std::vector<store::OutboxRow>& rows);
  /// Once a second: rows that came due, outcomes the disk refused before.
  void tick();
  /// Receivers that said they are gone are tried again.
  void reconfigure(const std::shared_ptr<const Configuration>& configuration);
  /// Nothing new is sent from here on.
  void stop() { stopping_ = true; }
  [[nodiscard]] int in_flight() const { return in_flight_; }

  [[nodiscard]] const std::map<std::string, ReceiverStats>& stats() const { return stats_; }
  [[nodiscard]] const store::OutboxCounts& outbox() const { return outbox_; }

 private:
  struct Worker {
    std::shared_ptr<const Receiver> receiver;
    TimePoint next_poll;     ///< when the outbox is asked again
    TimePoint retry_at;      ///< when the next failed row known here is due; in the past: none known
    TimePoint paused_until;  ///< breaker or Retry-After
    bool leasing = false;
    bool gone = false;
    int in_flight = 0;
    int failures = 0;  ///< in a row
  };

  void poll(const std::string& name, Worker& worker);
  void leased(const std::string& name, std::vector<store::OutboxRow> rows);
  void deliver(const std::string& name, Worker& worker, store::OutboxRow row);
  void answered(const std::string& name, store::OutboxRow row, const net::ClientResponse& response);
  void apply(const std::string& name, Worker& worker, store::OutboxRow& row, const Verdict& verdict);
  void settle(store::OutboxRow row);
  [[nodiscard]] std::vector<store::OutboxRow> dead_notices(const store::OutboxRow& row) const;
  void count_outbox();

  net::Loop& loop_;
  store::Writer& writer_;
  Clocks clocks_;
  net::HttpClient& client_;
  std::map<std::string, Worker> workers_;
  std::map<std::string, ReceiverStats> stats_;
  std::vector<store::OutboxRow> unsettled_;  ///< outcomes that could not be stored yet
  RetryPlan plan_;
  store::OutboxCounts outbox_;
  TimePoint last_count_;
  int in_flight_ = 0;
  bool stopping_ = false;
};

}  // namespace crmpulse::collector
