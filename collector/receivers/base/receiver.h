#pragma once
// Where alerts go. A type of receiver is one .cpp in a room beside this one and one line in receivers/table.cpp.
// Receivers are stateless: what is sent and tried again is the notifier's business.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/failure/error.h"
#include "net/client/http_client.h"
#include "net/client/mail_client.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// What an answer means.
struct Verdict {
  enum class Kind { delivered, retry, dead };
  Kind kind = Kind::retry;
  std::optional<Duration> after;  ///< retry: what the receiver asked for, clamped to [1 s, 1 h]
  std::string why;                ///< one line, no URL path, no query, no secret
  bool gone = false;              ///< dead: the endpoint wants nothing any more (410)
};

/// What one attempt sends.
using Outgoing = std::variant<net::ClientRequest, net::MailRequest>;
/// One message, or several that the receiver's budget made wait and that go out as one. Oldest first, never empty.
/// Each row's body is the JSON of render.h; its `attempts` counts the earlier ones.
using Batch = std::span<const store::OutboxRow>;

/// How many messages a receiver takes in a time. What is over it waits, and then goes out as one.
struct Budget {
  int messages = 0;
  Duration per{};
};

class Receiver {
 public:
  virtual ~Receiver() = default;
  /// One attempt; `wall` stamps and signs it. Without a budget() the batch is one row.
  [[nodiscard]] virtual Outgoing prepare(Batch batch, TimePoint wall) const = 0;
  /// `attempts` includes the one that got this answer. Of a mail `status` is the SMTP code.
  [[nodiscard]] virtual Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const = 0;

  [[nodiscard]] virtual std::optional<Budget> budget() const { return std::nullopt; }
  /// How many messages that are due together one attempt carries without any shortage: more than one where the other
  /// end takes lists.
  [[nodiscard]] virtual std::size_t batch() const { return 1; }
  /// For what keeps states, not messages: of each subject only the newest message is sent, and all that still holds is
  /// said again this often, because the other end forgets, or takes silence for an end.
  [[nodiscard]] virtual std::optional<Duration> repeats() const { return std::nullopt; }
  /// This type's own schedule of retries for a message, instead of the usual one. `attempts` as in classify().
  [[nodiscard]] virtual std::optional<Duration> retry_wait(int /*attempts*/) const { return std::nullopt; }
  /// Counts the changes of what requests are written by, beside their rows: the other end's clock. What was under way
  /// when it changed says the wrong thing, however well it was taken, and is sent again.
  [[nodiscard]] virtual unsigned terms() const { return 0; }
  /// For an answer that only says "accepted": the request that asks what became of it. It is sent when classify() said
  /// delivered, and classify_confirmation() has the last word.
  [[nodiscard]] virtual std::optional<net::ClientRequest> confirm(const net::ClientResponse& /*accepted*/) const {
    return std::nullopt;
  }
  /// `retry`: nobody knows yet, ask again. `attempts` counts the questions.
  [[nodiscard]] virtual Verdict classify_confirmation(const net::ClientResponse& response, int attempts,
                                                      TimePoint wall) const {
    return classify(response, attempts, wall);
  }
};

}  // namespace crmpulse::collector
