#pragma once
// What is in a company, counted without the query evaluator: tests hold the agent's metrics against it.

#include <boost/json/object.hpp>

#include "sandbox/company/company.h"

namespace crmpulse::sandbox {

/// {"now", "objects": {"account": {"count","created_24h","modified_24h","newest","missing":{field: n}, …}, …}, …};
/// docs/sandbox.md lists the members.
[[nodiscard]] boost::json::object truth_of(const Company& company, TimePoint now);

}  // namespace crmpulse::sandbox
