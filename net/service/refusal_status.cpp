#include <fmt/format.h>

#include "net/service/service_notify.h"

namespace crmpulse::net {

std::string refusal_status(const Problems& problems) {
  if (problems.empty()) return "refused";
  const std::size_t more = problems.size() - 1;
  return fmt::format("refused: {}{}", to_string(problems.front()),
                     more == 0   ? std::string{}
                     : more == 1 ? std::string{" (and one more problem)"}
                                 : fmt::format(" (and {} more problems)", more));
}

}  // namespace crmpulse::net
