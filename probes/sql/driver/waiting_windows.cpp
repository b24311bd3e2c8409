#include <windows.h>

#include <algorithm>
#include <system_error>

#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {
namespace {

HANDLE handle_of(std::intptr_t waitable) {
  return reinterpret_cast<HANDLE>(waitable);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

Cancel::~Cancel() {
  if (waitable_ != kNone) CloseHandle(handle_of(waitable_));
}

void Cancel::request() {
  const std::lock_guard lock{mutex_};
  requested_ = true;
  if (waitable_ != kNone) SetEvent(handle_of(waitable_));
}

std::intptr_t Cancel::waitable() const {
  const std::lock_guard lock{mutex_};
  if (waitable_ != kNone) return waitable_;
  const HANDLE event = CreateEventW(nullptr, TRUE, requested_ ? TRUE : FALSE, nullptr);
  if (event == nullptr)
    throw std::system_error(static_cast<int>(GetLastError()), std::system_category(), "CreateEvent");
  waitable_ = reinterpret_cast<std::intptr_t>(event);
  return waitable_;
}

Wait wait_for(const Cancel& what, const Limits& limits) {
  while (!what.requested()) {
    if (limits.over()) return Wait::expired;
    const HANDLE handles[2] = {handle_of(what.waitable()),
                               limits.cancel != nullptr ? handle_of(limits.cancel->waitable()) : nullptr};
    const auto patience = static_cast<DWORD>(std::min<std::int64_t>(remaining(limits).count(), 60'000));
    WaitForMultipleObjects(limits.cancel != nullptr ? 2 : 1, handles, FALSE, patience);
  }
  return Wait::ready;
}

}  // namespace crmpulse::probes::sql
