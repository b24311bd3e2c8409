#include "collector/notice/mention.h"

#include <fmt/format.h>

#include <algorithm>

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMaxPhone = 20;
constexpr std::size_t kMaxPhones = 20;

bool is_phone(const std::string& text) {
  const std::size_t start = text.starts_with('+') ? 1 : 0;
  return text.size() > start && text.size() <= kMaxPhone &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(start), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

Mention read_mention(config::Reader& item) {
  Mention mention;
  std::vector<std::string> who;
  if (!item.get("mention", who)) return mention;
  if (who.size() > kMaxPhones) item.problem("mention", fmt::format("at most {} phone numbers", kMaxPhones));
  for (std::string& one : who) {
    if (one == "all") {
      mention.all = true;
    } else if (is_phone(one)) {
      mention.phones.push_back(std::move(one));
    } else {
      item.problem("mention", fmt::format("'{}' is neither a phone number nor 'all'", one));
    }
  }
  return mention;
}

}  // namespace crmpulse::collector
