#pragma once
// Messages as the outbox stores them: one fixed incident in all its events, and what is not about an incident.

#include <string>
#include <string_view>
#include <vector>

#include "collector/configuration/settings.h"
#include "store/collector/collector_store.h"

namespace crmpulse::test {

struct MessageOptions {
  std::string crm = "acme-sf";
  std::string long_text = {};  ///< appended to reasons, remedies and evidence
  collector::Language language = collector::Language::en;
};

/// Every `type` of docs/reference.md, "Messages", that goes to receivers.
[[nodiscard]] const std::vector<std::string>& message_types();
/// An outbox row as programs before version 1 of the stored messages queued it: as JSON.
[[nodiscard]] store::OutboxRow queued_as_json(const std::string& type, const MessageOptions& options = {});
/// The same, as it is queued today.
[[nodiscard]] store::OutboxRow message(const std::string& type, const MessageOptions& options = {});
/// What the title must say of it, in the receiver's language.
[[nodiscard]] std::string state_words(std::string_view type, collector::Language language);
/// Its body has failing dimensions.
[[nodiscard]] bool has_failing(std::string_view type);

}  // namespace crmpulse::test
