#pragma once
// Structured log to standard error: one event a line, text or JSON. Thread-safe. Log changes of state, not
// repetitions; failures of probes are data, not log lines.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

struct Field {
  std::string_view key;
  std::string value;
};

void configure(Level level, Format format);
/// Takes an event's text with its fields; on any thread, one call at a time.
using Sink = std::function<void(Level, std::string_view text)>;
/// From now on events go there and not to standard error: a manager of services that keeps a log of its own notes time
/// and level itself. An empty one leads back.
void set_sink(Sink sink);
[[nodiscard]] Result<Level> level_from(std::string_view name);    ///< debug, info, warning, error
[[nodiscard]] Result<Format> format_from(std::string_view name);  ///< text, json

void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::warning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, message, fields);
}

}  // namespace crmpulse::log
