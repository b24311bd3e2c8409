#pragma once
// The languages people read.

#include <string>

namespace crmpulse::collector {

enum class Language { en, zh };

struct Bilingual {
  std::string en;
  std::string zh;
};

}  // namespace crmpulse::collector
