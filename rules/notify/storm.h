#pragma once
// Many incidents opening, or getting worse, at once become one message per receiver: docs/health-states.md, "Digests".

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "core/rule.h"
#include "rules/crm/message.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// Counts how many openings each receiver got lately, and gathers further ones into a digest.
class AlertGrouper {
 public:
  /// Makes one gate (the state of a receiver) for each receiver, in their order, keeping those of the same name.
  void align(const std::vector<ReceiverSpec>& receivers);
  /// Returns the earliest instant at which receiver number `index` gets a new incident, kUnset for at any time.
  [[nodiscard]] TimePoint opens_from(std::size_t index) const { return gates_[index].gathers_until; }
  /// Notes that an incident of a digest gets worse: further ones may follow within kGather, and are sent together.
  void rise(std::size_t index, TimePoint now);
  [[nodiscard]] TimePoint rises_from(std::size_t index) const { return gates_[index].rises_from; }
  static constexpr Duration kGather = std::chrono::seconds{15};
  /// Counts the `opened` and the `escalated` messages of one step, each kind by itself; if a receiver gets too many
  /// they become one digest. Returns true if it counted any.
  bool fold(const std::vector<ReceiverSpec>& receivers, const NotificationPolicy& settings, TimePoint now,
            std::vector<Message>& messages);

  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  static constexpr auto fields() { return std::tuple{Field{1, &AlertGrouper::gates_}}; }

 private:
  struct ReceiverGroup {
    std::string receiver;
    std::vector<TimePoint> opens;  ///< handed over one by one within the window; never more than the limit
    TimePoint gathers_until = kUnset;
    std::int64_t seq = 0;
    std::vector<TimePoint> rises;   ///< escalations, as `opens`; not saved
    TimePoint rises_from = kUnset;  ///< not saved
    static constexpr auto fields() {
      return std::tuple{Field{1, &ReceiverGroup::receiver}, Field{2, &ReceiverGroup::opens},
                        Field{3, &ReceiverGroup::gathers_until}, Field{4, &ReceiverGroup::seq}};
    }
  };
  static Message digest(ReceiverGroup& gate, std::vector<Message*> opened, TimePoint now);
  static bool fold_rises(ReceiverGroup& gate, const NotificationPolicy& settings, TimePoint now,
                         std::vector<Message>& messages, std::vector<Message>& digests);

  std::vector<ReceiverGroup> gates_;
};

}  // namespace crmpulse::rules
