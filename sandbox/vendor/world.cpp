#include "sandbox/vendor/vendor_api.h"

#include "sandbox/vendor/faults.h"

namespace crmpulse::sandbox {

const FaultRule* World::fault(std::string_view name, std::string_view operation) const {
  for (const FaultRule& rule : faults) {
    if (rule.fault == name && is_for(rule, operation)) return &rule;
  }
  return nullptr;
}

std::string_view World::missing(std::string_view operation) const {
  const FaultRule* rule = fault("missing_field", operation);
  return rule != nullptr ? std::string_view{rule->name} : std::string_view{};
}

}  // namespace crmpulse::sandbox
