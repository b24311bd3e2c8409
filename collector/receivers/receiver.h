#pragma once
// Where alerts go. A kind of receiver is one .cpp here and one line in table.cpp. Receivers are stateless: what is
// sent and tried again is the notifier's business.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "collector/settings.h"
#include "core/error.h"
#include "net/http_client.h"
#include "store/collector_store.h"

namespace crmpulse::collector {

/// What an answer means.
struct Verdict {
  enum class Kind { delivered, retry, dead };
  Kind kind = Kind::retry;
  std::optional<Duration> after;  ///< retry: what the receiver asked for, clamped to [1 s, 1 h]
  std::string why;                ///< one line, no URL path, no query, no secret
  bool gone = false;              ///< dead: the endpoint wants nothing any more (410)
};

class Receiver {
 public:
  virtual ~Receiver() = default;
  /// The request of one attempt; `wall` stamps and signs it. The row's `attempts` counts the earlier ones.
  [[nodiscard]] virtual net::ClientRequest prepare(const store::OutboxRow& row, TimePoint wall) const = 0;
  /// `attempts` includes the one that got this answer.
  [[nodiscard]] virtual Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const = 0;
};

struct ReceiverType {
  std::string_view name;
  Result<std::unique_ptr<Receiver>> (*make)(const ReceiverSettings& settings);
};
[[nodiscard]] std::span<const ReceiverType> receiver_types();
/// Unknown types are an Error that names the known ones.
[[nodiscard]] Result<std::unique_ptr<Receiver>> make_receiver(const ReceiverSettings& settings);

[[nodiscard]] Result<std::unique_ptr<Receiver>> make_webhook(const ReceiverSettings& settings);

/// The tries a request gets that the receiver calls wrong (4xx but 408, 410, 425, 429).
inline constexpr int kTriesWhenRefused = 3;
/// What a plain HTTP endpoint means by its answer.
[[nodiscard]] Verdict classify_plain_http(const net::ClientResponse& response, int attempts, TimePoint wall);

}  // namespace crmpulse::collector
