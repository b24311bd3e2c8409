#pragma once
// A notifier with its outbox and nothing else of a collector, on a clock the test moves.

#include <fmt/format.h>

#include <atomic>

#include "collector/delivery/notifier.h"
#include "collector/receivers/base/plain_http.h"
#include "tests/collector/support.h"
#include "tests/support/manual_clock.h"

namespace crmpulse::test {

/// A kind of receiver that does what the test wants: the request's body is the ids it carries, a line each.
class PlainReceiver : public collector::Receiver {
 public:
  explicit PlainReceiver(std::string url) : url_(std::move(url)) {}

  std::optional<collector::Budget> most;
  std::size_t list = 1;
  std::optional<Duration> again;
  bool asks = false;
  std::atomic<unsigned> written_by{0};

  collector::Outgoing prepare(collector::Batch batch, TimePoint wall) const override {
    net::ClientRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"sent-at", format_time(wall)}};
    for (const store::OutboxRow& row : batch) request.body += row.id + "\n";
    return request;
  }
  collector::Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    if (response.status == 400) return {collector::Verdict::Kind::dead, {}, "HTTP 400", false};
    return collector::classify_plain_http(response, attempts, wall);
  }
  std::optional<collector::Budget> budget() const override { return most; }
  std::size_t batch() const override { return list; }
  std::optional<Duration> repeats() const override { return again; }
  unsigned terms() const override { return written_by; }
  std::optional<net::ClientRequest> confirm(const net::ClientResponse& /*accepted*/) const override {
    if (!asks) return std::nullopt;
    net::ClientRequest request;
    request.url = url_;
    return request;
  }
  collector::Verdict classify_confirmation(const net::ClientResponse& response, int attempts,
                                           TimePoint wall) const override {
    if (response.status == 404) return {collector::Verdict::Kind::retry, {}, "not looked at yet", false};
    return classify(response, attempts, wall);
  }

 private:
  std::string url_;
};

class DeliveryBench {
 public:
  using Receivers = std::vector<collector::ReceiverSettings>;

  explicit DeliveryBench(Receivers receivers) : receivers_(std::move(receivers)) { start(); }
  ~DeliveryBench() { stop(); }

  static collector::ReceiverSettings named(const std::string& name,
                                           std::shared_ptr<const collector::Receiver> receiver) {
    collector::ReceiverSettings settings;
    settings.name = name;
    settings.receiver = std::move(receiver);
    return settings;
  }

  void start() {
    thread_ = std::make_unique<LoopThread>();
    writer_ = std::make_unique<store::Writer>(store::open_collector(directory_.path()).value());
    writer_->run(store::recover_outbox).value();
    auto configuration = std::make_shared<collector::Configuration>();
    configuration->settings.receivers = receivers_;
    notifier_ = std::make_unique<collector::Notifier>(thread_->loop(), *writer_, collector::Clocks{clock_, clock_},
                                                      collector::Clients{http_, mail_}, configuration);
    thread_->begin();
  }
  void stop() {
    if (!thread_) return;
    quiet();
    take_down();
  }

  /// The rows in flight stay as they are.
  void restart_after_kill() {
    take_down();
    start();
  }

  store::OutboxRow row(const std::string& receiver, const std::string& key, std::int64_t seq,
                       const std::string& event = "incident.opened", const std::string& body = "{}") {
    store::OutboxRow made;
    made.receiver = receiver;
    made.dedup_key = key;
    made.seq = seq;
    made.id = fmt::format("{}-{}-{}", receiver, key, seq);
    made.event = EventName{event};
    made.level = 2;
    made.body = body;
    made.created = made.not_before = now();
    return made;
  }
  void tell(const std::vector<store::OutboxRow>& rows) {
    writer_
        ->run([&](store::Database& database) -> Result<void> {
          for (const store::OutboxRow& one : rows) {
            if (auto done = store::enqueue(database, one); !done) return done;
          }
          return {};
        })
        .value();
    thread_->run([&] { notifier_->wake(rows); });
  }
  /// Other receivers from now on, as by a reload.
  void reconfigure(Receivers receivers) {
    receivers_ = std::move(receivers);
    auto configuration = std::make_shared<collector::Configuration>();
    configuration->settings.receivers = receivers_;
    thread_->run([&] { notifier_->reconfigure(configuration); });
  }
  /// Between stop() and start().
  void set_receivers(Receivers receivers) { receivers_ = std::move(receivers); }
  [[nodiscard]] std::uint64_t abandoned(const std::string& receiver) {
    std::uint64_t found = 0;
    thread_->run([&] {
      const auto known = notifier_->stats().find(receiver);
      if (known != notifier_->stats().end()) found = known->second.abandoned;
    });
    return found;
  }
  [[nodiscard]] std::int64_t waiting() {
    std::int64_t found = 0;
    thread_->run([&] { found = notifier_->outbox().pending; });
    return found;
  }
  /// Time passes at once, then everything that is due is sent and settled.
  void pass(Duration time) {
    advance(time);
    quiet();
  }
  /// Time passes at once; what is sent may still be under way.
  void advance(Duration time) {
    thread_->run([&] {
      clock_.advance(time);
      notifier_->tick();
    });
  }
  /// Seconds pass one by one.
  void pass_slowly(Duration time) {
    for (Duration passed{}; passed < time; passed += std::chrono::seconds{1}) pass(std::chrono::seconds{1});
  }
  /// Nothing is under way any more.
  void quiet() {
    int calm = 0;
    const bool settled = eventually([&] {
      bool idle = false;
      thread_->run([&] { idle = notifier_->in_flight() == 0; });
      idle = idle && rows(store::DeliveryStatus::inflight).empty();
      calm = idle ? calm + 1 : 0;
      return calm >= 3;
    });
    if (!settled) throw std::runtime_error("deliveries do not come to an end");
  }
  [[nodiscard]] std::vector<store::OutboxRow> rows(std::optional<store::DeliveryStatus> status) {
    std::vector<store::OutboxRow> found;
    writer_
        ->run([&](store::Database& database) -> Result<void> {
          found = store::list_outbox(database, status, 1000).value();
          return {};
        })
        .value();
    return found;
  }
  [[nodiscard]] std::size_t count(store::DeliveryStatus status) { return rows(status).size(); }
  [[nodiscard]] TimePoint now() {
    TimePoint read;
    thread_->run([&] { read = clock_.now(); });
    return read;
  }
  [[nodiscard]] store::Writer& writer() { return *writer_; }
  [[nodiscard]] collector::Notifier& notifier() { return *notifier_; }
  [[nodiscard]] LoopThread& thread() { return *thread_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }

 private:
  /// The loop stands still first; it goes last, because what ends still posts to it.
  void take_down() {
    thread_->loop().stop();
    thread_->join();
    writer_.reset();
    notifier_.reset();
    thread_.reset();
  }

  TempDir directory_;
  ManualClock clock_{from_unix_millis(1'795'000'000'000)};
  net::HttpClient http_;
  net::MailClient mail_;
  Receivers receivers_;
  std::unique_ptr<LoopThread> thread_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<collector::Notifier> notifier_;
};

/// The ids each request carried.
inline std::vector<std::vector<std::string>> carried(const Sink& sink) {
  std::vector<std::vector<std::string>> out;
  for (const net::HttpRequest& request : sink.requests()) {
    std::vector<std::string> ids;
    for (std::size_t at = 0, end; (end = request.body.find('\n', at)) != std::string::npos; at = end + 1)
      ids.push_back(request.body.substr(at, end - at));
    out.push_back(std::move(ids));
  }
  return out;
}

inline net::HttpResponse reply(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {status, std::move(headers), ""};
}

inline std::shared_ptr<PlainReceiver> plain(const Sink& sink) {
  return std::make_shared<PlainReceiver>(sink.url());
}

}  // namespace crmpulse::test
