#pragma once
// The types that take JSON by HTTP, each read from its entry of collector.yaml. What is wrong goes to the reader with
// its line. Null then.

#include <memory>

#include "collector/receivers/base/receiver.h"
#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"

namespace crmpulse::collector {

[[nodiscard]] std::unique_ptr<Receiver> read_webhook(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_cloudevents(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_zapier(config::Reader& item, const ReceiverSettings& common);
[[nodiscard]] std::unique_ptr<Receiver> read_ifttt(config::Reader& item, const ReceiverSettings& common);

}  // namespace crmpulse::collector
