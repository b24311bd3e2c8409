#include "core/time/clock.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

namespace crmpulse {
namespace {

Duration boot_time() {
#ifdef _WIN32
  return Duration{static_cast<std::int64_t>(GetTickCount64())};
#else
  timespec value{};
  clock_gettime(CLOCK_BOOTTIME, &value);
  return Duration{static_cast<std::int64_t>(value.tv_sec) * 1000 + value.tv_nsec / 1'000'000};
#endif
}

}  // namespace

SystemClock::SystemClock() : offset_(wall_now().time_since_epoch() - boot_time()) {}

TimePoint SystemClock::now() const {
  return TimePoint{boot_time() + offset_};
}

TimePoint wall_now() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace crmpulse
