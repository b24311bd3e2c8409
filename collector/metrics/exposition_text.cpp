#include "collector/metrics/exposition_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

/// Not 0 where one of the eight bytes is `byte` (Bit Twiddling Hacks, "Determine if a word has a byte equal to n").
constexpr std::uint64_t has_byte(std::uint64_t word, std::uint64_t byte) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t other = word ^ (kOnes * byte);
  return (other - kOnes) & ~other & (kOnes * 0x80);
}

bool is_plain(std::string_view value) {
  std::size_t i = 0;
  for (; i + 8 <= value.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, value.data() + i, 8);
    if ((has_byte(word, '\\') | has_byte(word, '"') | has_byte(word, '\n') | has_byte(word, '\0')) != 0) return false;
  }
  for (; i < value.size(); ++i) {
    if (value[i] == '\\' || value[i] == '"' || value[i] == '\n' || value[i] == '\0') return false;
  }
  return true;
}

char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

void append_help(std::string& out, std::string_view help) {
  for (const char letter : help) {
    if (letter == '\\') {
      out += "\\\\";
    } else if (letter == '\n') {
      out += "\\n";
    } else {
      out += letter;
    }
  }
}

}  // namespace

char* text_format::put_label(char* at, std::string_view name, std::string_view value) {
  at = put(at, name);
  at = put(at, "=\"");
  if (is_plain(value)) {
    at = put(at, value);
  } else {
    for (const char letter : value) {
      if (letter == '\0') continue;  // the format has no way to write it, and readers take it for the end
      if (letter == '\\' || letter == '"' || letter == '\n') *at++ = '\\';
      *at++ = letter == '\n' ? 'n' : letter;
    }
  }
  return put(at, "\",");
}

void append_key_labels(std::string& out, std::string_view key) {
  // A label has at least six bytes of its key to itself and four here, so that twice the key is always enough.
  const std::size_t before = out.size();
  out.resize(before + 2 * key.size());
  char* at = out.data() + before;
  wire::KeyLabels labels{key};
  for (auto label = labels.next(); label; label = labels.next()) {
    if (label->name != wire::kMetricName) at = text_format::put_label(at, label->name, label->value);
  }
  if (at != out.data() + before) --at;  // the last comma
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void append_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    constexpr double kWhole = 1e15;  // below it every whole number is exact, and written as one
    std::array<char, 32> digits{};
    const auto end = std::fabs(value) < kWhole && value == std::trunc(value) && !(value == 0 && std::signbit(value))
                         ? std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(value))
                         : std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end.ptr);
  }
}

void append_header(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  out.append("# HELP ").append(name).append(" ");
  append_help(out, help);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_value(std::string& out, std::uint64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void append_millis(std::string& out, TimePoint time) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), unix_millis(time));
  out.append(digits.data(), end.ptr);
}

std::string& FamilyText::room() {
  constexpr std::size_t kPiece = 64 * 1024;
  constexpr std::size_t kLine = 4 * 1024;  // a longer one makes its piece grow
  if (pieces_.empty() || pieces_.back().size() + kLine > kPiece) pieces_.emplace_back().reserve(kPiece);
  return pieces_.back();
}

void FamilyText::add(std::string_view common, std::initializer_list<TextLabel> more, double value) {
  std::string& out = room();
  out.append(name_).append("{").append(common);
  if (more.size() > 0) {
    out += ',';
    const std::size_t before = out.size();
    append_labels(out, more);
    if (out.size() == before) out.pop_back();
  }
  out += "} ";
  append_value(out, value);
  out += '\n';
}

void FamilyText::add_part(std::string_view suffix, std::string_view common, std::string_view end, std::uint64_t count) {
  std::string& out = room();
  out.append(name_).append(suffix).append("{").append(common).append(end);
  append_value(out, count);
  out += '\n';
}

void FamilyText::add_part(std::string_view suffix, std::string_view common, std::string_view end, double value) {
  std::string& out = room();
  out.append(name_).append(suffix).append("{").append(common).append(end);
  append_value(out, value);
  out += '\n';
}

void FamilyText::move_to(std::string& out) {
  if (pieces_.empty()) return;
  append_header(out, name_, help_, type_);
  for (std::string& piece : pieces_) {
    out += piece;
    piece = std::string{};
  }
  pieces_.clear();
}

}  // namespace crmpulse::collector
