// Lets unordered maps with keys of text be asked with views, without a string being made.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace crmpulse {

/// Use it with std::equal_to<>.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace crmpulse
