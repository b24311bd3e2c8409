#pragma once
// What receivers were told about things other than CRMs: an agent, a vendor.

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "rules/crm/crm.h"
#include "rules/crm/message.h"

namespace crmpulse::rules {

inline constexpr std::size_t kMostListed = 20;

/// What one receiver was told of one agent or vendor.
struct Notice {
  std::string receiver;
  std::vector<std::string> causes;  ///< it was told of these; empty: of nothing that still goes on
  std::int64_t seq = 0;

  [[nodiscard]] bool on() const { return !causes.empty(); }
  static constexpr auto fields() {
    return std::tuple{Field{1, &Notice::receiver}, Field{2, &Notice::causes}, Field{3, &Notice::seq}};
  }
};

/// Makes one notice for each receiver, in their order, keeping those of the same name.
void align(std::vector<Notice>& notices, const std::vector<ReceiverSpec>& receivers);

/// Ascending, also over a thing that was forgotten and came back: the outbox takes a number once.
[[nodiscard]] inline std::int64_t next_seq(std::int64_t last, TimePoint now) {
  return std::max(last + 1, unix_millis(now));
}

/// Adds the CRMs to the message, the worst first, at most kMostListed in full.
void list_crms(Message& message, std::vector<const Crm*> crms, TimePoint now);

}  // namespace crmpulse::rules
