#include "collector/state/agents.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <vector>

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kOffsets = 5;
constexpr std::size_t kMaxAgents = 10'000;
constexpr std::size_t kRemembered = 256;  ///< batches of an endpoint, beside the newest

Duration median(const std::deque<Duration>& offsets) {
  std::vector<Duration> sorted{offsets.begin(), offsets.end()};
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

Agent::Batches& batches_of(Agent& agent, store::RecordKind kind) {
  return kind == store::RecordKind::evidence ? agent.evidence : agent.samples;
}

std::uint64_t number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? 0 : value->to_number<std::uint64_t>();
}

}  // namespace

Agent* AgentRegistry::find_or_add(const std::string& agent) {
  const auto known = agents_.find(agent);
  if (known != agents_.end()) return &known->second;
  if (agents_.size() >= kMaxAgents) return nullptr;
  return &agents_[agent];
}

Duration AgentRegistry::observe(const std::string& agent, TimePoint sent, TimePoint now) {
  const Duration offset = now - sent;
  Agent* known = find_or_add(agent);
  if (known == nullptr) return offset;
  known->last_seen = now;
  const bool skewed = std::chrono::abs(offset) > kMaxSkew;
  // After a step the offsets before it say nothing.
  if (skewed || known->skewed) known->offsets.clear();
  known->offsets.push_back(offset);
  if (known->offsets.size() > kOffsets) known->offsets.pop_front();
  known->skewed = skewed;
  return known->skewed ? offset : median(known->offsets);
}

void AgentRegistry::seen(const std::string& agent, TimePoint now) {
  if (Agent* known = find_or_add(agent)) known->last_seen = now;
}

void AgentRegistry::shift(Duration by) {
  for (auto& [name, agent] : agents_) {
    if (agent.last_seen != TimePoint{}) agent.last_seen += by;
    for (Duration& offset : agent.offsets) offset += by;
    agent.skewed = !agent.offsets.empty() && std::chrono::abs(agent.offsets.back()) > kMaxSkew;
  }
}

AgentRegistry::Batch AgentRegistry::begin(const std::string& agent, store::RecordKind kind, std::uint64_t batch) {
  Agent* known = agent.empty() || batch == 0 ? nullptr : find_or_add(agent);
  if (known == nullptr) return Batch::fresh;
  Agent::Batches& batches = batches_of(*known, kind);
  const bool seen = std::find(batches.before.begin(), batches.before.end(), batch) != batches.before.end();
  if (batch == batches.last || seen) return Batch::duplicate;
  if (batch == batches.pending) return Batch::pending;
  batches.pending = batch;
  return Batch::fresh;
}

void AgentRegistry::end(const std::string& agent, store::RecordKind kind, std::uint64_t batch, bool journalled) {
  Agent* known = agent.empty() || batch == 0 ? nullptr : find_or_add(agent);
  if (known == nullptr) return;
  Agent::Batches& batches = batches_of(*known, kind);
  if (batches.pending == batch) batches.pending = 0;
  if (!journalled || batch == batches.last) return;
  if (batches.last != 0) batches.before.push_back(batches.last);
  if (batches.before.size() > kRemembered) batches.before.pop_front();
  batches.last = batch;
}

std::string AgentRegistry::save() const {
  json::object out;
  for (const auto& [name, agent] : agents_) {
    out[name] =
        json::object{{"samples", agent.samples.last},
                     {"evidence", agent.evidence.last},
                     {"seen", static_cast<std::uint64_t>(std::max<std::int64_t>(0, unix_millis(agent.last_seen)))}};
  }
  return json::serialize(out);
}

void AgentRegistry::load(std::string_view text, TimePoint now) {
  boost::system::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error);
  if (error || !parsed.is_object()) return;
  for (const auto& [name, value] : parsed.get_object()) {
    Agent* agent = value.is_object() ? find_or_add(std::string{name}) : nullptr;
    if (agent == nullptr) continue;
    agent->samples.last = number(value.get_object(), "samples");
    agent->evidence.last = number(value.get_object(), "evidence");
    const TimePoint seen = from_unix_millis(static_cast<std::int64_t>(number(value.get_object(), "seen")));
    agent->last_seen = std::min(seen, now);
  }
}

Result<TimePoint> parse_agent_time(std::string_view text) {
  std::int64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error != std::errc{} || end != text.data() + text.size()) return parse_time(text);
  constexpr std::int64_t kEndOf9999 = 253'402'300'799'999;  // as far as RFC 3339 reaches
  if (millis < 0 || millis > kEndOf9999) return Error{"is not a time of the years 1970 to 9999"};
  return from_unix_millis(millis);
}

}  // namespace crmpulse::collector
