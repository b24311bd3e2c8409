#include "collector/metrics/exposition_text.h"

#include <algorithm>
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

/// OpenMetrics escapes quotes here, too.
void append_help(std::string& out, std::string_view help, PageFormat format) {
  for (const char letter : help) {
    if (letter == '\\') {
      out += "\\\\";
    } else if (letter == '\n') {
      out += "\\n";
    } else if (letter == '"' && format == PageFormat::open_metrics) {
      out += "\\\"";
    } else {
      out += letter;
    }
  }
}

/// The base units that OpenMetrics knows and a name here may end in; empty without one.
std::string_view unit_of(std::string_view family) {
  for (const std::string_view unit : {"seconds", "bytes", "ratio"}) {
    const bool ends = family.size() > unit.size() && family.ends_with(unit);
    if (ends && family[family.size() - unit.size() - 1] == '_') return unit;
  }
  return {};
}

/// OpenMetrics's name for a family: that of a counter is without what its samples end in.
std::string_view family_name(std::string_view name, std::string_view type) {
  constexpr std::string_view kTotal = "_total";
  if (type == "counter" && name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

std::string_view type_name(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return "counter";
    case prometheus::MetricType::Gauge: return "gauge";
    default: return "untyped";
  }
}

double value_of(const prometheus::ClientMetric& metric, prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return metric.counter.value;
    case prometheus::MetricType::Gauge: return metric.gauge.value;
    default: return metric.untyped.value;
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

void append_header(std::string& out, PageFormat format, std::string_view name, std::string_view help,
                   std::string_view type) {
  const bool open = format == PageFormat::open_metrics;
  if (open) {
    name = family_name(name, type);
    if (type == "untyped") type = "unknown";
  }
  out.append("# HELP ").append(name).append(" ");
  append_help(out, help, format);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  const std::string_view unit = open ? unit_of(name) : std::string_view{};
  if (!unit.empty()) out.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
}

void append_family(std::string& out, PageFormat format, const prometheus::MetricFamily& family) {
  if (family.metric.empty()) return;
  append_header(out, format, family.name, family.help, type_name(family.type));
  std::vector<TextLabel> labels;
  for (const prometheus::ClientMetric& metric : family.metric) {
    out += family.name;
    if (!metric.label.empty()) {
      labels.clear();
      for (const auto& label : metric.label) labels.emplace_back(label.name, label.value);
      out += '{';
      append_labels(out, labels);
      out += '}';
    }
    out += ' ';
    append_value(out, value_of(metric, family.type));
    out += '\n';
  }
}

void append_end(std::string& out, PageFormat format) {
  if (format == PageFormat::open_metrics) out += "# EOF\n";
}

void append_value(std::string& out, std::uint64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void append_time(std::string& out, TimePoint time, PageFormat format) {
  const std::int64_t millis = unix_millis(time);
  std::array<char, 24> digits{};
  if (format == PageFormat::text) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), millis);
    out.append(digits.data(), end.ptr);
    return;
  }
  const std::int64_t known = std::max<std::int64_t>(millis, 0);  // nothing was measured before 1970
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), known / 1000);
  out.append(digits.data(), end.ptr);
  const auto part = static_cast<int>(known % 1000);
  const std::array<char, 4> fraction{'.', static_cast<char>('0' + part / 100), static_cast<char>('0' + part / 10 % 10),
                                     static_cast<char>('0' + part % 10)};
  out.append(fraction.data(), fraction.size());
}

void append_bound(std::string& out, double bound, PageFormat format) {
  append_value(out, bound);
  if (format == PageFormat::open_metrics && std::isfinite(bound) && bound == std::trunc(bound)) out += ".0";
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

void FamilyText::move_to(std::string& out, PageFormat format) {
  if (pieces_.empty()) return;
  append_header(out, format, name_, help_, type_);
  for (std::string& piece : pieces_) {
    out += piece;
    piece = std::string{};
  }
  pieces_.clear();
}

}  // namespace crmpulse::collector
