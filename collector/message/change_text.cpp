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
    Name{"agent_version", "the agent's version", "探针版本"}, Name{"configuration", "the rules", "规则配置"},
};

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace

EarlierChange told_change(const Change& change) {
  const auto known =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& name) { return name.what == change.what; });
  const Name name = known == kNames.end() ? Name{change.what, change.what, change.what} : *known;
  std::string en{name.en};
  std::string zh{name.zh};
  if (!change.object.empty()) {
    en += " of " + change.object;
    zh += fmt::format("（{}）", change.object);
  }
  EarlierChange told{change.at, change.what, change.from, change.to, change.object, change.source, {}};
  // A schema's values are fingerprints: they say that it changed, not what it is.
  if (change.what == "schema") {
    told.text = {en + " changed", zh + "已变更"};
  } else if (change.from.empty()) {
    told.text = {fmt::format("{} changed: {}", en, change.to), fmt::format("{}已变更：{}", zh, change.to)};
  } else {
    told.text = {fmt::format("{} changed from {} to {}", en, change.from, change.to),
                 fmt::format("{}由 {} 变为 {}", zh, change.from, change.to)};
  }
  return told;
}

std::vector<EarlierChange> changes_around(const ChangeMarkers& book, const std::string& crm, const CrmFacts* facts,
                                          TimePoint opened, TimePoint now) {
  std::vector<EarlierChange> told;
  for (const Change* change : book.between(crm, facts, opened - kChangeSpeaks, now))
    told.push_back(told_change(*change));
  return told;
}

json::object change_json(const EarlierChange& change) {
  json::object out{
      {"at", format_time(change.at)}, {"what", change.what}, {"from", text_or_null(change.from)}, {"to", change.to}};
  if (!change.object.empty()) out["object"] = change.object;
  if (!change.agent.empty()) out["agent"] = change.agent;
  out["text"] = json::object{{"en", change.text.en}, {"zh", change.text.zh}};
  return out;
}

json::array changes_json(const std::vector<EarlierChange>& changes) {
  json::array out;
  for (const EarlierChange& change : changes) out.push_back(change_json(change));
  return out;
}

}  // namespace crmpulse::collector
