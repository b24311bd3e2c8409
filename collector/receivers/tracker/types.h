#pragma once
// The types that keep incidents one by one, each read from its entry of collector.yaml. What is wrong goes to the
// reader with its line. Null then.

#include <memory>

#include "collector/receivers/base/receiver.h"
#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"

namespace crmpulse::collector {

[[nodiscard]] std::unique_ptr<Receiver> read_alertmanager(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_pagerduty(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_opsgenie(config::Reader& item, const ReceiverSettings& common);

}  // namespace crmpulse::collector
