#pragma once
// Short words of what commands print, in the reader's language.

#include "probes/recipe/recipe.h"

namespace crmpulse::agent {

struct Words {
  bool chinese;
  [[nodiscard]] const char* operator()(const char* en, const char* zh) const { return chinese ? zh : en; }
  [[nodiscard]] const std::string& operator()(const probes::Text& text) const { return chinese ? text.zh : text.en; }
};

}  // namespace crmpulse::agent
