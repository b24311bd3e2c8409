#include "collector/own_troubles.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

using namespace std::chrono_literals;

constexpr const char* kMeta = "own_troubles";
constexpr Duration kLookEvery = 5s;
constexpr Duration kRefusedLately = 2min;
constexpr Duration kLeftOutLately = 10min;
constexpr Duration kDroppedLately = 1h;
/// An agent that was silent for so long is told as lost, by the rules.
constexpr Duration kHeard = 5min;
/// What ends is told so long before, or for the last quarter of its life if that is shorter.
constexpr Duration kEndsSoon = 7 * 24h;
constexpr int kShareOfLife = 4;
/// Every agent must join again before the authority ends.
constexpr Duration kAuthorityEndsSoon = 90 * 24h;
/// What ended so long ago is nobody's any more.
constexpr Duration kEndedLongAgo = 7 * 24h;
constexpr std::size_t kAgentsThatAgree = 3;

/// Reasons by which samples are left out because of bounds, not because of what they are.
constexpr std::array kBounds{wire::SkipReason::series_limit,     wire::SkipReason::sender_limit,
                             wire::SkipReason::crm_limit,        wire::SkipReason::crm_sender_limit,
                             wire::SkipReason::crm_series_limit, wire::SkipReason::memory_limit};

bool ends_soon(TimePoint begin, TimePoint end, TimePoint now) {
  const Duration before = std::min(kEndsSoon, (end - begin) / kShareOfLife);
  return now >= end - before && now < end + kEndedLongAgo;
}

std::string files(double count) {
  return count == 1 ? "1 file" : fmt::format("{:.0f} files", count);
}

}  // namespace

Result<void> OwnTroubles::load(store::Database& database, TimePoint now) {
  const auto intact = store::is_meta_intact(database, kMeta);
  if (!intact) return intact.error();
  const auto stored = store::get_meta(database, kMeta);
  if (!stored) return stored.error();
  if (*stored && *intact) watch_.load(**stored, now);
  return {};
}

void OwnTroubles::clock_stepped(Duration by) {
  watch_.shift(by);
  last_look_ = {};
  if (left_out_at_ != TimePoint{}) left_out_at_ += by;
}

void OwnTroubles::tick() {
  const TimePoint now = from_.engine.now();
  if (from_.engine.recovering() || now - last_look_ < kLookEvery) return;
  last_look_ = now;
  const auto tellings = watch_.look(find(now), now, from_.engine.configuration().settings.mute);
  if (!tellings.empty()) tell(tellings, now);
}

std::vector<Trouble> OwnTroubles::find(TimePoint now) {
  std::vector<Trouble> out;
  find_of_store(out);
  find_left_out(out, now);
  find_of_receivers(out);
  find_endings(out, now + from_.engine.wall_ahead());
  find_of_certificates(out, now + from_.engine.wall_ahead());
  find_of_agents(out, now);
  find_clocks(out, now);
  return out;
}

void OwnTroubles::find_of_store(std::vector<Trouble>& out) const {
  if (from_.engine.write_queue().stats().failing) out.push_back({TroubleKind::disk, "", ""});
  if (const int damaged = from_.damaged_files(); damaged > 0) out.push_back({TroubleKind::damaged, "", files(damaged)});
  if (!from_.access.tokens_readable()) out.push_back({TroubleKind::tokens, "", ""});
}

void OwnTroubles::find_left_out(std::vector<Trouble>& out, TimePoint now) {
  const auto& skipped = from_.ingest.stats().skipped_samples;
  std::uint64_t sum = 0;
  std::string why;
  for (const wire::SkipReason reason : kBounds) {
    const std::uint64_t count = skipped.at(static_cast<std::size_t>(reason));
    sum += count;
    if (count > 0) why += (why.empty() ? "" : ", ") + std::string{to_string(reason)};
  }
  if (sum > left_out_) {
    left_out_at_ = now;
    left_out_why_ = std::move(why);
  }
  left_out_ = sum;
  if (left_out_at_ != TimePoint{} && now - left_out_at_ < kLeftOutLately)
    out.push_back({TroubleKind::samples_left_out, "", left_out_why_});
}

void OwnTroubles::find_of_receivers(std::vector<Trouble>& out) const {
  const auto& stats = from_.notifier.stats();
  for (const ReceiverSettings& receiver : from_.engine.configuration().settings.receivers) {
    const auto known = stats.find(receiver.name);
    if (known != stats.end() && (known->second.breaker_open || known->second.gone))
      out.push_back({TroubleKind::receiver, receiver.name, ""});
  }
}

void OwnTroubles::find_endings(std::vector<Trouble>& out, TimePoint wall) const {
  const net::HttpServer::Stats server = from_.server();
  if (server.certificate_expiry &&
      ends_soon(server.certificate_begin.value_or(TimePoint{}), *server.certificate_expiry, wall))
    out.push_back({TroubleKind::certificate, "", format_time(*server.certificate_expiry)});
  from_.access.tokens().each([&](const Token& token) {
    if (token.expires && ends_soon(token.created, *token.expires, wall))
      out.push_back({TroubleKind::token, token.name, format_time(*token.expires)});
  });
}

void OwnTroubles::find_of_certificates(std::vector<Trouble>& out, TimePoint wall) const {
  const CertificateKeeper::Stats stats = from_.certificate();
  if (stats.fault) out.push_back({TroubleKind::renewal, "", *stats.fault});
  if (stats.authority_end && wall >= *stats.authority_end - kAuthorityEndsSoon)
    out.push_back({TroubleKind::authority, "", format_time(*stats.authority_end)});
}

void OwnTroubles::find_of_agents(std::vector<Trouble>& out, TimePoint now) const {
  const auto& agents = from_.engine.agents().all();
  for (const auto& [name, refused] : from_.access.refused_agents()) {
    const auto agent = agents.find(name);
    // Another sender may use its name, with a token that is not its own.
    const bool arrives = agent != agents.end() && now - agent->second.last_seen < kRefusedLately;
    if (!arrives && now - refused.at < kRefusedLately)
      out.push_back({TroubleKind::agent_refused, name, std::string{to_string(refused.reason)}});
  }
  for (const auto& [name, place] : from_.engine.crms().places()) {
    if (place.dropped_at != TimePoint{} && now - place.dropped_at < kDroppedLately)
      out.push_back({TroubleKind::agent_dropped, name, fmt::format("{:.0f}", place.dropped.value_or(0))});
    const auto agent = agents.find(name);
    const bool heard = agent != agents.end() && now - agent->second.last_seen < kHeard;
    if (place.damaged >= 1 && heard) out.push_back({TroubleKind::agent_damaged, name, files(place.damaged)});
  }
}

/// If the clocks of all agents are off the same way, it is the collector's own that is.
void OwnTroubles::find_clocks(std::vector<Trouble>& out, TimePoint now) const {
  std::vector<Trouble> wrong;
  std::size_t heard = 0;
  std::size_t behind = 0;
  for (const auto& [name, agent] : from_.engine.agents().all()) {
    if (agent.offsets.empty() || now - agent.last_seen >= kHeard) continue;
    ++heard;
    if (!agent.skewed) continue;
    const Duration offset = agent.offsets.back();
    if (offset > Duration{}) ++behind;
    wrong.push_back({TroubleKind::agent_clock, name, fmt::format("{:+.0f} s", -to_seconds(offset))});
  }
  const bool all_agree = heard >= kAgentsThatAgree && wrong.size() == heard && (behind == 0 || behind == heard);
  if (all_agree)
    out.push_back({TroubleKind::collector_clock, "", fmt::format("{} agents", heard)});
  else
    std::move(wrong.begin(), wrong.end(), std::back_inserter(out));
}

void OwnTroubles::tell(const std::vector<TroubleWatch::Telling>& tellings, TimePoint now) {
  WriteSet changes;
  const Settings& settings = from_.engine.configuration().settings;
  for (const TroubleWatch::Telling& one : tellings) {
    const Trouble& trouble = one.trouble;
    std::string key = fmt::format("trouble/{}", to_string(trouble.kind));
    if (!trouble.subject.empty()) key += "/" + trouble.subject;
    log::warning(one.over ? "a trouble of crmpulse itself is over" : "crmpulse itself is in trouble",
                 {{"trouble", key}, {"detail", trouble.detail}});
    for (const ReceiverSettings* receiver : told_of_troubles(settings)) {
      // Whoever cannot be reached is not told about that.
      if (trouble.kind == TroubleKind::receiver && trouble.subject == receiver->name) continue;
      store::OutboxRow& row = changes.messages.emplace_back();
      row.receiver = receiver->name;
      row.dedup_key = key;
      row.seq = unix_millis(now);
      row.id = message_id(now, row.receiver, row.dedup_key, row.seq);
      const Message message = trouble_message(trouble, one.over, one.since, receiver->language, now);
      row.event = message.type;
      row.body = stored_message(message);
      row.created = row.not_before = now;
    }
  }
  changes.meta[kMeta] = watch_.save();
  from_.engine.hand_over(std::move(changes));
}

}  // namespace crmpulse::collector
