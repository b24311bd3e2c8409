#pragma once
// fmt::print for people at a terminal: what others wrote cannot move its cursor or hide in a line
// (core/text/printable.h).

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

#include "core/text/printable.h"

namespace crmpulse {

template <class... Arguments>
void say(std::FILE* to, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  const std::string out = printable_lines(fmt::format(text, std::forward<Arguments>(arguments)...));
  std::fwrite(out.data(), 1, out.size(), to);
}

}  // namespace crmpulse
