#pragma once
// The types of chat, each read from its entry of collector.yaml. What is wrong goes to the reader with its line. Null
// then.

#include <memory>

#include "collector/receivers/base/receiver.h"
#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"

namespace crmpulse::collector {

[[nodiscard]] std::unique_ptr<Receiver> read_slack(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_teams(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_dingtalk(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_wecom(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_feishu(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_discord(config::Reader& item, const ReceiverSettings& common);

}  // namespace crmpulse::collector
