#include "collector/text/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "core/text/printable.h"

namespace crmpulse::collector {
namespace {

constexpr std::chrono::milliseconds kBetween{200};
constexpr std::uint64_t kPercent = 100;

}  // namespace

bool is_terminal(std::FILE* to) {
  const char* kind = std::getenv("TERM");
  return kind != nullptr && std::string_view{kind} != "dumb" && ::isatty(::fileno(to)) != 0;
}

Progress::Progress(std::string what, std::FILE* to)
    : what_(printable(what)), to_(to), terminal_(is_terminal(to)), next_(Clock::now() + kBetween) {}

void Progress::update(std::uint64_t done, std::uint64_t all) {
  if (!terminal_ || Clock::now() < next_) return;
  next_ = Clock::now() + kBetween;
  const std::string figure =
      all == 0 ? fmt::format("{}", done) : fmt::format("{}%", std::min(done, all) * kPercent / all);
  fmt::print(to_, "\r{} … {}\x1b[K", what_, figure);
  std::fflush(to_);
  shown_ = true;
}

void Progress::clear() {
  if (!std::exchange(shown_, false)) return;
  fmt::print(to_, "\r\x1b[K");
  std::fflush(to_);
}

}  // namespace crmpulse::collector
