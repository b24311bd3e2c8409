// Two walks over the decompressed bytes: the first checks everything, the second calls the visitor. Reading a series
// twice costs little, and the memory a hostile body can claim beside itself stays that of one series.

#include <fmt/format.h>
#include <snappy.h>

#include <bit>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>

#include "wire/label_block.h"
#include "wire/series.h"
#include "wire/text.h"

namespace crmpulse::wire {
namespace {

using protozero::pbf_reader;

// Field numbers of the two request messages; they share none, so that neither is taken for an empty other.
constexpr protozero::pbf_tag_type kSeriesV1 = 1;
constexpr protozero::pbf_tag_type kSymbolsV2 = 4;
constexpr protozero::pbf_tag_type kSeriesV2 = 5;

std::string_view bytes_of(pbf_reader& reader) {
  const auto view = reader.get_view();
  return {view.data(), view.size()};
}

bool is_bytes(const pbf_reader& reader) {
  return reader.wire_type() == protozero::pbf_wire_type::length_delimited;
}

Refusal bad_symbol(std::string message) {
  return {400, "symbol", std::move(message)};
}

}  // namespace

struct Decoder::State {
  explicit State(Limits wanted) : limits(wanted) {}

  Limits limits;
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;
  std::vector<std::string_view> symbols;
  LabelCheck label_check;
  Series series;
  std::string key;  ///< of a series whose canonical bytes do not stand in the body
  std::size_t key_bytes = 0;
  Counts counts;

  Verdict decompress(std::string_view compressed, std::string_view& body);
  Verdict scan(Version version, std::string_view body);
  Verdict add_symbol(std::string_view symbol);
  template <class Each>
  Verdict walk(Version version, std::string_view body, Each each);
  Verdict check_body(Version version, std::string_view body);
  Verdict check_series(Version version);
  Verdict count_key_bytes();
  void visit_series(const Visitor& visit);
};

Verdict Decoder::State::decompress(std::string_view compressed, std::string_view& body) {
  // A snappy copy element of three bytes yields at most 64: who claims more than that ratio lies.
  constexpr std::size_t kMaxRatio = 22;
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &size)) {
    return Refusal{400, "snappy", "the body does not start with a snappy block length"};
  }
  if (size > limits.max_decompressed_bytes)
    return over_limit("bytes after decompression", limits.max_decompressed_bytes);
  if (size / kMaxRatio > compressed.size())
    return Refusal{400, "snappy", "the body is too short for the length it claims"};
  if (size > capacity) {
    buffer = std::make_unique_for_overwrite<char[]>(size);
    capacity = size;
  }
  if (!snappy::RawUncompress(compressed.data(), compressed.size(), buffer.get())) {
    return Refusal{400, "snappy", "the body is not one snappy block"};
  }
  body = {buffer.get(), size};
  return {};
}

/// What must be known before any series is read: is it this version's message, and 2.0's symbols, which may stand
/// anywhere in it. Read as the wrong version a message would look empty, and a 2xx would lose it.
Verdict Decoder::State::scan(Version version, std::string_view body) {
  symbols.clear();
  for (pbf_reader reader{body.data(), body.size()}; reader.next();) {
    const bool symbol = reader.tag() == kSymbolsV2;
    if (version == Version::v1 && (symbol || reader.tag() == kSeriesV2))
      return malformed("a remote write 2.0 message, declared as 1.0");
    if (version == Version::v2 && reader.tag() == kSeriesV1)
      return malformed("a remote write 1.0 message, declared as 2.0");
    if (!symbol) {
      reader.skip();
      continue;
    }
    if (!is_bytes(reader)) return malformed("a symbol is not a string");
    if (Verdict verdict = add_symbol(bytes_of(reader))) return verdict;
  }
  return {};
}

Verdict Decoder::State::add_symbol(std::string_view symbol) {
  if (symbols.size() == limits.max_symbols) return over_limit("symbols", limits.max_symbols);
  if (symbols.empty() && !symbol.empty()) return bad_symbol("the first symbol is not the empty string");
  if (!is_utf8(symbol)) return bad_symbol(fmt::format("symbol {} is not UTF-8", symbols.size()));
  symbols.push_back(symbol);
  return {};
}

/// Reads every series of the body into `series` and calls `each(index)`, which may refuse.
template <class Each>
Verdict Decoder::State::walk(Version version, std::string_view body, Each each) {
  const protozero::pbf_tag_type wanted = version == Version::v1 ? kSeriesV1 : kSeriesV2;
  std::size_t index = 0;
  for (pbf_reader reader{body.data(), body.size()}; reader.next();) {
    if (reader.tag() != wanted) {
      reader.skip();
      continue;
    }
    if (!is_bytes(reader)) return malformed("a series is not a message");
    const std::string_view bytes = bytes_of(reader);
    Verdict verdict =
        version == Version::v1 ? read_series_v1(bytes, limits, series) : read_series_v2(bytes, symbols, limits, series);
    if (!verdict) verdict = each(index);
    if (verdict) {
      verdict->message.insert(0, fmt::format("series {}: ", index));
      return verdict;
    }
    ++index;
  }
  return {};
}

Verdict Decoder::State::check_body(Version version, std::string_view body) {
  counts = {};
  key_bytes = 0;
  label_check.start();
  if (Verdict verdict = scan(version, body)) return verdict;
  return walk(version, body, [&](std::size_t index) -> Verdict {
    if (index == limits.max_series) return over_limit("series", limits.max_series);
    return check_series(version);
  });
}

Verdict Decoder::State::check_series(Version version) {
  if (Verdict verdict = label_check.check(version, series.labels, limits)) return verdict;
  ++counts.series;
  counts.samples += series.samples.size();
  counts.histograms += series.histograms;
  counts.exemplars += series.exemplars;
  if (counts.samples > limits.max_samples) return over_limit("samples", limits.max_samples);
  if (version == Version::v1) return {};
  if (series.samples.empty() && series.histograms == 0 && series.exemplars == 0) {
    return Refusal{400, "series", "it has neither samples nor histograms"};
  }
  return count_key_bytes();
}

/// A few long symbols, referred to by many series, would make keys of any size: a 2.0 request is held to the size it
/// would have in 1.0.
Verdict Decoder::State::count_key_bytes() {
  for (const LabelView& label : series.labels) key_bytes += label_size(label);
  if (key_bytes > limits.max_decompressed_bytes)
    return over_limit("bytes of labels, written out", limits.max_decompressed_bytes);
  return {};
}

void Decoder::State::visit_series(const Visitor& visit) {
  if (series.samples.empty()) return;
  std::string_view identity = series.block;
  if (identity.empty()) {
    key.clear();
    for (const LabelView& label : series.labels) append_label(key, label);
    identity = key;
  }
  visit({identity, series.labels, series.samples});
}

Decoder::Decoder(Limits limits) : state_(std::make_unique<State>(limits)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

boost::system::result<Decoder::Counts, Refusal> Decoder::decode(Version version, std::string_view compressed,
                                                                const Visitor& visit) {
  std::string_view body;
  if (Verdict verdict = state_->decompress(compressed, body)) return *std::move(verdict);
  try {
    if (Verdict verdict = state_->check_body(version, body)) return *std::move(verdict);
  } catch (const protozero::exception& broken) {
    return malformed(broken.what());
  }
  // Checked above: nothing is refused any more, and what is thrown is the visitor's own.
  (void)state_->walk(version, body, [&](std::size_t) -> Verdict {
    state_->visit_series(visit);
    return {};
  });
  return state_->counts;
}

bool is_stale_marker(double value) {
  return std::bit_cast<std::uint64_t>(value) == 0x7ff0000000000002U;
}

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::runtime_error(fmt::format("{} {}: {}", refusal.status, refusal.code, refusal.message));
}

}  // namespace crmpulse::wire
