#pragma once
// Whose fault it looks like: from the newest failures, else from which dimensions fail. A guess with a reason, never
// certainty.

#include <string>
#include <string_view>

#include "collector/crm_book.h"
#include "rules/engine.h"

namespace crmpulse::collector {

struct Fault {
  std::string_view verdict =
      "unknown";  ///< vendor, network, credentials, quota, automation, data, database, agent, unknown
  std::string why_en;
  std::string why_zh;
};

/// `facts` may be null. Failures older than fifteen minutes before `now` do not speak.
[[nodiscard]] Fault judge_fault(const rules::CrmStatus& status, const CrmFacts* facts, TimePoint now);

}  // namespace crmpulse::collector
