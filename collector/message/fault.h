#pragma once
// Whose fault it looks like: from the newest failures and what is known around them (the vendor's own status, the
// agent's network, what other agents and other CRMs of the kind see), else from which dimensions fail. A guess with its
// facts in words, never certainty.

#include <optional>

#include "collector/message/message.h"
#include "collector/state/crm_registry.h"
#include "core/words/clock.h"
#include "rules/engine.h"

namespace crmpulse::collector {

/// Decides who is to blame. `facts` and `book` may be null: then only the CRM itself is looked at. Failures older than
/// fifteen minutes do not count (longer while the agent stretches its intervals). Times in its words are of `zone`.
[[nodiscard]] Fault judge_fault(const rules::CrmStatus& status, const CrmFacts* facts, TimePoint now,
                                const CrmRegistry* book, const ZonePtr& zone = {});

/// What the vendor's own status page says of the CRM's instances now, nullopt if it is fine or not asked. Holds whether
/// or not the CRM fails.
[[nodiscard]] std::optional<Fault> vendor_report(const CrmFacts& facts, TimePoint now, const ZonePtr& zone);

}  // namespace crmpulse::collector
