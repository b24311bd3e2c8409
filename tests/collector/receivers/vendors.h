#pragma once
// Stand-ins for the chats: each answers as its vendor does, refuses what the vendor refuses and counts as it counts.

#include <functional>
#include <string>

#include "tests/collector/support.h"

namespace crmpulse::test {

/// Secret of the stand-ins that check signatures.
inline constexpr std::string_view kChatSecret = "SECdemo-not-a-real-secret";
/// More than this in a minute and the stand-in for DingTalk locks the sender out, as the vendor does.
inline constexpr int kDingTalkPerMinute = 20;

/// The vendor's clock; empty: the machine's.
using VendorClock = std::function<TimePoint()>;

[[nodiscard]] Sink::Behaviour slack_workspace();
[[nodiscard]] Sink::Behaviour teams_workflow();
[[nodiscard]] Sink::Behaviour dingtalk_robot(VendorClock clock = {});
[[nodiscard]] Sink::Behaviour wecom_robot();
[[nodiscard]] Sink::Behaviour feishu_bot(VendorClock clock = {});
[[nodiscard]] Sink::Behaviour discord_channel();
/// By type; empty for a type that is not a chat.
[[nodiscard]] Sink::Behaviour vendor_of(const std::string& type);

}  // namespace crmpulse::test
