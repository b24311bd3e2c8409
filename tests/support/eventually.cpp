#include "tests/support/eventually.h"

#include <poll.h>

namespace crmpulse::test {

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 2);  // leaves the processor to what is waited for
  }
  return true;
}

}  // namespace crmpulse::test
