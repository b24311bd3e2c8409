#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <vector>

#include "collector/receivers/receiver.h"
#include "net/backoff.h"

namespace crmpulse::collector {
namespace {

constexpr std::array kTypes{
    ReceiverType{"webhook", make_webhook},
};

}  // namespace

std::span<const ReceiverType> receiver_types() {
  return kTypes;
}

Result<std::unique_ptr<Receiver>> make_receiver(const ReceiverSettings& settings) {
  std::vector<std::string_view> known;
  for (const ReceiverType& type : kTypes) {
    if (type.name == settings.type) return type.make(settings);
    known.push_back(type.name);
  }
  return Error{fmt::format("unknown receiver type '{}'; known: {}", settings.type, fmt::join(known, ", "))};
}

Verdict classify_plain_http(const net::ClientResponse& response, int attempts, TimePoint wall) {
  if (response.status == 0) {
    return {Verdict::Kind::retry, {}, response.failure ? response.failure->message : "no answer", false};
  }
  const int status = response.status;
  std::string why = fmt::format("HTTP {}", status);
  if (status >= 200 && status < 300) return {Verdict::Kind::delivered, {}, std::move(why), false};
  if (status == 410) return {Verdict::Kind::dead, {}, "HTTP 410: the endpoint wants no more messages", true};
  const std::optional<Duration> asked = net::parse_retry_after(response.header("retry-after"), wall);
  const bool transient = status == 408 || status == 425 || status == 429 || status >= 500 || status < 200;
  if (transient) return {Verdict::Kind::retry, asked, std::move(why), false};
  if (status < 400) why += ": redirects are not followed";
  const bool exhausted = attempts >= kTriesWhenRefused;
  return {exhausted ? Verdict::Kind::dead : Verdict::Kind::retry, asked, std::move(why), false};
}

}  // namespace crmpulse::collector
