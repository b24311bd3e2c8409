#include "store/spool/spool_row.h"

#include <algorithm>

#include "core/codec.h"

namespace crmpulse::store {
namespace {

constexpr std::uint8_t kFormat = 1;

constexpr std::string Evidence::* kEvidenceTexts[] = {&Evidence::crm,       &Evidence::kind,  &Evidence::agent,
                                                      &Evidence::operation, &Evidence::stage, &Evidence::reason,
                                                      &Evidence::text};

void encode_sample(Encoder& out, const Sample& sample) {
  out.text(sample.metric);
  out.i64(unix_millis(sample.at));
  out.f64(sample.value);
  out.u32(static_cast<std::uint32_t>(sample.labels.size()));
  for (const auto& [name, value] : sample.labels) {
    out.text(name);
    out.text(value);
  }
}

Sample decode_sample(Decoder& in) {
  Sample sample;
  sample.metric = in.text();
  sample.at = from_unix_millis(in.i64());
  sample.value = in.f64();
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    const std::string name = in.text();
    sample.labels.set(name, in.text());
  }
  return sample;
}

void encode_evidence(Encoder& out, const Evidence& evidence) {
  out.i64(unix_millis(evidence.at));
  for (const auto member : kEvidenceTexts) out.text(evidence.*member);
}

Evidence decode_evidence(Decoder& in) {
  Evidence evidence;
  evidence.at = from_unix_millis(in.i64());
  for (const auto member : kEvidenceTexts) evidence.*member = in.text();
  return evidence;
}

}  // namespace

SpoolRow encode_row(const SpoolPush& outcome) {
  Encoder out;
  TimePoint oldest = TimePoint::max();
  out.u8(kFormat);
  out.u32(static_cast<std::uint32_t>(outcome.samples.size()));
  for (const Sample& sample : outcome.samples) {
    encode_sample(out, sample);
    oldest = std::min(oldest, sample.at);
  }
  out.u32(static_cast<std::uint32_t>(outcome.evidence.size()));
  for (const Evidence& evidence : outcome.evidence) {
    encode_evidence(out, evidence);
    oldest = std::min(oldest, evidence.at);
  }
  return {out.take(), static_cast<std::int64_t>(outcome.samples.size()), oldest};
}

std::optional<SpoolPush> decode_row(std::string_view body) {
  Decoder in{body};
  SpoolPush outcome;
  if (in.u8() != kFormat) return std::nullopt;
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) outcome.samples.push_back(decode_sample(in));
  for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) outcome.evidence.push_back(decode_evidence(in));
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return outcome;
}

}  // namespace crmpulse::store
