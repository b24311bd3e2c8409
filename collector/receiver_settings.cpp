#include "collector/receiver_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "collector/receivers/receiver.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMaxName = 64;

bool is_name(const std::string& text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), allowed);
}

std::vector<LabelMatch> read_only(config::Reader& receiver) {
  std::vector<LabelMatch> matches;
  if (!receiver.has("only")) return matches;
  config::Reader only = receiver.child("only");
  for (const std::string& label : only.keys()) {
    LabelMatch match{label, {}};
    if (!only.get(label, match.any_of)) continue;
    if (match.any_of.empty()) only.problem(label, "an empty list selects nothing");
    matches.push_back(std::move(match));
  }
  return matches;
}

/// What every receiver has, however it delivers.
ReceiverSettings read_selection(config::Reader& item, std::set<std::string>& names) {
  ReceiverSettings receiver;
  item.require("name", receiver.name);
  if (!receiver.name.empty() && !is_name(receiver.name)) {
    item.problem("name", fmt::format("must be 1 to {} letters, digits, '_', '-' or '.'", kMaxName));
  }
  if (!receiver.name.empty() && !names.insert(receiver.name).second) {
    item.problem("name", fmt::format("'{}' is given twice", receiver.name));
  }
  std::size_t choice = 0;
  if (item.get_choice("min_state", choice, {"sub_healthy", "poor"})) {
    receiver.min_level = choice == 0 ? Level::sub_healthy : Level::poor;
  }
  if (item.get_choice("language", choice, {"en", "zh"})) receiver.language = choice == 0 ? Language::en : Language::zh;
  receiver.only = read_only(item);
  return receiver;
}

ReceiverSettings read_one(config::Reader& item, std::set<std::string>& names) {
  ReceiverSettings receiver = read_selection(item, names);
  item.require("type", receiver.type);
  item.get_secret("url", receiver.url, true);
  item.get_secret("secret", receiver.secret);
  bool allow = false;
  if (item.get("allow_private", allow)) receiver.allow_private = allow;
  if (!receiver.type.empty()) {
    if (auto made = make_receiver(receiver); !made) item.problem(made.error().message);
  }
  item.finish();
  return receiver;
}

}  // namespace

std::vector<ReceiverSettings> read_receivers(config::Reader& root) {
  std::vector<ReceiverSettings> receivers;
  std::set<std::string> names;
  for (config::Reader& item : root.each("receivers")) receivers.push_back(read_one(item, names));
  return receivers;
}

std::vector<ReceiverSettings> read_receiver_selections(config::Reader& root) {
  std::vector<ReceiverSettings> receivers;
  std::set<std::string> names;
  for (config::Reader& item : root.each("receivers")) {
    receivers.push_back(read_selection(item, names));
    for (const std::string& key : item.keys()) {
      const bool delivery =
          key == "type" || key == "allow_private" || key.starts_with("url") || key.starts_with("secret");
      if (delivery) item.raw(key);
    }
    item.finish();
  }
  return receivers;
}

}  // namespace crmpulse::collector
