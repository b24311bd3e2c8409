#include "tests/support/eventually.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <poll.h>
#endif

namespace crmpulse::test {

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    // Leaves the processor to what is waited for.
#ifdef _WIN32
    ::Sleep(2);
#else
    ::poll(nullptr, 0, 2);
#endif
  }
  return true;
}

}  // namespace crmpulse::test
