#include "sandbox/watch/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <utility>

#include "core/text/width.h"
#include "core/time/time.h"
#include "sandbox/watch/answer.h"

namespace crmpulse::sandbox {
namespace {

/// The time of day where the reader is.
std::string clock_of(const std::string& stamp) {
  const auto at = parse_time(stamp);
  if (!at) return stamp;
  const std::time_t seconds = unix_millis(*at) / 1000;
  std::tm broken{};
  ::localtime_r(&seconds, &broken);
  return fmt::format("{:02}:{:02}:{:02}", broken.tm_hour, broken.tm_min, broken.tm_sec);
}

}  // namespace

ShownAlert shown_alert(const boost::json::value& alert, Language language) {
  ShownAlert shown;
  shown.headline = fmt::format("{}  {}  {}  {}", clock_of(shown_member(alert, "at")),
                               event_word(shown_member(alert, "type"), language), shown_member(alert, "crm"),
                               state_word(shown_member(alert, "state"), language));
  if (const auto* fault = member_of(alert, "fault"); fault != nullptr) {
    const std::string words = fault_words(shown_member(*fault, "verdict"), shown_member(*fault, "why"), language);
    if (!words.empty()) shown.headline += "  " + words;
  }
  std::string before;
  for (const auto& item : items_of(alert, "failing")) {
    const auto* remedy = member_of(item, "remedy");
    const std::string words = remedy == nullptr ? "" : shown_member(*remedy, language == Language::zh ? "zh" : "en");
    if (words.empty() || words == before) continue;
    before = words;
    shown.remedies.push_back(fmt::format("{}{}{}", dimension_word(shown_member(item, "dimension"), language),
                                         language == Language::zh ? "：" : ": ", words));
  }
  return shown;
}

std::vector<std::string> alert_lines(const std::deque<ShownAlert>& alerts, int width, std::size_t height) {
  constexpr std::size_t kLeastRemedy = 3;
  std::vector<std::string> lines;
  for (auto alert = alerts.rbegin(); alert != alerts.rend() && lines.size() < height; ++alert) {
    for (std::string& line : wrap(alert->headline, width)) lines.push_back(std::move(line));
    std::vector<std::string> remedy;
    for (const std::string& one : alert->remedies) {
      for (std::string& line : wrap("    " + one, width)) remedy.push_back(std::move(line));
    }
    const std::size_t left = height - std::min(height, lines.size());
    const auto others = static_cast<std::size_t>(alerts.rend() - alert) - 1;
    // The remedies go on in the log of the receiver; the first lines say what to begin with.
    const std::size_t room = std::max(std::min(left, kLeastRemedy), left - std::min(left, 2 * others));
    if (remedy.size() > room) {
      remedy.resize(room);
      if (room > 0) remedy.back() = shortened(remedy.back() + "……", width);
    }
    for (std::string& line : remedy) lines.push_back(std::move(line));
  }
  if (lines.size() > height) lines.resize(height);
  return lines;
}

}  // namespace crmpulse::sandbox
