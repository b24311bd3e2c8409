#include "agent/ship/shipper.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>
#include <span>
#include <thread>

#include "agent/ship/evidence_url.h"
#include "core/failure/failure.h"
#include "core/log.h"
#include "core/time/clock.h"
#include "net/base/backoff.h"
#include "wire/evidence.h"
#include "wire/remote_write.h"

namespace crmpulse::agent {
namespace {

constexpr Duration kLastAnswer{std::chrono::seconds{1}};
/// An empty spool is looked at this often even when it says nothing.
constexpr Duration kLookAnyway{std::chrono::seconds{30}};
constexpr Duration kLongestWait{std::chrono::hours{1}};  ///< that a receiver may ask for
/// Evidence a receiver fails on must not hold back samples for ever.
constexpr int kEvidenceAttempts = 5;
/// The spool's value: the address that answered with the collector's mark.
constexpr std::string_view kCollectorAt = "collector_at";
/// Lines a request; with names of 128 bytes and texts at their longest half of what a receiver takes (wire/evidence.h).
constexpr std::size_t kEvidenceLines = 250;

/// Of an address that has not proved to be a collector: it may have no place for evidence, and its samples must not
/// wait for that.
bool takes_no_evidence(const net::ClientResponse& answer, ReceiverKind receiver, int attempt) {
  if (answer.failure || receiver == ReceiverKind::collector) return is_marked(answer) && answer.status == 413;
  const int status = answer.status;
  if (status == 401 || status == 403 || status == 407 || status == 408 || status == 429) return false;
  return status < 500 || status == 501 || (status != 503 && attempt >= kEvidenceAttempts);
}

/// Shared with the callbacks of requests, which may come after the shipper has gone.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool stored = false;           ///< the spool has something new
  std::uint64_t configured = 0;  ///< counts configure()
  std::uint64_t exchange = 0;    ///< the one whose answer is awaited
  std::optional<net::ClientResponse> answer;
};

/// One line about an answer that was not an acceptance.
std::string describe(const net::ClientResponse& response) {
  if (response.failure) return one_line(response.failure->message);
  if (response.status >= 200 && response.status < 300)
    return fmt::format(
        "status {} without the collector's mark: something on the way may have answered in its place "
        "(ship.receiver: remote_write takes it): {}",
        response.status, one_line(response.body, 100));
  return fmt::format("status {}: {}", response.status, one_line(response.body, 200));
}

}  // namespace

struct Shipper::Impl {
  Impl(store::Spool& spool_, net::HttpClient& client_, Options options_)
      : spool(spool_), client(client_), options(std::move(options_)), limit(options.batch_samples) {}

  void run();
  Result<store::Spool::Batch> peek();
  void wait_for_rows();
  void deliver(const store::Spool::Batch& batch);
  net::ClientResponse send_samples(std::span<const Sample> samples, std::uint64_t number, const Options& with);
  bool deliver_pieces(std::span<const Sample> samples);
  ShipResult deliver_piece(std::span<const Sample> samples);
  void pause(net::Backoff& backoff, const Options& with, const net::ClientResponse& response);
  ReceiverKind receiver_at(const Options& with);
  void note_mark(const net::ClientResponse& response, const Options& with);
  ShipResult send_evidence(const store::Spool::Batch& batch, const Options& with, int attempt,
                           net::ClientResponse& last);
  net::ClientRequest request(const Options& with, const std::string& url) const;
  std::optional<net::ClientResponse> exchange(net::ClientRequest request);
  void acknowledge(const store::Spool::Batch& batch);
  void drop_sample(const Sample& sample, const net::ClientResponse& response);
  void drop_evidence(std::size_t lines, const std::string& why);
  /// Lines of a request that was taken.
  void note_left_out(const net::ClientResponse& response);
  bool shrink(const store::Spool::Batch& batch);
  /// What is known of the address these options have, if it is still the one to use.
  void reached(const Options& with);
  void not_reached(const Options& with, const net::ClientResponse& response);
  /// Ends early when we stop or when the options that current() gave last are not the newest any more.
  void wait(Duration time);
  bool stopping() const {
    const std::lock_guard lock{shared->mutex};
    return shared->stopping;
  }
  /// What is done from here on is done with these options: a wait() that follows ends as soon as there are others.
  Options current() {
    const std::lock_guard lock{shared->mutex};
    used = shared->configured;
    return options;
  }
  template <class Change>
  void count(Change change) {
    const std::lock_guard lock{shared->mutex};
    change(stats);
  }

  store::Spool& spool;
  net::HttpClient& client;
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  Options options;  ///< under shared->mutex
  Stats stats;      ///< under shared->mutex
  // The thread's own:
  std::uint64_t used = 0;                   ///< `configured` of the options that current() gave last
  std::optional<std::string> collector_at;  ///< the address that has answered with the mark; read when first needed
  std::size_t limit;                        ///< samples a request; halved while the receiver finds them too large
  std::uint64_t too_large_seq = 0;          ///< the batch that was last too large
  std::uint64_t evidence_sent_seq = 0;  ///< evidence up to here is with the receiver, whatever became of the samples
  bool warned_evidence = false;
  bool warned_lines = false;
  std::set<std::string, std::less<>> refusing;  ///< reasons told since a batch was last taken whole
  bool spool_failed = false;
  std::thread thread;
};

void Shipper::Impl::run() {
  while (!stopping()) {
    auto batch = peek();
    if (!batch && !std::exchange(spool_failed, true))
      log::error("the spool cannot be read", {{"why", batch.error().message}});
    if (batch) spool_failed = false;
    if (!batch) {
      wait(current().backoff_base);
    } else if (batch->empty()) {
      wait_for_rows();
    } else {
      deliver(*batch);
    }
  }
}

/// What is stored from here on is either in the batch or tells that it is there.
Result<store::Spool::Batch> Shipper::Impl::peek() {
  {
    const std::lock_guard lock{shared->mutex};
    shared->stored = false;
  }
  return spool.peek(limit);
}

void Shipper::Impl::wait_for_rows() {
  std::unique_lock lock{shared->mutex};
  const bool stored =
      shared->changed.wait_for(lock, kLookAnyway, [this] { return shared->stopping || shared->stored; });
  if (stored) shared->changed.wait_for(lock, options.gather, [this] { return shared->stopping; });
}

void Shipper::Impl::deliver(const store::Spool::Batch& batch) {
  const Options first = current();
  net::Backoff backoff{first.backoff_base, first.backoff_cap, std::random_device{}(), first.backoff_base / 2};
  for (int attempt = 1; !stopping(); ++attempt) {
    const Options with = current();
    net::ClientResponse evidence_answer;
    const ShipResult evidence = send_evidence(batch, with, attempt, evidence_answer);
    if (evidence == ShipResult::accepted) evidence_sent_seq = std::max(evidence_sent_seq, batch.seq);
    ShipResult samples = evidence == ShipResult::retry ? ShipResult::retry : ShipResult::accepted;
    net::ClientResponse response = evidence_answer;
    if (samples != ShipResult::retry && !batch.samples.empty()) {
      response = send_samples(batch.samples, batch.number, with);
      samples = judge(response, receiver_at(with));
    }
    if (samples == ShipResult::retry) {
      if (stopping()) return;
      pause(backoff, with, response);
      continue;
    }
    if (samples == ShipResult::too_large && shrink(batch)) return;
    if (samples == ShipResult::accepted) {
      reached(with);
      refusing.clear();
      count([&](Stats& s) { s.sent_samples += batch.samples.size(); });
      limit = std::min(with.batch_samples, limit * 2);
    } else if (!deliver_pieces(batch.samples)) {
      return;
    }
    if (evidence == ShipResult::refused) drop_evidence(batch.evidence.size(), describe(evidence_answer));
    acknowledge(batch);
    return;
  }
}

void Shipper::Impl::pause(net::Backoff& backoff, const Options& with, const net::ClientResponse& response) {
  not_reached(with, response);
  const auto asked = net::parse_retry_after(response.header("retry-after"), wall_now(), kLongestWait);
  wait(asked.value_or(backoff.next()));
}

/// One sample may be why all were refused, or all are too many at once: halves, and halves of halves, until the ones
/// are found that the receiver itself does not take. False: we stop; the batch comes again.
bool Shipper::Impl::deliver_pieces(std::span<const Sample> samples) {
  std::vector<std::span<const Sample>> left{samples};
  while (!left.empty()) {
    const std::span<const Sample> piece = left.back();
    left.pop_back();
    if (piece.size() > 1 && piece.size() == samples.size()) {
      // Known to be refused as a whole.
      left.push_back(piece.subspan(piece.size() / 2));
      left.push_back(piece.first(piece.size() / 2));
      continue;
    }
    const ShipResult verdict = deliver_piece(piece);
    if (verdict == ShipResult::retry) return false;
    if (verdict == ShipResult::accepted) continue;
    left.push_back(piece.subspan(piece.size() / 2));
    left.push_back(piece.first(piece.size() / 2));
  }
  return true;
}

/// Until it is decided: taken or, when it is a single sample, dropped; `refused` or `too_large` when it can be less;
/// `retry` when we stop.
ShipResult Shipper::Impl::deliver_piece(std::span<const Sample> samples) {
  const Options first = current();
  net::Backoff backoff{first.backoff_base, first.backoff_cap, std::random_device{}(), first.backoff_base / 2};
  while (!stopping()) {
    const Options with = current();
    // Without the batch's number: that says "all of it".
    const net::ClientResponse response = send_samples(samples, 0, with);
    const ReceiverKind receiver = receiver_at(with);
    const ShipResult verdict = judge(response, receiver);
    if (verdict == ShipResult::accepted) {
      reached(with);
      count([&](Stats& s) { s.sent_samples += samples.size(); });
      return verdict;
    }
    if (verdict != ShipResult::retry && samples.size() > 1) return verdict;
    if (is_own_refusal(response, receiver)) {
      reached(with);
      drop_sample(samples.front(), response);
      return ShipResult::accepted;
    }
    if (stopping()) break;
    pause(backoff, with, response);
  }
  return ShipResult::retry;
}

ReceiverKind Shipper::Impl::receiver_at(const Options& with) {
  if (with.receiver != ReceiverKind::unknown) return with.receiver;
  if (!collector_at) {
    const Result<std::string> known = spool.get(std::string{kCollectorAt});
    collector_at = known ? *known : std::string{};
  }
  return *collector_at == with.url ? ReceiverKind::collector : ReceiverKind::unknown;
}

void Shipper::Impl::note_mark(const net::ClientResponse& response, const Options& with) {
  if (!is_marked(response) || receiver_at(with) == ReceiverKind::collector) return;
  collector_at = with.url;
  if (const auto kept = spool.set(std::string{kCollectorAt}, with.url); !kept)
    log::warning("the spool cannot note that the collector was reached", {{"why", kept.error().message}});
}

/// `number` 0: these are not the whole of a batch.
net::ClientResponse Shipper::Impl::send_samples(std::span<const Sample> samples, std::uint64_t number,
                                                const Options& with) {
  net::ClientRequest out = request(with, with.url);
  out.headers.emplace_back("Content-Type", "application/x-protobuf");
  out.headers.emplace_back("Content-Encoding", "snappy");
  out.headers.emplace_back("X-Prometheus-Remote-Write-Version", "0.1.0");
  if (number != 0) out.headers.emplace_back("X-Crm-Batch-Seq", fmt::to_string(number));
  out.body = wire::encode(samples);
  auto answer = exchange(std::move(out));
  if (answer) {
    note_mark(*answer, with);
    return std::move(*answer);
  }
  net::ClientResponse none;
  none.failure = Failure{Stage::request, Reason::skipped, "stopping"};
  return none;
}

/// Returns `refused` if the receiver never takes evidence (or never this one). `last` becomes the answer that refuses
/// or asks for a retry.
ShipResult Shipper::Impl::send_evidence(const store::Spool::Batch& batch, const Options& with, int attempt,
                                        net::ClientResponse& last) {
  if (batch.seq <= evidence_sent_seq) return ShipResult::accepted;
  for (std::size_t from = 0; from < batch.evidence.size(); from += kEvidenceLines) {
    const std::size_t size = std::min(kEvidenceLines, batch.evidence.size() - from);
    net::ClientRequest out = request(with, evidence_url(with.url));
    out.headers.emplace_back("Content-Type", "application/x-ndjson");
    // The number says "all evidence up to here": only the last part may say it, or the others would be taken for
    // repeats.
    if (from + size == batch.evidence.size()) out.headers.emplace_back("X-Crm-Batch-Seq", fmt::to_string(batch.number));
    out.body = wire::encode_evidence(std::span{batch.evidence}.subspan(from, size));
    auto answer = exchange(std::move(out));
    if (!answer) return ShipResult::retry;
    last = std::move(*answer);
    note_mark(last, with);
    const ReceiverKind receiver = receiver_at(with);
    const ShipResult verdict = judge(last, receiver);
    if (verdict == ShipResult::accepted) {
      note_left_out(last);
      continue;
    }
    if (verdict == ShipResult::refused || takes_no_evidence(last, receiver, attempt)) return ShipResult::refused;
    return ShipResult::retry;
  }
  return ShipResult::accepted;
}

net::ClientRequest Shipper::Impl::request(const Options& with, const std::string& url) const {
  net::ClientRequest out;
  out.method = "POST";
  out.url = url;
  out.timeout = with.timeout;
  out.tls = with.tls;
  out.headers.emplace_back("X-Crm-Agent", with.agent);
  out.headers.emplace_back("X-Crm-Time", fmt::to_string(unix_millis(wall_now())));
  if (!with.token.empty()) out.headers.emplace_back("Authorization", "Bearer " + with.token.reveal());
  return out;
}

std::optional<net::ClientResponse> Shipper::Impl::exchange(net::ClientRequest request) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{shared->mutex};
    if (shared->stopping) return std::nullopt;
    number = ++shared->exchange;
    shared->answer.reset();
    if (stats.reach == Reach::not_asked) stats.reach = Reach::asked;
  }
  client.send(std::move(request), [state = shared, number](net::ClientResponse response) {
    const std::lock_guard lock{state->mutex};
    if (state->exchange != number) return;
    state->answer = std::move(response);
    state->changed.notify_all();
  });
  std::unique_lock lock{shared->mutex};
  const auto answered = [this] { return shared->answer.has_value(); };
  shared->changed.wait(lock, [&] { return answered() || shared->stopping; });
  shared->changed.wait_for(lock, answered() ? Duration{} : kLastAnswer, answered);
  ++shared->exchange;
  return std::exchange(shared->answer, std::nullopt);
}

void Shipper::Impl::acknowledge(const store::Spool::Batch& batch) {
  if (auto done = spool.acknowledge(batch.seq); !done) {
    log::error("the spool cannot be written; what was sent will be sent again", {{"why", done.error().message}});
    wait(current().backoff_base);
  }
}

/// false: it is one measurement's outcome, which the spool does not split.
bool Shipper::Impl::shrink(const store::Spool::Batch& batch) {
  const bool again = too_large_seq == batch.seq;
  too_large_seq = batch.seq;
  if (again || batch.samples.size() < 2) return false;
  limit = batch.samples.size() / 2;
  return true;
}

void Shipper::Impl::drop_sample(const Sample& sample, const net::ClientResponse& response) {
  const std::string reason{refusal_reason(response)};
  count([&](Stats& s) {
    ++s.dropped_samples;
    ++s.refused_samples[reason];
  });
  if (!refusing.insert(reason).second) return;
  log::error("the receiver refuses a sample for good; it is dropped, and so are others it refuses for this reason",
             {{"reason", reason},
              {"metric", sample.metric},
              {"crm", std::string{sample.labels.get("crm")}},
              {"answer", describe(response)}});
}

void Shipper::Impl::drop_evidence(std::size_t lines, const std::string& why) {
  count([&](Stats& s) { s.dropped_evidence += lines; });
  if (std::exchange(warned_evidence, true)) return;
  log::warning("the receiver rejects failure details; failures are sent without their text", {{"answer", why}});
}

void Shipper::Impl::note_left_out(const net::ClientResponse& response) {
  const std::string_view said = response.header(wire::kLinesLeftOut);
  std::size_t lines = 0;
  std::from_chars(said.data(), said.data() + said.size(), lines);
  if (lines == 0 || lines > kEvidenceLines) return;
  count([&](Stats& s) { s.dropped_evidence += lines; });
  if (std::exchange(warned_lines, true)) return;
  log::warning("the collector leaves out lines of evidence; its log and its metrics say why",
               {{"lines", fmt::to_string(lines)}});
}

void Shipper::Impl::reached(const Options& with) {
  bool back = false;
  count([&](Stats& s) {
    if (options.url == with.url) back = std::exchange(s.reach, Reach::reachable) == Reach::not_reachable;
  });
  if (back) log::info("the collector is back");
}

void Shipper::Impl::not_reached(const Options& with, const net::ClientResponse& response) {
  bool lost = false;
  count([&](Stats& s) {
    ++s.failed_requests;
    if (options.url == with.url) lost = std::exchange(s.reach, Reach::not_reachable) != Reach::not_reachable;
  });
  if (lost)
    log::warning("cannot deliver to the collector; keeping samples in the spool", {{"why", describe(response)}});
}

void Shipper::Impl::wait(Duration time) {
  std::unique_lock lock{shared->mutex};
  shared->changed.wait_for(lock, time, [this] { return shared->stopping || shared->configured != used; });
}

Shipper::Shipper(store::Spool& spool, net::HttpClient& client, Options options)
    : impl_(std::make_unique<Impl>(spool, client, std::move(options))) {
  spool.listen([shared = impl_->shared] {
    const std::lock_guard lock{shared->mutex};
    shared->stored = true;
    shared->changed.notify_all();
  });
  impl_->thread = std::thread{[impl = impl_.get()] { impl->run(); }};
}

Shipper::~Shipper() {
  stop();
}

void Shipper::configure(Options options) {
  const std::lock_guard lock{impl_->shared->mutex};
  if (options.url != impl_->options.url) impl_->stats.reach = Reach::not_asked;
  impl_->options = std::move(options);
  ++impl_->shared->configured;
  impl_->shared->changed.notify_all();
}

void Shipper::stop() {
  {
    const std::lock_guard lock{impl_->shared->mutex};
    impl_->shared->stopping = true;
  }
  impl_->shared->changed.notify_all();
  if (!impl_->thread.joinable()) return;
  impl_->thread.join();
  impl_->spool.listen({});
}

Shipper::Stats Shipper::stats() const {
  const std::lock_guard lock{impl_->shared->mutex};
  return impl_->stats;
}

}  // namespace crmpulse::agent
