#include "collector/state/snapshot.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "core/fields.h"
#include "core/log.h"
#include "core/sample.h"
#include "net/base/crypto.h"
#include "rules/legacy/positional.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {
namespace {

// Tags of a CRM's stored state.
constexpr std::uint32_t kEngine = 2;
constexpr std::uint32_t kKind = 3;
constexpr std::uint32_t kTransport = 4;
constexpr std::uint32_t kFailure = 5;
constexpr std::uint32_t kEvidence = 6;
constexpr std::uint32_t kSlo = 7;
constexpr std::uint32_t kEndedFailure = 8;

constexpr std::uint32_t kOperation = 1;  ///< of a failure, beside its fields()

void write(FieldWriter& out, std::uint32_t tag, const std::map<OperationOf, NewestFailure>& failures) {
  for (const auto& [operation, failure] : failures) {
    out.message(tag, [&](FieldWriter& part) {
      part.add(kOperation, operation.operation);
      part.members(failure);
    });
  }
}

void read(FieldReader part, std::map<OperationOf, NewestFailure>& failures) {
  std::string operation;
  NewestFailure failure;
  while (part.next()) {
    if (part.tag() == kOperation) part.read(operation);
    part.member(failure);
  }
  OperationOf key{std::move(operation), failure.agent};
  if (failures.size() < CrmFacts::kMaxOperations) failures.insert_or_assign(std::move(key), std::move(failure));
}

}  // namespace

std::string encode_state(std::string_view engine_bytes, const CrmFacts& facts) {
  return write_document([&](FieldWriter& out) {
    out.add(kEngine, engine_bytes);
    out.add(kKind, facts.kind);
    out.add(kTransport, facts.transport);
    write(out, kFailure, facts.failures);
    out.add(kEvidence, facts.evidence);
    out.add(kSlo, facts.slo);
    write(out, kEndedFailure, facts.ended);
  });
}

bool knows_version(std::string_view blob) {
  return is_document(blob) || rules::legacy::known_state(blob);
}

Result<std::string> decode_state(std::string_view blob, CrmFacts& facts) {
  std::string document;
  if (!is_document(blob)) document = rules::legacy::translate_state(blob);
  std::string engine_bytes;
  const bool whole = read_document(document.empty() ? blob : document, [&](FieldReader& in) {
    while (in.next()) {
      switch (in.tag()) {
        case kEngine: in.read(engine_bytes); break;
        case kKind: in.read(facts.kind); break;
        case kTransport: in.read(facts.transport); break;
        case kFailure: read(in.message(), facts.failures); break;
        case kEvidence: in.read(facts.evidence, CrmFacts::kMaxEvidence); break;
        case kSlo: in.read(facts.slo); break;
        case kEndedFailure: read(in.message(), facts.ended); break;
        default: break;
      }
    }
  });
  if (!whole)
    return Error{"the stored state of " + facts.crm + (knows_version(blob) ? " is damaged" : " is of another version")};
  for (Evidence& line : facts.evidence) {
    line.crm = facts.crm;
    line.kind = facts.kind;
  }
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
