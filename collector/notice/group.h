#pragma once
// Messages about more than one CRM, or about crmpulse itself: digests, agents, vendors, deliveries.

#include <boost/json.hpp>

#include "collector/notice/notice.h"

namespace crmpulse::collector {

/// Fills facts, summary, fault, remedy and the CRMs concerned. `type`, `subject` and `at` must be there.
void read_group(Notice& notice, const boost::json::object& body, Language language);

}  // namespace crmpulse::collector
