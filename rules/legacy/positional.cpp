#include "rules/legacy/positional.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "rules/legacy/layout.h"
#include "rules/window/slo.h"

namespace crmpulse::rules::legacy {
namespace {

using enum As;

// A CRM. Version 2 knew paces, 3 agents and vendors, 4 had sections at its end.

constexpr std::uint32_t kNewestCrm = 4;
constexpr Step kLabel[] = {{1, text}, {2, text}};
constexpr Step kLine[] = {{1, u8}, {2, u8}, {3, u8}};
constexpr Step kScore[] = {{1, part, kLine}, {2, part, kLine}, {3, time}};
constexpr Step kChange[] = {{1, time}, {2, u8}, {3, u8}};
constexpr Step kFlap[] = {{1, u8}, {2, u8}, {3, u8}, {4, parts, kChange}};
constexpr Step kIncident[] = {{1, text}, {2, time}, {3, u8}};
constexpr Step kAck[] = {{1, text}, {2, time}};
constexpr Step kTold[] = {{1, text}, {2, u8}, {3, time}, {4, time}, {5, u8}, {7, i64}};
constexpr Step kSeries[] = {{1, u64}, {2, time}, {3, f64}, {6, u32}, {4, gaps}, {5, paces, {}, 2}};
constexpr Step kPace[] = {{1, u8}, {2, time}};
constexpr Step kPaceOfAgent[] = {{1, text}, {2, time}, {3, part, kPace}};
constexpr Step kPaces[] = {{1, parts, kPaceOfAgent}};
constexpr Step kFeeder[] = {{1, text}, {2, time}};
constexpr Step kReading[] = {{1, text}, {2, time}, {3, time}, {4, i64}};
constexpr Step kTimer[] = {{1, i64}};
constexpr Step kDimension[] = {{1, u8},           {2, part, kTimer}, {3, part, kTimer},
                               {4, part, kTimer}, {5, part, kTimer}, {6, time},
                               {7, time},         {8, u8},           {9, u8}};
constexpr Step kView[] = {{1, text}, {2, opt_f64}, {3, time}, {4, window}};
constexpr Step kInstance[] = {
    {1, text}, {2, u8},   {3, part, kDimension}, {4, opt_f64},      {5, time}, {6, time}, {7, time}, {8, u8}, {9, u8},
    {10, i64}, {11, u32}, {12, u8, {}, 2},       {13, parts, kView}};
constexpr Step kDivisor[] = {{1, f64}, {2, u8}};
constexpr Step kSlot[] = {{1, text}, {2, part, kDivisor}};
constexpr Step kSlots[] = {{1, parts, kSlot}};
constexpr Step kRule[] = {{1, text}, {2, text}, {3, u64}, {4, u64}, {5, part, kSlots}, {6, parts, kInstance}};

// Between them stands what receivers were told, and the agents that feed the CRM: sections add to those.
constexpr Step kCrmFirst[] = {{2, text},
                              {3, parts, kLabel},
                              {4, u8},
                              {5, u8},
                              {6, u8},
                              {7, u8},
                              {8, u8},
                              {9, u8},
                              {10, time},
                              {11, time},
                              {12, i64},
                              {13, part, kScore},
                              {14, part, kFlap},
                              {16, u64},
                              {17, opt_part, kIncident},
                              {18, opt_part, kAck}};
constexpr std::uint32_t kToldTag = 19;
constexpr Step kCrmSecond[] = {{20, parts, kSeries}, {21, part, kPaces, 2}, {22, u8, {}, 3},  {23, u8, {}, 3},
                               {24, i64, {}, 3},     {25, time, {}, 3},     {26, time, {}, 3}};
constexpr std::uint32_t kFeederTag = 27;
constexpr Step kCrmThird[] = {{28, parts, kReading, 3}, {30, parts, kRule}};

constexpr std::uint32_t kUnnamedSection = 120;
constexpr Step kUnnamed[] = {{29, time}};
constexpr std::uint32_t kHoursSection = 200;
constexpr Step kLearned[] = {{1, i64}, {2, i64}, {3, u8}, {4, week}};
constexpr Step kHoursOfCrm[] = {{1, text}, {2, text}, {3, text},  {4, text},
                                {5, text}, {6, text}, {7, heard}, {8, part, kLearned}};
constexpr Step kHours[] = {{31, part, kHoursOfCrm}};
constexpr std::uint32_t kPausesSection = 201;
constexpr Step kSpan[] = {{1, time}, {2, time}};
constexpr Step kSpans[] = {{1, parts, kSpan}};
constexpr Step kPauses[] = {{32, part, kSpans}};
constexpr std::uint32_t kEndSection = 202;
constexpr std::uint32_t kNamingsSection = 221;
constexpr Step kNaming[] = {{3, time}};
constexpr std::uint32_t kDigestsSection = 222;
constexpr Step kByDigest[] = {{6, yes}};

// What belongs to no CRM. Version 2 had a section at its end.

constexpr std::uint32_t kNewestShared = 2;
constexpr Step kRetired[] = {{1, text}, {2, i64}};
constexpr Step kGroup[] = {{1, text}, {2, times}, {3, time}, {4, i64}};
constexpr Step kGroups[] = {{1, parts, kGroup}};
constexpr Step kSharedFirst[] = {{2, parts, kRetired}, {3, part, kGroups}};
constexpr Step kNotice[] = {{1, text}, {2, texts}, {3, i64}};
constexpr Step kAgent[] = {{1, text}, {2, time}, {3, u8}, {4, time}, {5, parts, kNotice}};
constexpr std::uint32_t kAgentsTag = 4;
constexpr Step kPage[] = {{1, text}, {2, time}};
constexpr Step kVendor[] = {{1, text}, {2, opt_time}, {3, parts, kPage}, {4, u8}, {5, time}, {6, parts, kNotice}};
constexpr Step kVendors[] = {{1, parts, kVendor}};
constexpr Step kSharedLast[] = {{5, part, kVendors}};
constexpr std::uint32_t kAgentsSection = 220;
constexpr Step kAgentMore[] = {{6, time}, {7, time}, {8, time}, {9, i64}, {10, i64}, {11, u8}};

// A CRM as the collector stored it. Version 1 had one day of availability, 3 a section at its end.

constexpr std::uint8_t kNewestState = 3;
constexpr Step kFailure[] = {{1, text}, {2, text}, {3, text}, {4, text}, {5, text}, {6, time}};
constexpr Step kEvidence[] = {{1, time}, {2, text}, {3, text}, {4, text}, {5, text}, {6, text}};
constexpr Step kTiers[] = {{1, tally}, {2, tally}, {3, tally}};
constexpr Step kSlo[] = {{1, part, kTiers}, {2, opt_part, kTiers}, {3, parts, kSpan}, {4, time}};
constexpr std::uint32_t kSloTag = 7;
constexpr Step kState[] = {
    {2, text}, {3, text}, {4, text}, {5, parts, kFailure}, {6, parts, kEvidence}, {kSloTag, part, kSlo, 2}};
constexpr std::uint32_t kEndedSection = 223;
constexpr Step kEnded[] = {{8, parts, kFailure}};

void add(FieldWriter& out, std::uint32_t tag, const std::vector<Item>& items) {
  for (const Item& item : items) out.add(tag, item.fields);
}

/// Calls `take(tag, section)` for each of the sections that stand last, from version `from` on. Returns false if the
/// bytes are damaged.
template <class Take>
bool sections(Decoder& in, std::uint32_t version, std::uint32_t from, Take take) {
  if (version < from) return in.ok() && in.at_end();
  bool whole = true;
  while (in.ok() && !in.at_end()) {
    const std::uint32_t tag = in.u32();
    const std::string bytes = in.text();
    Decoder of_section{bytes};
    Translator section{of_section, version};
    take(tag, section);
    whole = whole && of_section.ok();
  }
  return whole && in.ok();
}

/// The day in slots of five minutes, from which later versions count.
SloCounters day_of_slots(Decoder& in) {
  constexpr Duration kWidth{std::chrono::minutes{5}};
  constexpr std::int64_t kFarthest = 1'000'000'000;
  SloCounters slo;
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    const std::int64_t number = in.i64();
    const std::uint32_t good = in.u32();
    const std::uint32_t total = in.u32();
    if (in.ok() && good <= total && number < kFarthest)
      slo.add(TimePoint{std::max<std::int64_t>(-1, number) * kWidth}, Tally{good, total});
  }
  return slo;
}

std::string if_whole(bool whole, std::string document) {
  return whole ? std::move(document) : std::string{};
}

}  // namespace

std::string translate_crm(std::string_view bytes) {
  Decoder in{bytes};
  const std::uint32_t version = in.u32();
  if (version < 1 || version > kNewestCrm) return {};
  Translator crm{in, version};
  bool ended = version < kNewestCrm;
  bool whole = true;
  std::string document = write_document([&](FieldWriter& out) {
    crm.run(kCrmFirst, out);
    std::vector<Item> told = crm.items(kTold);
    crm.run(kCrmSecond, out);
    std::vector<Item> feeders = version >= 3 ? crm.items(kFeeder) : std::vector<Item>{};
    crm.run(kCrmThird, out);
    whole = sections(in, version, kNewestCrm, [&](std::uint32_t tag, Translator& section) {
      if (tag == kUnnamedSection) section.run(kUnnamed, out);
      if (tag == kHoursSection) section.run(kHours, out);
      if (tag == kPausesSection) section.run(kPauses, out);
      if (tag == kNamingsSection) section.add_to(feeders, kNaming);
      if (tag == kDigestsSection) section.add_to(told, kByDigest);
      ended = ended || tag == kEndSection;
    });
    add(out, kToldTag, told);
    add(out, kFeederTag, feeders);
  });
  return if_whole(whole && ended, std::move(document));
}

bool known_shared(std::string_view bytes) {
  Decoder in{bytes};
  const std::uint32_t version = in.u32();
  return !in.ok() || (version >= 1 && version <= kNewestShared);
}

std::string translate_shared(std::string_view bytes) {
  Decoder in{bytes};
  const std::uint32_t version = in.u32();
  Translator shared{in, version};
  bool whole = true;
  std::string document = write_document([&](FieldWriter& out) {
    shared.run(kSharedFirst, out);
    std::vector<Item> agents = shared.items(kAgent);
    shared.run(kSharedLast, out);
    whole = sections(in, version, kNewestShared, [&](std::uint32_t tag, Translator& section) {
      if (tag == kAgentsSection) section.add_to(agents, kAgentMore);
    });
    out.message(kAgentsTag, [&](FieldWriter& all) { add(all, 1, agents); });
  });
  return if_whole(whole, std::move(document));
}

bool known_state(std::string_view bytes) {
  Decoder in{bytes};
  const std::uint8_t version = in.u8();
  if (!in.ok()) return true;
  if (version < 1 || version > kNewestState) return false;
  const std::string crm = in.text();
  Decoder engine{crm};
  const std::uint32_t of_engine = engine.u32();
  return !in.ok() || !engine.ok() || is_document(crm) || (of_engine >= 1 && of_engine <= kNewestCrm);
}

std::string translate_state(std::string_view bytes) {
  Decoder in{bytes};
  const std::uint8_t version = in.u8();
  if (version < 1 || version > kNewestState) return {};
  Translator state{in, version};
  bool whole = true;
  std::string document = write_document([&](FieldWriter& out) {
    state.run(kState, out);
    if (version == 1) out.add(kSloTag, day_of_slots(in));
    whole = sections(in, version, kNewestState, [&](std::uint32_t tag, Translator& section) {
      if (tag == kEndedSection) section.run(kEnded, out);
    });
  });
  return if_whole(whole, std::move(document));
}

}  // namespace crmpulse::rules::legacy
