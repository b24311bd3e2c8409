#include "collector/receivers/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "collector/receivers/base/address_policy.h"
#include "collector/receivers/table.h"
#include "config/suggest.h"
#include "config/zone.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr Duration kLongestEscalation{std::chrono::hours{24 * 7}};

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
ReceiverSettings read_selection(config::Reader& item, std::set<std::string>& names, const ZonePtr& zone) {
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
  receiver.zone = read_time_zone(item, zone);
  receiver.only = read_only(item);
  item.get("escalate_after", receiver.escalate_after, Duration{0}, kLongestEscalation);
  return receiver;
}

/// The type reads the key, where it has one: this only looks, so that it stays an unknown key elsewhere.
net::Forbid read_forbidden(const config::Reader& item) {
  for (const auto& [key, value] : item.node().members) {
    if (key == "allow_private" && (value.scalar == "true" || value.scalar == "false"))
      return forbid_by(value.scalar == "true");
  }
  return forbid_by(std::nullopt);
}

ReceiverSettings read_one(config::Reader& item, std::set<std::string>& names, const ZonePtr& zone) {
  ReceiverSettings receiver = read_selection(item, names, zone);
  item.require("type", receiver.type);
  const ReceiverType* type = find_receiver_type(receiver.type);
  if (type != nullptr) {
    receiver.digests = type->digests;
    receiver.acknowledges = type->acknowledges;
    receiver.forbid = read_forbidden(item);
    receiver.receiver = type->read(item, receiver);
    item.finish();
  } else if (!receiver.type.empty()) {
    std::vector<std::string> known;
    for (const ReceiverType& one : receiver_types()) known.emplace_back(one.name);
    item.problem("type",
                 fmt::format("unknown receiver type '{}'{}", receiver.type, config::suggestion(receiver.type, known)));
  }
  return receiver;
}

}  // namespace

ZonePtr read_time_zone(config::Reader& item, const ZonePtr& otherwise) {
  std::string name;
  if (!item.get("time_zone", name)) return otherwise;
  auto zone = config::load_zone(name);
  if (zone) return std::make_shared<const Zone>(std::move(*zone));
  item.problem("time_zone", zone.error().message);
  return otherwise;
}

std::vector<ReceiverSettings> read_receivers(config::Reader& root, const ZonePtr& zone) {
  std::vector<ReceiverSettings> receivers;
  std::set<std::string> names;
  for (config::Reader& item : root.each("receivers")) receivers.push_back(read_one(item, names, zone));
  return receivers;
}

std::vector<ReceiverSettings> read_receiver_selections(config::Reader& root) {
  std::vector<ReceiverSettings> receivers;
  std::set<std::string> names;
  for (config::Reader& item : root.each("receivers")) {
    receivers.push_back(read_selection(item, names, {}));
    // How it delivers does not matter here, and each type has keys of its own.
    if (item.has("type")) {
      for (const std::string& key : item.keys()) item.raw(key);
    }
    item.finish();
  }
  return receivers;
}

}  // namespace crmpulse::collector
