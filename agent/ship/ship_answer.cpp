#include "agent/ship/ship_answer.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/text/ascii.h"
#include "wire/collector_mark.h"

namespace crmpulse::agent {
namespace {

constexpr std::size_t kMaxSearched = 4096;

// What remote-write receivers say of samples they never take, in lower case: Prometheus' write handler and TSDB,
// Thanos' receiver, Cortex' and Mimir's validation, VictoriaMetrics' parser.
constexpr std::array<std::string_view, 14> kOwnWords{"out of order sample",
                                                     "sample out of order",
                                                     "sample timestamp out of order",
                                                     "duplicate sample for timestamp",
                                                     "out of bounds",
                                                     "too old sample",
                                                     "too far in the future",
                                                     "snappy: ",
                                                     "proto: ",
                                                     "err-mimir-",
                                                     "per-user series limit",
                                                     "per-metric series limit",
                                                     "conflict while appending",
                                                     "unpack snappy"};

bool is_page(const net::ClientResponse& response) {
  const std::size_t start = response.body.find_first_not_of(" \t\r\n");
  return ascii::lower(response.header("content-type").substr(0, kMaxSearched)).find("html") != std::string::npos ||
         (start != std::string::npos && response.body[start] == '<');
}

bool may_refuse(int status) {
  return status == 400 || status == 409 || status == 413 || status == 415 || status == 422;
}

/// Receivers have nothing to say when all went well; whoever has is somebody else.
bool is_acceptance(const net::ClientResponse& response, ReceiverKind receiver) {
  if (is_marked(response)) return true;
  if (receiver == ReceiverKind::unknown) return response.body.find_first_not_of(" \t\r\n") == std::string::npos;
  return receiver == ReceiverKind::remote_write;
}

}  // namespace

bool is_marked(const net::ClientResponse& response) {
  return !response.header(wire::kCollectorMark).empty();
}

bool is_own_refusal(const net::ClientResponse& response, ReceiverKind receiver) {
  if (response.failure || !may_refuse(response.status)) return false;
  if (is_marked(response)) return true;
  if (receiver == ReceiverKind::collector || is_page(response)) return false;
  const std::string said = ascii::lower(std::string_view{response.body}.substr(0, kMaxSearched));
  return std::any_of(kOwnWords.begin(), kOwnWords.end(),
                     [&](std::string_view words) { return said.find(words) != std::string::npos; });
}

ShipResult judge(const net::ClientResponse& response, ReceiverKind receiver) {
  if (response.failure) return ShipResult::retry;
  if (response.status >= 200 && response.status < 300)
    return is_acceptance(response, receiver) ? ShipResult::accepted : ShipResult::retry;
  if (response.status == 413) return ShipResult::too_large;
  return is_own_refusal(response, receiver) ? ShipResult::refused : ShipResult::retry;
}

}  // namespace crmpulse::agent
