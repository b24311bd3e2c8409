#include "core/words/locale.h"

#include <cstdlib>

namespace crmpulse {

Language spoken_language(std::string_view named) {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (!named.empty()) break;
    const char* const value = std::getenv(name);
    if (value != nullptr) named = value;
  }
  return named.starts_with("zh") ? Language::zh : Language::en;
}

}  // namespace crmpulse
