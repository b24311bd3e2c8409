#include "sandbox/vendor/vendor_api.h"

#include "sandbox/vendor/faults.h"

namespace crmpulse::sandbox {

const FaultRule* World::fault(std::string_view name, std::string_view operation) const {
  for (const FaultRule& rule : faults) {
    if (rule.fault == name && is_for(rule, operation)) return &rule;
  }
  return nullptr;
}

}  // namespace crmpulse::sandbox
