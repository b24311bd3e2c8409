#include "collector/exposition.h"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace crmpulse::collector {

std::string Exposition::text() const {
  std::ostringstream out;
  const prometheus::TextSerializer serializer;
  for (const auto& source : sources_) serializer.Serialize(out, source->Collect());
  return std::move(out).str();
}

}  // namespace crmpulse::collector
