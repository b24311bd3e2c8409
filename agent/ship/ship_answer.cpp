#include "agent/ship/ship_answer.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/text/ascii.h"
#include "wire/collector_mark.h"

namespace crmpulse::agent {
namespace {

constexpr std::size_t kMaxSearched = 4096;

struct OwnWord {
  std::string_view words;
  std::string_view reason;
};

// What remote-write receivers say of samples they never take, in lower case: Prometheus' write handler and TSDB,
// Thanos' receiver, Cortex' and Mimir's validation, VictoriaMetrics' parser. The first that is found names the reason.
constexpr std::array kOwnWords{OwnWord{"too old sample", "too_old"},
                               OwnWord{"err-mimir-sample-timestamp-too-old", "too_old"},
                               OwnWord{"err-mimir-sample-out-of-order", "out_of_order"},
                               OwnWord{"err-mimir-sample-duplicate-timestamp", "duplicate"},
                               OwnWord{"err-mimir-too-far-in-future", "too_new"},
                               OwnWord{"err-mimir-max-series", "limit"},
                               OwnWord{"out of order sample", "out_of_order"},
                               OwnWord{"sample out of order", "out_of_order"},
                               OwnWord{"sample timestamp out of order", "out_of_order"},
                               OwnWord{"duplicate sample for timestamp", "duplicate"},
                               OwnWord{"too far in the future", "too_new"},
                               OwnWord{"out of bounds", "out_of_bounds"},
                               OwnWord{"per-user series limit", "limit"},
                               OwnWord{"per-metric series limit", "limit"},
                               OwnWord{"snappy: ", "malformed"},
                               OwnWord{"unpack snappy", "malformed"},
                               OwnWord{"proto: ", "malformed"},
                               OwnWord{"err-mimir-", "other"},
                               OwnWord{"conflict while appending", "other"}};

/// Null: it has none of these words.
const OwnWord* own_word_in(const net::ClientResponse& response) {
  const std::string said = ascii::lower(std::string_view{response.body}.substr(0, kMaxSearched));
  const auto* const found = std::find_if(kOwnWords.begin(), kOwnWords.end(), [&](const OwnWord& word) {
    return said.find(word.words) != std::string::npos;
  });
  return found == kOwnWords.end() ? nullptr : found;
}

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
  return own_word_in(response) != nullptr;
}

std::string_view refusal_reason(const net::ClientResponse& response) {
  if (const OwnWord* word = own_word_in(response)) return word->reason;
  // The collector's own word for it.
  const bool future = is_marked(response) && response.body.find("\"future\"") != std::string::npos;
  return future ? "too_new" : "other";
}

ShipResult judge(const net::ClientResponse& response, ReceiverKind receiver) {
  if (response.failure) return ShipResult::retry;
  if (response.status >= 200 && response.status < 300)
    return is_acceptance(response, receiver) ? ShipResult::accepted : ShipResult::retry;
  if (response.status == 413) return ShipResult::too_large;
  return is_own_refusal(response, receiver) ? ShipResult::refused : ShipResult::retry;
}

}  // namespace crmpulse::agent
