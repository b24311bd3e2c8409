// Two walks over the decompressed bytes: the first checks everything, the second calls the visitor. Reading a series
// twice costs little, and the memory a hostile body can claim beside itself stays that of one series. For a receiver
// with a table the first walk takes the readings too, and only series that are new to it are walked again. What is
// wrong with one series leaves that one out; only a body that cannot be read is refused.

#include <fmt/format.h>
#include <snappy.h>

#include <bit>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>

#include "wire/label_block.h"
#include "wire/series.h"

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

DecodeError bad_symbol(std::string message) {
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

  DecodeCheck decompress(std::string_view compressed, std::string_view& body);
  DecodeCheck scan(Version version, std::string_view body);
  DecodeCheck add_symbol(std::string_view symbol);
  template <class Each>
  DecodeCheck walk(Version version, std::string_view body, Each each);
  DecodeCheck read(Version version, std::string_view bytes);
  DecodeCheck check_body(Version version, std::string_view body);
  DecodeCheck check_series(Version version, Unsound& unsound);
  DecodeCheck count_key_bytes();
  std::string_view identity();
  void visit_series(const Visitor& visit);

  /// A series of the body that the table does not know; its readings wait without a number.
  struct Unknown {
    std::string_view bytes;
    std::size_t first = 0;  ///< of its readings
    std::size_t count = 0;
  };
  std::vector<Unknown> unknown;
  std::optional<KnownSeries::Id> before;  ///< the series before; nothing when that is an unknown one

  DecodeCheck take_body(Version version, std::string_view body, KnownSeries& known, std::vector<Reading>& out);
  bool take_known(std::string_view bytes, const KnownSeries& known, std::vector<Reading>& out);
  DecodeCheck take_series(Version version, std::string_view bytes, KnownSeries& known, std::vector<Reading>& out);
  void add_unknown(Version version, KnownSeries& known, std::vector<Reading>& out);
  void skip(SkipReason why, KnownSeries& known);
};

DecodeCheck Decoder::State::decompress(std::string_view compressed, std::string_view& body) {
  // A snappy copy element of three bytes yields at most 64: who claims more than that ratio lies.
  constexpr std::size_t kMaxRatio = 22;
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &size)) {
    return DecodeError{400, "snappy", "the body does not start with a snappy block length"};
  }
  if (size > limits.max_decompressed_bytes)
    return over_limit("bytes after decompression", limits.max_decompressed_bytes);
  if (size / kMaxRatio > compressed.size())
    return DecodeError{400, "snappy", "the body is too short for the length it claims"};
  if (size > capacity) {
    buffer = std::make_unique_for_overwrite<char[]>(size);
    capacity = size;
  }
  if (!snappy::RawUncompress(compressed.data(), compressed.size(), buffer.get())) {
    return DecodeError{400, "snappy", "the body is not one snappy block"};
  }
  body = {buffer.get(), size};
  return {};
}

/// What must be known before any series is read: is it this version's message, and 2.0's symbols, which may stand
/// anywhere in it. Read as the wrong version a message would look empty, and a 2xx would lose it.
DecodeCheck Decoder::State::scan(Version version, std::string_view body) {
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
    if (DecodeCheck verdict = add_symbol(bytes_of(reader))) return verdict;
  }
  return {};
}

DecodeCheck Decoder::State::add_symbol(std::string_view symbol) {
  if (symbols.size() == limits.max_symbols) return over_limit("symbols", limits.max_symbols);
  if (symbols.empty() && !symbol.empty()) return bad_symbol("the first symbol is not the empty string");
  symbols.push_back(symbol);
  return {};
}

/// Calls `each(index, bytes)`, which may refuse, with every series of the body.
template <class Each>
DecodeCheck Decoder::State::walk(Version version, std::string_view body, Each each) {
  const protozero::pbf_tag_type wanted = version == Version::v1 ? kSeriesV1 : kSeriesV2;
  std::size_t index = 0;
  for (pbf_reader reader{body.data(), body.size()}; reader.next();) {
    if (reader.tag() != wanted) {
      reader.skip();
      continue;
    }
    if (!is_bytes(reader)) return malformed("a series is not a message");
    if (DecodeCheck verdict = each(index, bytes_of(reader))) {
      verdict->message.insert(0, fmt::format("series {}: ", index));
      return verdict;
    }
    ++index;
  }
  return {};
}

DecodeCheck Decoder::State::read(Version version, std::string_view bytes) {
  return version == Version::v1 ? read_series_v1(bytes, limits, series)
                                : read_series_v2(bytes, symbols, limits, series);
}

DecodeCheck Decoder::State::check_body(Version version, std::string_view body) {
  counts = {};
  key_bytes = 0;
  label_check.start();
  if (DecodeCheck verdict = scan(version, body)) return verdict;
  return walk(version, body, [&](std::size_t index, std::string_view bytes) -> DecodeCheck {
    if (index == limits.max_series) return over_limit("series", limits.max_series);
    if (DecodeCheck verdict = read(version, bytes)) return verdict;
    Unsound unsound;
    if (DecodeCheck verdict = check_series(version, unsound)) return verdict;
    if (unsound) counts.skipped.add(*unsound, series.samples.size());
    return {};
  });
}

/// Counts the series, sound or not.
DecodeCheck Decoder::State::check_series(Version version, Unsound& unsound) {
  ++counts.series;
  counts.samples += series.samples.size();
  counts.histograms += series.histograms;
  counts.exemplars += series.exemplars;
  if (counts.samples > limits.max_samples) return over_limit("samples", limits.max_samples);
  unsound = label_check.check(series, limits);
  if (unsound) return {};
  // By 2.0 exemplars belong to samples or histograms; 1.0 says nothing of them.
  const bool alone = version == Version::v2 || series.exemplars == 0;
  if (series.samples.empty() && series.histograms == 0 && alone) {
    unsound = SkipReason::no_samples;
    return {};
  }
  return version == Version::v1 ? DecodeCheck{} : count_key_bytes();
}

/// A few long symbols, referred to by many series, would make keys of any size: a 2.0 request is held to the size it
/// would have in 1.0.
DecodeCheck Decoder::State::count_key_bytes() {
  for (const LabelView& label : series.labels) key_bytes += label_size(label);
  if (key_bytes > limits.max_decompressed_bytes)
    return over_limit("bytes of labels, written out", limits.max_decompressed_bytes);
  return {};
}

std::string_view Decoder::State::identity() {
  if (!series.block.empty()) return series.block;
  key.clear();
  for (const LabelView& label : series.labels) append_label(key, label);
  return key;
}

void Decoder::State::visit_series(const Visitor& visit) {
  if (!series.samples.empty()) visit({identity(), series.labels, series.samples});
}

DecodeCheck Decoder::State::take_body(Version version, std::string_view body, KnownSeries& known,
                                      std::vector<Reading>& out) {
  counts = {};
  key_bytes = 0;
  unknown.clear();
  before = KnownSeries::kNone;
  label_check.start();
  if (DecodeCheck verdict = scan(version, body)) return verdict;
  return walk(version, body, [&](std::size_t index, std::string_view bytes) -> DecodeCheck {
    if (index == limits.max_series) return over_limit("series", limits.max_series);
    if (version == Version::v1 && take_known(bytes, known, out)) return {};
    return take_series(version, bytes, known, out);
  });
}

/// The series that came next the last time, byte for byte: nothing of its labels is looked at again.
bool Decoder::State::take_known(std::string_view bytes, const KnownSeries& known, std::vector<Reading>& out) {
  if (!before) return false;
  const KnownSeries::Guess guess = known.after(*before);
  const std::size_t taken = out.size();
  if (!read_known_series(bytes, guess.labels, guess.id, limits.max_samples - counts.samples, out)) return false;
  ++counts.series;
  counts.samples += out.size() - taken;
  before = guess.id;
  return true;
}

DecodeCheck Decoder::State::take_series(Version version, std::string_view bytes, KnownSeries& known,
                                        std::vector<Reading>& out) {
  if (DecodeCheck verdict = read(version, bytes)) return verdict;
  Unsound unsound;
  if (DecodeCheck verdict = check_series(version, unsound)) return verdict;
  if (unsound) {
    skip(*unsound, known);
    return {};
  }
  if (series.samples.empty()) return {};
  const KnownSeries::Id id = known.find(identity());
  if (id == KnownSeries::kNone) {
    unknown.push_back({bytes, out.size(), series.samples.size()});
    before.reset();
  } else {
    if (version == Version::v1) known.spelled(id, series.spelled);
    if (before) known.follows(*before, id);
    before = id;
  }
  for (const SampleView& sample : series.samples) out.push_back({id, sample.unix_millis, sample.value});
  return {};
}

void Decoder::State::skip(SkipReason why, KnownSeries& known) {
  counts.skipped.add(why, series.samples.size());
  known.skipped(why, series.labels);
}

/// Checked before: what can be read, has its place or is left out.
void Decoder::State::add_unknown(Version version, KnownSeries& known, std::vector<Reading>& out) {
  bool all_placed = true;
  for (const Unknown& one : unknown) {
    (void)read(version, one.bytes);
    (void)label_check.check(series, limits);  // puts the labels in order
    const KnownSeries::Place place = known.find_or_add({identity(), series.labels, series.samples});
    if (place.id == KnownSeries::kNone) {
      skip(place.why, known);
      all_placed = false;
      continue;
    }
    if (version == Version::v1) known.spelled(place.id, series.spelled);
    const std::size_t end = one.first + one.count;
    for (std::size_t i = one.first; i < end; ++i) out[i].series = place.id;
    const KnownSeries::Id last = one.first == 0 ? KnownSeries::kNone : out[one.first - 1].series;
    if (one.first == 0 || last != KnownSeries::kNone) known.follows(last, place.id);
    if (end < out.size() && out[end].series != KnownSeries::kNone) known.follows(place.id, out[end].series);
  }
  if (!all_placed) std::erase_if(out, [](const Reading& reading) { return reading.series == KnownSeries::kNone; });
}

Decoder::Decoder(Limits limits) : state_(std::make_unique<State>(limits)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

boost::system::result<Decoder::Counts, DecodeError> Decoder::decode(Version version, std::string_view compressed,
                                                                    const Visitor& visit) {
  std::string_view body;
  if (DecodeCheck verdict = state_->decompress(compressed, body)) return *std::move(verdict);
  try {
    if (DecodeCheck verdict = state_->check_body(version, body)) return *std::move(verdict);
  } catch (const protozero::exception& broken) {
    return malformed(broken.what());
  }
  // Checked above: nothing is refused any more, and what is thrown is the visitor's own.
  (void)state_->walk(version, body, [&](std::size_t, std::string_view bytes) -> DecodeCheck {
    (void)state_->read(version, bytes);
    if (!state_->label_check.check(state_->series, state_->limits)) state_->visit_series(visit);
    return {};
  });
  return state_->counts;
}

boost::system::result<Decoder::Readings, DecodeError> Decoder::decode(Version version, std::string_view compressed,
                                                                      KnownSeries& known, std::vector<Reading> memory) {
  Readings out{{}, std::move(memory)};
  out.readings.clear();
  std::string_view body;
  if (DecodeCheck verdict = state_->decompress(compressed, body)) return *std::move(verdict);
  try {
    if (DecodeCheck verdict = state_->take_body(version, body, known, out.readings)) return *std::move(verdict);
    state_->add_unknown(version, known, out.readings);
  } catch (const protozero::exception& broken) {
    return malformed(broken.what());
  }
  out.counts = state_->counts;
  return out;
}

bool is_stale_marker(double value) {
  return std::bit_cast<std::uint64_t>(value) == 0x7ff0000000000002U;
}

void throw_exception_from_error(const DecodeError& refusal, const boost::source_location&) {
  throw std::runtime_error(fmt::format("{} {}: {}", refusal.status, refusal.code, refusal.message));
}

}  // namespace crmpulse::wire
