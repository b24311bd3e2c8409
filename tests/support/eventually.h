#pragma once
#include <chrono>
#include <functional>

namespace crmpulse::test {

/// Looks until `condition` holds; false if it does not within `patience`, which only a test that fails waits for. How
/// long it takes says nothing: the machine may be busy.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds patience = std::chrono::seconds{60});

}  // namespace crmpulse::test
