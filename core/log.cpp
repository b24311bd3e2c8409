#include "core/log.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <utility>

#include "core/text/printable.h"
#include "core/time/clock.h"

namespace crmpulse::log {
namespace {

std::atomic<Level> threshold{Level::info};
std::atomic<Format> format{Format::text};
std::mutex output_mutex;
Sink sink;  ///< under output_mutex

std::string_view name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

void append_json_string(std::string& out, std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  out += '"';
  append_printable(out, escaped);
  out += '"';
}

std::string as_json(Level level, std::string_view message, std::initializer_list<Field> fields) {
  std::string out = fmt::format(R"({{"at":"{}","level":"{}","message":)", format_time(wall_now()), name(level));
  append_json_string(out, message);
  for (const Field& field : fields) {
    out += ',';
    append_json_string(out, field.key);
    out += ':';
    append_json_string(out, field.value);
  }
  return out + "}\n";
}

std::string as_text(std::string_view message, std::initializer_list<Field> fields) {
  std::string out = printable(message);
  for (const Field& field : fields) {
    out += fmt::format(" {}=", field.key);
    const bool plain = field.value.find_first_of(" \"\\=") == std::string::npos && is_printable(field.value);
    if (plain && !field.value.empty()) {
      out += field.value;
    } else {
      append_json_string(out, field.value);
    }
  }
  return out;
}

void print(Level level, std::string_view message, std::initializer_list<Field> fields) {
  const std::string line = format.load() == Format::json ? as_json(level, message, fields)
                                                         : fmt::format("{} {:<7} {}\n", format_time(wall_now()),
                                                                       name(level), as_text(message, fields));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void configure(Level level, Format wanted) {
  threshold = level;
  format = wanted;
}

void set_sink(Sink wanted) {
  const std::lock_guard lock{output_mutex};
  sink = std::move(wanted);
}

Result<Level> level_from(std::string_view text) {
  for (const Level level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (name(level) == text) return level;
  }
  return Error{fmt::format("'{}' is not a log level; use debug, info, warning or error", text)};
}

Result<Format> format_from(std::string_view text) {
  if (text == "text") return Format::text;
  if (text == "json") return Format::json;
  return Error{fmt::format("'{}' is not a log format; use text or json", text)};
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < threshold.load()) return;
  const std::lock_guard lock{output_mutex};
  if (sink) return sink(level, as_text(message, fields));
  print(level, message, fields);
}

}  // namespace crmpulse::log
