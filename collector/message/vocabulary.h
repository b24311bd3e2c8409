#pragma once
// The names of closed lists (events, stages, reasons, operations) as people read them.

#include <string>
#include <string_view>

#include "collector/text/language.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Returns `opened`, 发生 for `incident.opened`; an event that is not known stays as it is.
[[nodiscard]] std::string_view event_words(std::string_view event, Language language);
/// Returns 查询 for `query`; the name itself in English, or if it is somebody's own.
[[nodiscard]] std::string_view operation_words(std::string_view operation, Language language);
/// Returns `connect/timeout`, 连接阶段超时.
[[nodiscard]] std::string failure_words(std::string_view stage, std::string_view reason, Language language);
/// Returns what became of a message: `queued for oncall: opened`, `delivered to oncall: opened`.
[[nodiscard]] Bilingual delivery_words(std::string_view receiver, std::string_view event, store::DeliveryStatus status);
/// The same of a message of which the outbox knows nothing any more.
[[nodiscard]] Bilingual past_delivery_words(std::string_view receiver, std::string_view event);

}  // namespace crmpulse::collector
