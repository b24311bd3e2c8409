#include "collector/message/trouble.h"

#include <algorithm>

namespace crmpulse::collector {
namespace {

constexpr std::array<std::string_view, kTroubleKinds> kTroubleNames{
    "disk",          "damaged",       "samples_left_out", "tokens",      "receiver",
    "certificate",   "token",         "collector_clock",  "agent_clock", "agent_refused",
    "agent_dropped", "agent_damaged", "renewal",          "authority"};

}  // namespace

std::string_view to_string(TroubleKind kind) {
  return kTroubleNames.at(static_cast<std::size_t>(kind));
}

std::optional<TroubleKind> trouble_from(std::string_view name) {
  const auto known = std::find(kTroubleNames.begin(), kTroubleNames.end(), name);
  return known == kTroubleNames.end() ? std::nullopt
                                      : std::optional{static_cast<TroubleKind>(known - kTroubleNames.begin())};
}

bool is_of_agent(TroubleKind kind) {
  return kind >= TroubleKind::agent_clock && kind <= TroubleKind::agent_damaged;
}

Message trouble_message(const Trouble& trouble, bool over, TimePoint since, Language language, TimePoint at) {
  const bool of_agent = is_of_agent(trouble.kind) && !trouble.subject.empty();
  Message out;
  out.at = at;
  out.language = language;
  out.type = of_agent ? (over ? Event::agent_recovered : Event::agent_trouble)
                      : (over ? Event::collector_recovered : Event::collector_trouble);
  out.subject = of_agent ? trouble.subject : "crmpulse";
  out.reason = to_string(trouble.kind);
  out.about = trouble.subject;
  out.why = trouble.detail;
  out.since = since;
  return out;
}

}  // namespace crmpulse::collector
