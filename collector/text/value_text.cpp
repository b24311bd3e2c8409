#include "collector/text/value_text.h"

namespace crmpulse::collector {

std::string_view level_words(Level level, Language language) {
  if (language == Language::zh) return chinese(level);
  switch (level) {
    case Level::healthy: return "HEALTHY";
    case Level::sub_healthy: return "SUB-HEALTHY";
    case Level::poor: return "POOR";
  }
  return "POOR";
}

}  // namespace crmpulse::collector
