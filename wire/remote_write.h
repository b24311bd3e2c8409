#pragma once
// Prometheus remote write 1.0 and 2.0, both directions of 1.0, reading of 2.0. Pure: bytes in, views or bytes out.
// Schema: docs of prometheus/docs (remote write 1.0, 2.0-rc.4). Body = snappy block format over protobuf.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/sample.h"
#include "wire/skip.h"

namespace crmpulse::wire {

enum class Version { v1, v2 };

inline constexpr std::string_view kMetricName = "__name__";  ///< the label that holds it

/// What one request may be: beyond the first four it is refused as a whole, beyond the others a series is left out.
struct Limits {
  std::size_t max_decompressed_bytes = 32 * 1024 * 1024;
  std::size_t max_series = 50'000;
  std::size_t max_samples = 200'000;
  std::size_t max_symbols = 500'000;  ///< of a 2.0 request
  std::size_t max_labels_per_series = 64;
  std::size_t max_label_name_bytes = 128;
  std::size_t max_label_value_bytes = 1024;
};

/// Why a body is refused. `status` is the HTTP answer: 400 malformed, 413 too large.
struct DecodeError {
  int status = 400;
  /// Label value for the refusal counter, static storage: snappy, protobuf, symbol, limit; of evidence also json,
  /// evidence.
  std::string_view code;
  std::string message;  ///< says where: `series 3: …`; never a label's value
};
/// Lets result<T, DecodeError>::value() throw something readable.
[[noreturn]] void throw_exception_from_error(const DecodeError& refusal, const boost::source_location&);

struct LabelView {
  std::string_view name;
  std::string_view value;
};
struct SampleView {
  double value;  ///< bit-exact: a stale marker stays one
  std::int64_t unix_millis;
};

/// One series of a request. The views live only during the visitor's call.
struct SeriesView {
  /// Canonical identity: the labels as encoded in remote write 1.0 (sorted, with `__name__`). Equal bytes = same
  /// series.
  std::string_view key;
  std::span<const LabelView> labels;  ///< sorted by name, includes `__name__`
  std::span<const SampleView> samples;
};

/// The series a receiver knows, under numbers of its own; what lets a decoder pass over labels it has checked before.
/// Keys are what SeriesView::key is; each of them was accepted under limits not wider than the decoder's.
class KnownSeries {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = ~Id{0};
  struct Guess {
    Id id = kNone;
    std::string_view labels;  ///< as spelled(); empty: no idea
  };
  /// A series' number, or the reason why it has none.
  struct Place {
    Id id = kNone;
    SkipReason why = SkipReason::series_limit;
  };

  /// Which series came after this one the last time (kNone: at the start of a body)? Senders repeat themselves.
  [[nodiscard]] virtual Guess after(Id before) const = 0;
  virtual void follows(Id before, Id id) = 0;
  /// kNone: not known, or not to be taken without being asked again.
  [[nodiscard]] virtual Id find(std::string_view key) const = 0;
  /// A sound series of a body that can be read and that find() did not find.
  [[nodiscard]] virtual Place find_or_add(const SeriesView& view) = 0;
  /// The labels' bytes in the last 1.0 body that had the series: its key, or the same labels in another order or with
  /// empty ones among them.
  virtual void spelled(Id /*id*/, std::string_view /*labels*/) {}
  /// A series is left out. `labels` as far as they were read, of an unsound series anything at all; the body may still
  /// be refused.
  virtual void skipped(SkipReason /*reason*/, std::span<const LabelView> /*labels*/) {}

 protected:
  ~KnownSeries() = default;
};

/// One reading of a request.
struct Reading {
  KnownSeries::Id series;
  std::int64_t unix_millis;  ///< the sender's stamp
  double value;              ///< bit-exact: a stale marker stays one
};

/// Reusable buffers of a decoder; one per thread. Steady state allocates nothing per label or sample.
class Decoder {
 public:
  explicit Decoder(Limits limits = {});
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// What the request holds. Series without samples (histograms or exemplars only) are counted but not visited.
  struct Counts {
    std::size_t series = 0;
    std::size_t samples = 0;     ///< those that are left out among them
    std::size_t histograms = 0;  ///< present but not used here
    std::size_t exemplars = 0;
    Skipped skipped;
  };
  using Visitor = std::function<void(const SeriesView&)>;

  /// Checks the whole body first; the visitor is called only when all of it can be read. Labels are sorted, empty ones
  /// dropped; a series that is unsound all the same (names, duplicates, UTF-8, no `__name__`, bounds) is left out.
  /// `compressed` is the HTTP body. A message of the other version is refused, not read as an empty one. The visitor
  /// must not call the same decoder.
  [[nodiscard]] boost::system::result<Counts, DecodeError> decode(Version version, std::string_view compressed,
                                                                  const Visitor& visit);

  struct Readings {
    Counts counts;
    std::vector<Reading> readings;  ///< in the body's order
  };
  /// Like the other decode(), for a receiver with a table: a series it knows costs one comparison of bytes, and nothing
  /// of a refused body is added. `memory` is emptied and used.
  [[nodiscard]] boost::system::result<Readings, DecodeError> decode(Version version, std::string_view compressed,
                                                                    KnownSeries& known,
                                                                    std::vector<Reading> memory = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Is this value Prometheus's stale marker?
[[nodiscard]] bool is_stale_marker(double value);

/// Samples → a remote write 1.0 body, snappy-compressed. Samples of one label set become one series, in time order
/// (equal times keep their order); series keep the order of first appearance. A label `__name__` gives way to the
/// sample's metric.
[[nodiscard]] std::string encode(std::span<const Sample> samples);

/// A 1.0 body of series that are known by their SeriesView::key; nothing is checked or put in order.
class BodyBuilder {
 public:
  void add(std::string_view key, std::span<const SampleView> samples);
  /// Snappy-compressed; the builder is empty then.
  [[nodiscard]] std::string finish();

 private:
  std::string body_;
  std::string series_;  ///< working space
};

}  // namespace crmpulse::wire
