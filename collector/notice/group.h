#pragma once
// Messages about more than one CRM, or about crmpulse itself: digests, agents, vendors, deliveries.

#include "collector/notice/notice.h"

namespace crmpulse::collector {

/// Fills facts, the CRMs concerned, summary, fault, remedy and text. `type`, `subject` and `at` must be there.
void describe_group(Notice& notice, const Message& message, const Audience& audience);

}  // namespace crmpulse::collector
