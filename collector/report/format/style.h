#pragma once
// How a report looks on a screen, light and dark, at any width, and on A4.

#include <string_view>

namespace crmpulse::collector::report {

[[nodiscard]] std::string_view report_style();

}  // namespace crmpulse::collector::report
