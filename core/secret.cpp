#include "core/secret.h"

namespace crmpulse {

bool equal_in_constant_time(const std::string& a, const std::string& b) {
  // Lengths may differ visibly; contents may not. Walks `b` whatever `a` is.
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const char other = i < a.size() ? a[i] : '\0';
    difference =
        static_cast<unsigned char>(difference | (static_cast<unsigned char>(other) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

}  // namespace crmpulse
