// Everything known of one CRM as bytes, and back.
#include <algorithm>

#include "rules/crm/crm.h"

namespace crmpulse::rules {
namespace {

constexpr std::uint32_t kVersion = 4;
constexpr std::uint32_t kWithoutSections = 3;  ///< still read: of the versions before
constexpr std::uint32_t kWithoutLinks = 2;
constexpr std::uint32_t kWithoutPace = 1;

void put(Encoder& encoder, TimePoint time) {
  encoder.i64(time.time_since_epoch().count());
}
TimePoint get_time(Decoder& decoder) {
  return TimePoint{Duration{decoder.i64()}};
}
Level get_level(Decoder& decoder) {
  return static_cast<Level>(std::min<std::uint8_t>(2, decoder.u8()));
}

void save_labels(Encoder& encoder, const Labels& labels) {
  encoder.u32(static_cast<std::uint32_t>(labels.size()));
  for (const auto& [name, value] : labels) {
    encoder.text(name);
    encoder.text(value);
  }
}

void load_labels(Decoder& decoder, Labels& labels) {
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    const std::string name = decoder.text();
    labels.set(name, decoder.text());
  }
}

void save_incident(Encoder& encoder, const Crm& crm) {
  encoder.u64(crm.incidents);
  encoder.u8(crm.incident ? 1 : 0);
  if (crm.incident) {
    encoder.text(crm.incident->id);
    put(encoder, crm.incident->opened);
    encoder.u8(static_cast<std::uint8_t>(crm.incident->worst));
  }
  encoder.u8(crm.ack ? 1 : 0);
  if (crm.ack) {
    encoder.text(crm.ack->author);
    put(encoder, crm.ack->until);
  }
}

void load_incident(Decoder& decoder, Crm& crm) {
  crm.incidents = decoder.u64();
  if (decoder.u8() != 0) {
    crm.incident.emplace();
    crm.incident->id = decoder.text();
    crm.incident->opened = get_time(decoder);
    crm.incident->worst = get_level(decoder);
  }
  if (decoder.u8() != 0) {
    crm.ack.emplace();
    crm.ack->author = decoder.text();
    crm.ack->until = get_time(decoder);
  }
}

void save_rule(Encoder& encoder, const RuleState& state) {
  encoder.text(state.rule().id);
  encoder.text(state.rule().each);
  encoder.u64(state.compiled->data_print);
  encoder.u64(state.compiled->judge_print);
  state.slots.save(encoder);
  encoder.u32(static_cast<std::uint32_t>(state.instances.size()));
  for (const auto& instance : state.instances) instance->save(encoder);
}

/// Reads one rule's part. It lands in the CRM's rule of that id, or nowhere when the rule no longer applies.
void load_rule(Decoder& decoder, Crm& crm, bool with_pace) {
  const std::string id = decoder.text();
  const std::string each = decoder.text();
  const std::uint64_t data_print = decoder.u64();
  const std::uint64_t judge_print = decoder.u64();
  const auto found =
      std::find_if(crm.rules.begin(), crm.rules.end(), [&](const auto& state) { return state->rule().id == id; });
  static const CompiledRule kNowhere{Rule{}};
  const Rule& rule = found != crm.rules.end() ? (*found)->rule() : kNowhere.rule;
  const CompiledRule& compiled = found != crm.rules.end() ? *(*found)->compiled : kNowhere;

  Slots slots;
  slots.load(decoder);
  std::vector<std::unique_ptr<Instance>> instances;
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    instances.push_back(std::make_unique<Instance>());
    instances.back()->load(decoder, rule, compiled.data_print == data_print, with_pace);
    if (compiled.judge_print != judge_print) instances.back()->dimension.clear_timers();
  }
  if (found == crm.rules.end() || instances.empty() || !decoder.ok()) return;
  RuleState& state = **found;
  if (compiled.data_print == data_print) state.slots = std::move(slots);
  state.instances = std::move(instances);
  if (each == rule.each) return;
  // Other units than before: one that remembers the worst of the old ones starts again.
  auto merged = std::make_unique<Instance>();
  merged->reset_windows(kUnset);
  merged->dimension = state.worst().dimension;
  state.instances.clear();
  state.instances.push_back(std::move(merged));
}

/// What ties the CRM to its agents and its vendor.
void save_links(Encoder& encoder, const Crm& crm) {
  encoder.u8(crm.agents_lost ? 1 : 0);
  encoder.u8(crm.vendor_out ? 1 : 0);
  encoder.i64(crm.last_seq);
  put(encoder, crm.missing_from);
  put(encoder, crm.newest_data);
  encoder.u32(static_cast<std::uint32_t>(crm.feeders.size()));
  for (const ReportingAgent& feeder : crm.feeders) {
    encoder.text(feeder.agent);
    put(encoder, feeder.newest);
  }
  encoder.u32(static_cast<std::uint32_t>(crm.vendor.size()));
  for (const VendorReading& reading : crm.vendor) {
    encoder.text(reading.instance);
    put(encoder, reading.at);
    put(encoder, reading.major_since);
    encoder.i64(reading.gap.count());
  }
}

void load_links(Decoder& decoder, Crm& crm) {
  crm.agents_lost = decoder.u8() != 0;
  crm.vendor_out = decoder.u8() != 0;
  crm.last_seq = decoder.i64();
  crm.missing_from = get_time(decoder);
  crm.newest_data = get_time(decoder);
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    ReportingAgent& feeder = crm.feeders.emplace_back();
    feeder.agent = decoder.text();
    feeder.newest = get_time(decoder);
  }
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    VendorReading& reading = crm.vendor.emplace_back();
    reading.instance = decoder.text();
    reading.at = get_time(decoder);
    reading.major_since = get_time(decoder);
    reading.gap = Duration{decoder.i64()};
  }
}

// What was added after version 4 stands in sections behind the rest, each with a tag that is never used again.
// An unknown tag is skipped; a CRM saved without a section starts with that part empty.

constexpr std::uint32_t kUnnamed = 120;  ///< when samples came last that name no agent
constexpr std::uint32_t kHours = 200;
constexpr std::uint32_t kPauses = 201;
constexpr std::uint32_t kNamings = 221;  ///< when each feeder last named the CRM
constexpr std::uint32_t kDigests = 222;  ///< receivers that know of the incident by a digest
constexpr std::uint32_t kEnd = 202;      ///< behind all others: bytes without it were cut short

void save_sections(Encoder& encoder, const Crm& crm) {
  if (is_set(crm.unnamed)) {
    Encoder part;
    put(part, crm.unnamed);
    encoder.section(kUnnamed, part.bytes());
  }
  if (!crm.hours.empty()) {
    Encoder hours;
    crm.hours.save(hours);
    encoder.section(kHours, hours.bytes());
  }
  if (!crm.pauses->empty()) {
    Encoder pauses;
    crm.pauses->save(pauses);
    encoder.section(kPauses, pauses.bytes());
  }
  Encoder namings;
  namings.u32(static_cast<std::uint32_t>(crm.feeders.size()));
  for (const ReportingAgent& feeder : crm.feeders) {
    namings.text(feeder.agent);
    put(namings, feeder.named);
  }
  const bool named = std::any_of(crm.feeders.begin(), crm.feeders.end(),
                                 [](const ReportingAgent& feeder) { return is_set(feeder.named); });
  if (named) encoder.section(kNamings, namings.bytes());
  const auto by_digest =
      std::count_if(crm.told.begin(), crm.told.end(), [](const NotificationState& told) { return told.by_digest; });
  if (by_digest > 0) {
    Encoder digests;
    digests.u32(static_cast<std::uint32_t>(by_digest));
    for (const NotificationState& told : crm.told) {
      if (told.by_digest) digests.text(told.receiver);
    }
    encoder.section(kDigests, digests.bytes());
  }
  encoder.section(kEnd, {});
}

bool load_namings(std::string_view bytes, Crm& crm) {
  Decoder decoder{bytes};
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    const std::string agent = decoder.text();
    const TimePoint named = get_time(decoder);
    for (ReportingAgent& feeder : crm.feeders) {
      if (decoder.ok() && feeder.agent == agent) feeder.named = named;
    }
  }
  return decoder.ok();
}

bool load_digests(std::string_view bytes, Crm& crm) {
  Decoder decoder{bytes};
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    const std::string receiver = decoder.text();
    for (NotificationState& told : crm.told)
      told.by_digest = told.by_digest || (decoder.ok() && told.receiver == receiver);
  }
  return decoder.ok();
}

/// False: the section's bytes are damaged.
bool load_section(const Section& section, Crm& crm, HoursBook& hours) {
  if (section.tag == kNamings) return load_namings(section.bytes, crm);
  if (section.tag == kDigests) return load_digests(section.bytes, crm);
  Decoder decoder{section.bytes};
  if (section.tag == kUnnamed) {
    crm.unnamed = get_time(decoder);
  } else if (section.tag == kHours) {
    const HoursText text = crm.hours.load(decoder);
    if (!text.days.empty()) crm.hours.declared = hours.hours_of(text);
  } else if (section.tag == kPauses) {
    crm.pauses->load(decoder);
  } else {
    return true;
  }
  return decoder.ok() && decoder.at_end();
}

}  // namespace

std::string save_crm(const Crm& crm) {
  Encoder encoder;
  encoder.u32(kVersion);
  encoder.text(crm.kind);
  save_labels(encoder, crm.labels);
  for (const bool flag : {crm.known, crm.started, crm.maintenance, crm.silenced, crm.inhibited})
    encoder.u8(flag ? 1 : 0);
  encoder.u8(static_cast<std::uint8_t>(crm.state));
  put(encoder, crm.since);
  put(encoder, crm.suppression_ended);
  encoder.i64(crm.grace);
  crm.score.save(encoder);
  crm.flap.save(encoder);
  save_incident(encoder, crm);
  encoder.u32(static_cast<std::uint32_t>(crm.told.size()));
  for (const NotificationState& told : crm.told) told.save(encoder);
  encoder.u32(static_cast<std::uint32_t>(crm.series.size()));
  for (const SeriesMemory& memory : crm.series) memory.save(encoder);
  crm.paces.save(encoder);
  save_links(encoder, crm);
  encoder.u32(static_cast<std::uint32_t>(crm.rules.size()));
  for (const auto& state : crm.rules) save_rule(encoder, *state);
  save_sections(encoder, crm);
  return encoder.take();
}

bool known_version(std::string_view bytes) {
  Decoder decoder{bytes};
  const std::uint32_t version = decoder.u32();
  return !decoder.ok() || (version >= kWithoutPace && version <= kVersion);
}

Result<void> load_crm(Crm& crm, std::string_view bytes, std::span<const std::shared_ptr<const CompiledRule>> rules,
                      HoursBook& hours) {
  Decoder decoder{bytes};
  const std::uint32_t version = decoder.u32();
  if (!known_version(bytes)) return Error{"the saved state of " + crm.name + " is of another version"};
  const bool with_pace = version > kWithoutPace;
  const bool with_links = version > kWithoutLinks;
  crm.kind = decoder.text();
  load_labels(decoder, crm.labels);
  for (bool* flag : {&crm.known, &crm.started, &crm.maintenance, &crm.silenced, &crm.inhibited})
    *flag = decoder.u8() != 0;
  crm.state = get_level(decoder);
  crm.since = get_time(decoder);
  crm.suppression_ended = get_time(decoder);
  crm.grace = static_cast<int>(decoder.i64());
  crm.score.load(decoder);
  crm.flap.load(decoder);
  load_incident(decoder, crm);
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) crm.told.emplace_back().load(decoder);
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    crm.series.emplace_back().load(decoder, with_pace);
    crm.tags.emplace(crm.series.back().id, static_cast<std::uint32_t>(crm.series.size() - 1));
  }
  if (with_pace) crm.paces.load(decoder);
  if (with_links) load_links(decoder, crm);
  for (const NotificationState& told : crm.told) crm.last_seq = std::max(crm.last_seq, told.seq);
  const ScoreLevel score = crm.score;
  apply_rules(crm, rules, kUnset);
  if (crm.rules.size() >= 2) crm.score = score;
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) load_rule(decoder, crm, with_pace);
  bool whole = true;
  bool ended = version <= kWithoutSections;
  while (version > kWithoutSections && decoder.ok() && !decoder.at_end()) {
    const Section section = decoder.section();
    ended = ended || section.tag == kEnd;
    whole = load_section(section, crm, hours) && whole;
  }
  crm.tell_pace();
  crm.follow_hours();
  if (!whole || !ended || !decoder.ok() || !decoder.at_end())
    return Error{"the saved state of " + crm.name + " is damaged"};
  return {};
}

}  // namespace crmpulse::rules
