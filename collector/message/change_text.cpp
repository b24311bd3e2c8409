#include "collector/message/change_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace crmpulse::collector {

namespace {

namespace json = boost::json;

struct Name {
  std::string_view what;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kNames{
    Name{"version", "the CRM's version", "CRM 版本"},         Name{"release", "the vendor's release", "厂商发布版本"},
    Name{"instance", "the CRM's instance", "CRM 实例"},       Name{"schema", "the schema", "数据结构"},
    Name{"agent_version", "the agent's version", "代理版本"}, Name{"configuration", "the rules", "规则配置"},
};

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

json::object change_json(const Change& change) {
  const auto known =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& name) { return name.what == change.what; });
  const Name name = known == kNames.end() ? Name{change.what, change.what, change.what} : *known;
  std::string en{name.en};
  std::string zh{name.zh};
  if (!change.object.empty()) {
    en += " of " + change.object;
    zh += fmt::format("（{}）", change.object);
  }
  json::object out{
      {"at", format_time(change.at)}, {"what", change.what}, {"from", text_or_null(change.from)}, {"to", change.to}};
  if (!change.object.empty()) out["object"] = change.object;
  if (!change.source.empty()) out["agent"] = change.source;
  // A schema's values are fingerprints: they say that it changed, not what it is.
  if (change.what == "schema") {
    out["text"] = json::object{{"en", en + " changed"}, {"zh", zh + "已变更"}};
  } else if (change.from.empty()) {
    out["text"] = json::object{{"en", fmt::format("{} changed: {}", en, change.to)},
                               {"zh", fmt::format("{}已变更：{}", zh, change.to)}};
  } else {
    out["text"] = json::object{{"en", fmt::format("{} changed from {} to {}", en, change.from, change.to)},
                               {"zh", fmt::format("{}由 {} 变为 {}", zh, change.from, change.to)}};
  }
  return out;
}

Bilingual changes_sentence(const json::array& changes) {
  constexpr std::size_t kMostTold = 3;
  if (changes.empty()) return {};
  Bilingual told{" Changed before:", "此前变更："};
  for (std::size_t i = changes.size() - std::min(changes.size(), kMostTold); i < changes.size(); ++i) {
    const json::value& text = changes[i].at("text");
    const std::string_view at = changes[i].at("at").as_string();
    const bool last = i + 1 == changes.size();
    told.en += fmt::format(" {} ({}){}", std::string_view{text.at("en").as_string()}, at, last ? "." : ";");
    told.zh += fmt::format("{}（{}）{}", std::string_view{text.at("zh").as_string()}, at, last ? "。" : "；");
  }
  return told;
}

json::array changes_json(const ChangeMarkers& book, const std::string& crm, const CrmFacts* facts, TimePoint opened,
                         TimePoint now) {
  json::array out;
  for (const Change* change : book.between(crm, facts, opened - kChangeSpeaks, now))
    out.push_back(change_json(*change));
  return out;
}

}  // namespace crmpulse::collector
