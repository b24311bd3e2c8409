#pragma once
// Private to net/: the thread that drives the transfers of a client through libcurl, whatever their protocol.

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/base/curl.h"
#include "net/client/http_client.h"

namespace crmpulse::net {

/// One request on one libcurl handle, from its options to its ClientResponse. Used on its loop's thread only.
class Transfer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Transfer(HttpClient::Callback callback) : callback_(std::move(callback)) {}
  virtual ~Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Returns which connections it can use: those to one host and port, through one proxy. Empty: one of its own.
  /// For people too; without secrets.
  [[nodiscard]] virtual std::string way() const = 0;
  /// Returns why it cannot be sent at all, as far as is known without a network; nullopt if it can.
  [[nodiscard]] virtual std::optional<Failure> refusal() const { return std::nullopt; }
  /// Puts the request into a handle fresh from curl_easy_reset. The handle is this object's until release().
  void start(EasyHandle easy);
  [[nodiscard]] EasyHandle release() { return std::move(easy_); }
  /// Returns when the loop gives it up, shortly after libcurl should have.
  [[nodiscard]] virtual Clock::time_point deadline() const = 0;
  /// Returns how soon libcurl must be called for it though nothing happens, nullopt if it knows that itself.
  [[nodiscard]] virtual std::optional<Duration> next_look() const = 0;
  /// Its last chance before the handle leaves the multi handle.
  virtual void ended(CURLcode /*code*/) {}
  /// Reads the outcome out of the handle; CURLE_OPERATION_TIMEDOUT also for what the loop gave up. nullopt: it must be
  /// started again.
  [[nodiscard]] virtual std::optional<ClientResponse> finish(CURLcode code) = 0;
  /// Runs the callback; what it throws is logged, the loop goes on.
  void answer(ClientResponse response) const;
  [[nodiscard]] static ClientResponse failed(Stage stage, Reason reason, std::string_view message);

 protected:
  virtual void set_options() = 0;
  /// TLS 1.2 at least, and the other end's certificate is checked; with the files of `tls`.
  void set_tls(const ClientTls& tls);

  EasyHandle easy_;

 private:
  HttpClient::Callback callback_;
};

/// Has a thread of its own, because libcurl's resolver may block.
///
/// Who waits for a connection waits here, never in libcurl: that has one queue for all hosts and, when a transfer ends,
/// looks only at the first of it, so one host that does not answer holds up the requests to every other.
class TransferLoop {
 public:
  explicit TransferLoop(const HttpClient::Options& options);
  /// Ends transfers in flight as skipped; their callbacks run before this returns.
  ~TransferLoop();
  TransferLoop(const TransferLoop&) = delete;
  TransferLoop& operator=(const TransferLoop&) = delete;

  using TransferPtr = std::unique_ptr<Transfer>;
  /// Thread-safe.
  void enqueue(TransferPtr transfer);

 private:
  using Clock = Transfer::Clock;
  struct Way {
    std::size_t waiting = 0;
    std::size_t in_flight = 0;
  };
  using Ways = std::unordered_map<std::string, Way>;
  struct Job {
    TransferPtr transfer;
    Ways::value_type* way;
  };

  void run();
  bool take_incoming();
  [[nodiscard]] Job job(TransferPtr transfer);
  [[nodiscard]] bool has_turn(const Job& job) const;
  void start_waiting();
  void start(Job job);
  void forget_if_unused(Ways::value_type* way);
  void finish_completed();
  void give_up_overdue();
  void give_up_waiting(const Job& job);
  void end(CURL* easy, CURLcode code);
  void end_everything();
  [[nodiscard]] int poll_milliseconds() const;
  [[nodiscard]] EasyHandle take_handle();

  const std::size_t max_in_flight_;
  const std::size_t max_per_way_;
  MultiHandle multi_;

  std::mutex mutex_;
  std::vector<TransferPtr> incoming_;  ///< guarded by mutex_
  bool stopping_ = false;              ///< guarded by mutex_

  // Of the thread alone.
  Ways ways_;  ///< that somebody uses or waits for
  std::deque<Job> waiting_;
  std::unordered_map<CURL*, Job> in_flight_;
  std::vector<EasyHandle> idle_handles_;
  std::thread thread_;
};

}  // namespace crmpulse::net
