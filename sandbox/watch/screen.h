#pragma once
// The whole screen of the watcher as lines: a pure function of what is known and of the terminal's size.

#include <deque>
#include <string>
#include <vector>

#include "core/time/time.h"
#include "sandbox/watch/alerts.h"
#include "sandbox/watch/table.h"

namespace crmpulse::sandbox {

/// What is known.
struct View {
  std::string collector;  ///< its address
  bool sandbox = false;   ///< with a menu and alerts
  Language language = Language::en;
  bool colour = false;
  Duration shown{};          ///< since the watcher began
  std::vector<CrmRow> rows;  ///< in the collector's order
  std::string selected;
  std::string trouble;  ///< why the collector or the sandbox does not answer; empty: both do
  std::deque<ShownAlert> alerts;
};

/// What the newcomer waits for, or should know in the first minute; empty afterwards.
[[nodiscard]] std::string hint(const View& view);
/// At most `height` lines of at most `width` columns.
[[nodiscard]] std::vector<std::string> screen_lines(const View& view, int width, int height);

}  // namespace crmpulse::sandbox
