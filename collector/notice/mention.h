#pragma once
// Whom a chat calls by name when a message is a page: phone numbers, or everybody.

#include <string>
#include <vector>

#include "config/reader.h"

namespace crmpulse::collector {

struct Mention {
  std::vector<std::string> phones;
  bool all = false;
  [[nodiscard]] bool empty() const { return phones.empty() && !all; }
};

/// `mention: ["13800000000"]`, `mention: all`.
[[nodiscard]] Mention read_mention(config::Reader& item);

}  // namespace crmpulse::collector
