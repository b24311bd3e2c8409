#pragma once
// How states become messages: the `settings` of the rules files.

#include <chrono>
#include <string>
#include <vector>

#include "core/time/time.h"
#include "core/vendor.h"

namespace crmpulse {

/// When CRMs of one kind failing together are taken for an outage of their vendor.
struct VendorOutage {
  int crms = 5;                              ///< at least so many of them …
  double share = 0.6;                        ///< … and this share of all of the kind became poor …
  Duration window{std::chrono::minutes{5}};  ///< … within so long
  /// Kinds that a vendor runs for everybody; CRMs that stand in many places fail together by chance only.
  std::vector<std::string> kinds = vendor_kinds();
  friend bool operator==(const VendorOutage&, const VendorOutage&) = default;
};

struct NotificationPolicy {
  Duration group_wait_sub{std::chrono::seconds{30}};
  Duration group_wait_poor{};
  Duration settle{std::chrono::seconds{60}};
  Duration repeat_sub{std::chrono::hours{4}};
  Duration repeat_poor{std::chrono::minutes{30}};
  int flap_changes = 6;
  Duration flap_window{std::chrono::minutes{60}};
  int flap_ends_at = 2;
  Duration flap_stable{std::chrono::minutes{15}};
  Duration ack_expiry{std::chrono::hours{8}};
  int startup_grace = 2;  ///< evaluations
  int digest_opens = 10;
  Duration digest_window{std::chrono::seconds{60}};
  double score_sub = 80;
  double score_poor = 50;
  double score_band = 3;
  /// An agent from which nothing came for so long is lost. Agents speak at least every 30 s.
  Duration agent_lost_after{std::chrono::seconds{60}};
  VendorOutage vendor_outage;
  friend bool operator==(const NotificationPolicy&, const NotificationPolicy&) = default;
};

}  // namespace crmpulse
