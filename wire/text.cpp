#include "wire/text.h"

#include <array>

namespace crmpulse::wire {
namespace {

enum : unsigned char { kLetter = 1, kDigit = 2, kColon = 4 };

constexpr std::array<unsigned char, 256> classes() {
  std::array<unsigned char, 256> table{};
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = kLetter;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = kLetter;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = kDigit;
  table['_'] = kLetter;
  table[':'] = kColon;
  return table;
}
constexpr std::array<unsigned char, 256> kClasses = classes();

bool is_name(std::string_view name, unsigned char first, unsigned char rest) {
  if (name.empty() || (kClasses[static_cast<unsigned char>(name.front())] & first) == 0) return false;
  for (const char c : name) {
    if ((kClasses[static_cast<unsigned char>(c)] & rest) == 0) return false;
  }
  return true;
}

}  // namespace

bool is_label_name(std::string_view name) {
  return is_name(name, kLetter, kLetter | kDigit);
}
bool is_metric_name(std::string_view name) {
  return is_name(name, kLetter | kColon, kLetter | kDigit | kColon);
}

}  // namespace crmpulse::wire
