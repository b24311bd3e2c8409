#include "sandbox/expression/refusal.h"

#include <stdexcept>

namespace crmpulse::sandbox {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::runtime_error(refusal.message);
}

}  // namespace crmpulse::sandbox
