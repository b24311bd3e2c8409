#pragma once
// Where alerts go. A type of receiver is one .cpp in a room beside this one and one line in receivers/table.cpp.
// Receivers are stateless: what is sent and tried again is the notifier's business.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "net/client/http_client.h"
#include "net/client/mail_client.h"
#include "net/server/http_server.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// The outcome of one attempt, as the answer says it.
struct Verdict {
  enum class Kind { delivered, retry, dead };
  Kind kind = Kind::retry;
  std::optional<Duration> after;  ///< retry: what the receiver asked for, clamped to [1 s, 1 h]
  std::string why;                ///< one line, no URL path, no query, no secret
  bool gone = false;              ///< dead: the endpoint wants nothing any more (410)
};

/// The request or mail of one attempt.
using Outgoing = std::variant<net::ClientRequest, net::MailRequest>;
/// One message, or several that had to wait for the receiver's budget and are sent as one. Oldest first, never empty.
/// Each row's body is read by read_message() (message/stored.h); its `attempts` counts the earlier ones.
using Batch = std::span<const store::OutboxRow>;

/// How many messages a receiver takes in a time. Further ones wait, and are then sent as one.
struct Budget {
  int messages = 0;
  Duration per{};
};

/// What the other end says of itself, by a webhook of its own.
struct Callback {
  enum class Kind {
    refused,       ///< it is not signed by the other end
    ignored,       ///< nothing that matters here
    acknowledged,  ///< somebody there works on a subject
  };
  Kind kind = Kind::ignored;
  std::string id;               ///< the same when it is sent again
  std::string key;              ///< of the subject there: subject_key()
  std::size_t longest_key = 0;  ///< there
  std::string author;           ///< who did it; may be empty
  std::optional<TimePoint> at;  ///< when, by their clock; absent: it does not say
};

class Receiver {
 public:
  virtual ~Receiver() = default;
  /// Writes the request of one attempt; `wall` stamps and signs it. Without a budget() or batch() the batch is one row.
  [[nodiscard]] virtual Outgoing prepare(Batch batch, TimePoint wall) const = 0;
  /// Judges an answer. `attempts` includes the current one. For a mail `status` is the SMTP code.
  [[nodiscard]] virtual Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const = 0;

  [[nodiscard]] virtual std::optional<Budget> budget() const { return std::nullopt; }
  /// Returns how many messages that are due together one attempt carries even without a shortage: more than one if the
  /// other end takes lists.
  [[nodiscard]] virtual std::size_t batch() const { return 1; }
  /// Returns whether a message's file goes along.
  [[nodiscard]] virtual bool attaches() const { return false; }
  /// Returns how often a state must be sent again, nullopt if the receiver takes messages, not states. Of each subject
  /// only the newest message is sent, and again and again while it holds, because the other end takes silence for an
  /// end.
  [[nodiscard]] virtual std::optional<Duration> repeats() const { return std::nullopt; }
  /// Returns this type's own wait before a retry, nullopt for the usual schedule. `attempts` as in classify().
  [[nodiscard]] virtual std::optional<Duration> retry_wait(int /*attempts*/) const { return std::nullopt; }
  /// Returns the version of the remote clock offset that requests are stamped with. A change means that requests under
  /// way carry wrong times and must be sent again, even if they were accepted.
  [[nodiscard]] virtual unsigned terms() const { return 0; }
  /// Returns, for an answer that only says "accepted", the request that polls for the outcome; nullopt if none is
  /// needed. It is sent if classify() said delivered; classify_confirmation() decides then.
  [[nodiscard]] virtual std::optional<net::ClientRequest> confirm(const net::ClientResponse& /*accepted*/) const {
    return std::nullopt;
  }
  /// Reads a webhook of the other end; nullopt if the receiver takes none. Whoever sends it must be checked.
  [[nodiscard]] virtual std::optional<Callback> read_callback(const net::HttpRequest& /*request*/) const {
    return std::nullopt;
  }
  /// Judges the answer to confirm(). `retry` means that the outcome is not known yet: ask again. `attempts` counts the
  /// polls.
  [[nodiscard]] virtual Verdict classify_confirmation(const net::ClientResponse& response, int attempts,
                                                      TimePoint wall) const {
    return classify(response, attempts, wall);
  }
};

}  // namespace crmpulse::collector
