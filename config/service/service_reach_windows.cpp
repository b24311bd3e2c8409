#include "config/service/service_reach.h"

namespace crmpulse::config {

// Access lists say who reads what there: `service install` sets them, and agent/windows/access.h looks at them.
std::vector<std::string> unreadable_for_service(const std::string&, const std::string&, const std::vector<std::string>&) {
  return {};
}

}  // namespace crmpulse::config
