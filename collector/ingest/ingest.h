#pragma once
// From an HTTP request to the journal to the fold. A request is answered 2xx only when its bytes are on disk; nothing
// of a refused request is kept. Series that are not wanted are left out before: the journal holds what was taken, so
// that a replay takes the same. Belongs to the loop's thread.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/engine/engine_loop.h"
#include "collector/http/router.h"
#include "collector/ingest/admission.h"
#include "net/loop/loop.h"
#include "net/server/http_server.h"
#include "store/collector/writer.h"
#include "wire/evidence.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

class Ingest {
 public:
  struct Stats {
    std::map<std::pair<std::string, std::string>, std::uint64_t>
        requests;                                                     ///< by endpoint (write, evidence) and outcome
    std::map<std::string, std::uint64_t, std::less<>> refusals;       ///< by code
    std::array<std::uint64_t, wire::kSkipReasons> skipped_series{};   ///< by reason, in each request anew
    std::array<std::uint64_t, wire::kSkipReasons> skipped_samples{};  ///< by reason
    std::uint64_t samples = 0;                                        ///< journalled
    std::uint64_t body_bytes = 0;                                     ///< journalled, as received
    std::uint64_t bytes_in_flight = 0;
  };

  Ingest(net::Loop& loop, store::Writer& writer, Clocks clocks, EngineLoop& engine);
  ~Ingest();

  void write(Request request, net::Respond respond);
  void evidence(Request request, net::Respond respond);

  /// Moves the times of requests that are being journalled by `by`, after the clock was corrected.
  void clock_stepped(Duration by);

  [[nodiscard]] const Stats& stats() const { return stats_; }
  /// Returns how many requests are being journalled.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

  static constexpr std::uint64_t kMaxBytesInFlight = 128ULL * 1024 * 1024;

 private:
  struct Batch;
  using BatchPointer = std::unique_ptr<Batch>;

  [[nodiscard]] BatchPointer take_batch(net::Respond respond);
  void recycle(BatchPointer batch);
  [[nodiscard]] bool identify(const net::HttpRequest& request, Batch& batch);
  [[nodiscard]] std::optional<wire::DecodeError> decode(wire::Version version, const Request& request, Batch& batch);
  /// Begins the check of what the request's sender may send.
  void begin_admission(const Request& request, Batch& batch);
  void take_lines(wire::EvidenceLines evidence, Batch& batch);
  void note_skipped(const Batch& batch);
  [[nodiscard]] std::string body_of(const std::vector<Point>& points);
  /// `body` is as it was received.
  void journal(std::string body, BatchPointer batch);
  void repeat_answer(BatchPointer batch);
  void journalled(std::uint64_t id, const Result<void>& result);
  void acknowledge(BatchPointer batch);
  [[nodiscard]] static std::string partly(const Batch& batch);
  /// Answers 2xx, unless something was left out that the sender must know of.
  void answer(BatchPointer batch, std::string_view outcome);
  void finish(BatchPointer batch, std::string_view outcome, net::HttpResponse response);
  void refuse(BatchPointer batch, int status, std::string_view code, std::string_view message,
              std::string_view field = {});

  net::Loop& loop_;
  store::Writer& writer_;
  Clocks clocks_;
  EngineLoop& engine_;
  wire::Decoder decoder_;
  Admission admission_;
  wire::BodyBuilder builder_;
  std::array<bool, wire::kSkipReasons> told_{};  ///< in the log
  std::vector<BatchPointer> pool_;
  std::unordered_map<std::uint64_t, BatchPointer> in_flight_;
  std::uint64_t next_id_ = 0;
  Stats stats_;
};

}  // namespace crmpulse::collector
