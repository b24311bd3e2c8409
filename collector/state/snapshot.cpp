#include "collector/state/snapshot.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "core/codec.h"
#include "core/log.h"
#include "core/sample.h"
#include "net/base/crypto.h"
#include "rules/engine.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {
namespace {

constexpr std::uint8_t kVersion = 3;
constexpr std::uint8_t kWithoutSections = 2;   ///< still read, as the next one
constexpr std::uint32_t kEndedFailures = 223;  ///< section: failures that a success ended
constexpr std::uint8_t kWithSlots = 1;         ///< one day of availability in slots of five minutes

void write_failure(Encoder& out, const OperationOf& operation, const NewestFailure& failure) {
  out.text(operation.operation);
  out.text(failure.stage);
  out.text(failure.reason);
  out.text(failure.text);
  out.text(failure.agent);
  out.i64(unix_millis(failure.at));
}

void read_failure(Decoder& in, std::map<OperationOf, NewestFailure>& failures) {
  const std::string operation = in.text();
  NewestFailure failure;
  failure.stage = in.text();
  failure.reason = in.text();
  failure.text = in.text();
  failure.agent = in.text();
  failure.at = from_unix_millis(in.i64());
  OperationOf key{operation, failure.agent};
  if (in.ok()) failures[std::move(key)] = std::move(failure);
}

void write_evidence(Encoder& out, const Evidence& line) {
  out.i64(unix_millis(line.at));
  out.text(line.agent);
  out.text(line.operation);
  out.text(line.stage);
  out.text(line.reason);
  out.text(line.text);
}

void read_evidence(Decoder& in, CrmFacts& facts) {
  Evidence line;
  line.at = from_unix_millis(in.i64());
  line.crm = facts.crm;
  line.kind = facts.kind;
  line.agent = in.text();
  line.operation = in.text();
  line.stage = in.text();
  line.reason = in.text();
  line.text = in.text();
  if (in.ok()) facts.evidence.push_back(std::move(line));
}

/// False: its bytes are damaged.
bool read_section(const Section& section, CrmFacts& facts) {
  if (section.tag != kEndedFailures) return true;
  Decoder in{section.bytes};
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) read_failure(in, facts.ended);
  return in.ok();
}

void read_slots(Decoder& in, CrmFacts& facts) {
  constexpr Duration kSlot{std::chrono::minutes{5}};
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    const std::int64_t number = in.i64();
    const std::uint32_t good = in.u32();
    const std::uint32_t total = in.u32();
    if (in.ok() && good <= total) facts.slo.add(TimePoint{number * kSlot}, rules::Tally{good, total});
  }
}

}  // namespace

std::string encode_state(std::string_view engine_bytes, const CrmFacts& facts) {
  Encoder out;
  out.u8(kVersion);
  out.text(engine_bytes);
  out.text(facts.kind);
  out.text(facts.transport);
  out.u32(static_cast<std::uint32_t>(facts.failures.size()));
  for (const auto& [operation, failure] : facts.failures) write_failure(out, operation, failure);
  out.u32(static_cast<std::uint32_t>(facts.evidence.size()));
  for (const Evidence& line : facts.evidence) write_evidence(out, line);
  facts.slo.save(out);
  // Later additions: out.section(tag, …), a tag that is never used again.
  if (!facts.ended.empty()) {
    Encoder ended;
    ended.u32(static_cast<std::uint32_t>(facts.ended.size()));
    for (const auto& [operation, failure] : facts.ended) write_failure(ended, operation, failure);
    out.section(kEndedFailures, ended.bytes());
  }
  return out.take();
}

bool knows_version(std::string_view blob) {
  Decoder in{blob};
  const std::uint8_t version = in.u8();
  if (!in.ok()) return true;
  if (version < kWithSlots || version > kVersion) return false;
  const std::string engine_bytes = in.text();
  return !in.ok() || rules::Engine::knows_version(engine_bytes);
}

Result<std::string> decode_state(std::string_view blob, CrmFacts& facts) {
  Decoder in{blob};
  const std::uint8_t version = in.u8();
  if (version < kWithSlots || version > kVersion)
    return Error{"the stored state of " + facts.crm + " is of another version"};
  std::string engine_bytes = in.text();
  facts.kind = in.text();
  facts.transport = in.text();
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) read_failure(in, facts.failures);
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) read_evidence(in, facts);
  if (version == kWithSlots) {
    read_slots(in, facts);
  } else {
    facts.slo.load(in);
  }
  bool whole = true;
  while (version > kWithoutSections && in.ok() && !in.at_end()) whole = read_section(in.section(), facts) && whole;
  if (!whole || !in.ok() || !in.at_end()) return Error{"the stored state of " + facts.crm + " is damaged"};
  return engine_bytes;
}

std::string encode_values(const SeriesTable& table, TimePoint now, std::size_t first, std::size_t count) {
  wire::BodyBuilder builder;
  const std::vector<Series>& all = table.all();
  for (std::size_t i = first; i < std::min(all.size(), first + count); ++i) {
    const Series& series = all[i];
    if (!SeriesTable::fresh(series, now)) continue;
    // Two readings, so that the spacing comes back too.
    const std::array readings{wire::SampleView{series.value, unix_millis(series.at - series.interval)},
                              wire::SampleView{series.value, unix_millis(series.at)}};
    builder.add(series.key.view(), std::span{readings}.subspan(series.interval > Duration{} ? 0 : 1));
  }
  return net::base64_encode(builder.finish());
}

void decode_values(std::string_view text, SeriesTable& table) {
  const std::optional<std::string> body = net::base64_decode(text);
  if (!body) return;
  wire::Limits limits;
  limits.max_decompressed_bytes = 1024UL * 1024 * 1024;
  limits.max_series = SeriesTable::kMaxSeries;
  limits.max_samples = 2 * SeriesTable::kMaxSeries;
  wire::Decoder decoder{limits};
  const auto restored = decoder.decode(wire::Version::v1, *body, [&table](const wire::SeriesView& view) {
    const SeriesIndex index = table.find_or_add(view).id;
    if (index == SeriesTable::kNone) return;
    for (const wire::SampleView& sample : view.samples)
      table[index].note(from_unix_millis(sample.unix_millis), sample.value);
  });
  if (!restored) log::warning("stored last values cannot be read", {{"why", restored.error().message}});
}

}  // namespace crmpulse::collector
