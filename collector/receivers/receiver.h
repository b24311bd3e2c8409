#pragma once
// Where alerts go. A kind of receiver is one .cpp here and one line in table.cpp. Receivers are stateless: what is
// sent and tried again is the notifier's business.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "collector/settings.h"
#include "config/reader.h"
#include "core/error.h"
#include "net/http_client.h"
#include "net/mail_client.h"
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
  /// Returns the version of the remote clock offset that requests are stamped with. A change means that requests under
  /// way carry wrong times and must be sent again, even if they were accepted.
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

struct ReceiverType {
  std::string_view name;
  /// Reads what this type needs beside the common keys; what is wrong goes to the reader with its line. Null then.
  std::unique_ptr<Receiver> (*read)(config::Reader& item, const ReceiverSettings& common);
  /// The storm digest is for it. False where incidents are tracked one by one and grouped at the other end.
  bool digests = true;
};
[[nodiscard]] std::span<const ReceiverType> receiver_types();
/// nullptr for a type nobody knows.
[[nodiscard]] const ReceiverType* find_receiver_type(std::string_view name);

[[nodiscard]] std::unique_ptr<Receiver> read_webhook(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_slack(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_teams(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_dingtalk(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_wecom(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_feishu(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_discord(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_alertmanager(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_pagerduty(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_opsgenie(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_email(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_cloudevents(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_zapier(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_ifttt(config::Reader& item, const ReceiverSettings& common);

// ---- what several types share ----

/// `url`, `url_file`, …: an http(s) address, required, checked against the address policy (key `allow_private`). Empty
/// after a problem. With a `fallback` the key may be left out.
[[nodiscard]] Secret read_address(config::Reader& item, std::string_view fallback = {});
/// The longest wait a receiver may ask for.
inline constexpr Duration kLongestWait{std::chrono::hours{1}};
/// What a plain HTTP endpoint means by its answer. Only 410 is for good: whatever else is refused may be said by
/// something before it (an ingress without its service, a login page, a proxy), so it is tried again like what fails.
[[nodiscard]] Verdict classify_plain_http(const net::ClientResponse& response, int attempts, TimePoint wall);

}  // namespace crmpulse::collector
