#include "tests/wire/bodies.h"

#include <snappy.h>

#include <algorithm>
#include <bit>
#include <map>

#include "core/text/utf8.h"

namespace crmpulse::test {
namespace {

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random);
}

std::string random_text(Random& random, std::size_t max_characters) {
  static const std::vector<std::string> kPieces{"a",  "b", "Z",  "0",  " ",    "\"",          "\\",
                                                "\n", "é", "状", "😀", "\x01", "longer-piece"};
  std::string text;
  for (std::size_t left = 1 + below(random, max_characters); left > 0; --left)
    text += kPieces[below(random, kPieces.size())];
  return text;
}

double random_value(Random& random) {
  switch (below(random, 6)) {
    case 0: return 0;
    case 1: return std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
    case 2: return static_cast<double>(below(random, 1000));
    default: return std::bit_cast<double>(random());
  }
}

std::int64_t random_time(Random& random) {
  return below(random, 10) == 0 ? static_cast<std::int64_t>(random())
                                : 1'795'000'000'000 + static_cast<std::int64_t>(below(random, 100'000));
}

std::map<std::string, std::string> random_labels(Random& random) {
  static const std::vector<std::string> kNames{"A",      "_",         "agent", "crm",  "kind",
                                               "object", "operation", "z9",    "Zone", "__meta"};
  std::map<std::string, std::string> labels{
      {"__name__", below(random, 2) == 0 ? "crm_up" : "ns:rule_" + std::to_string(below(random, 99))}};
  for (std::size_t count = below(random, 9); count > 0; --count) {
    // Values around 128 bytes need a two-byte length.
    labels[kNames[below(random, kNames.size())]] = random_text(random, below(random, 8) == 0 ? 60 : 6);
  }
  return labels;
}

}  // namespace

std::string compress(const std::string& bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

std::string uncompress(const std::string& body) {
  std::string out;
  if (!snappy::Uncompress(body.data(), body.size(), &out)) throw std::runtime_error("not snappy");
  return out;
}

Outcome decode(wire::Decoder& decoder, wire::Version version, const std::string& body) {
  std::vector<Read> series;
  auto result = decoder.decode(version, body, [&](const wire::SeriesView& view) {
    Read& read = series.emplace_back();
    for (const auto& label : view.labels) read.labels.emplace_back(label.name, label.value);
    for (const auto& sample : view.samples)
      read.samples.emplace_back(std::bit_cast<std::uint64_t>(sample.value), sample.unix_millis);
    read.key = view.key;
  });
  return {std::move(result), std::move(series)};
}

Outcome decode(wire::Version version, const std::string& body, wire::Limits limits) {
  wire::Decoder decoder{limits};
  return decode(decoder, version, body);
}

namespace {

bool is_name(const std::string& name, const std::string& more) {
  static const std::string kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  return !name.empty() && (kLetters + more).find(name[0]) != std::string::npos &&
         name.find_first_not_of(kLetters + more + "0123456789") == std::string::npos;
}

bool is_sound(const std::vector<std::pair<std::string, std::string>>& sorted) {
  const wire::Limits limits;
  bool named = false;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto& [name, value] = sorted[i];
    if (!is_name(name, "") || name.size() > limits.max_label_name_bytes) return false;
    if (value.size() > limits.max_label_value_bytes || !utf8::is_valid(value)) return false;
    if (value.find('\0') != std::string::npos) return false;
    if (i > 0 && name == sorted[i - 1].first) return false;
    if (name != "__name__") continue;
    named = true;
    if (!is_name(value, ":")) return false;
  }
  return named && sorted.size() <= limits.max_labels_per_series;
}

}  // namespace

std::vector<Read> expected(const oracle::WriteRequest& request) {
  std::vector<Read> all;
  for (const auto& series : request.timeseries()) {
    if (series.samples_size() == 0) continue;
    Read read;
    for (const auto& label : series.labels()) {
      if (!label.value().empty()) read.labels.emplace_back(label.name(), label.value());
    }
    std::stable_sort(read.labels.begin(), read.labels.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    if (!is_sound(read.labels)) continue;
    oracle::TimeSeries only_labels;
    for (const auto& [name, value] : read.labels) add_label(only_labels, name, value);
    read.key = only_labels.SerializeAsString();
    for (const auto& sample : series.samples())
      read.samples.emplace_back(std::bit_cast<std::uint64_t>(sample.value()), sample.timestamp());
    all.push_back(std::move(read));
  }
  return all;
}

std::vector<Read> expected(const oracle::Request& request) {
  oracle::WriteRequest same;
  for (const auto& series : request.timeseries()) {
    oracle::TimeSeries& copy = *same.add_timeseries();
    for (int i = 0; i + 1 < series.labels_refs_size(); i += 2) {
      add_label(copy, request.symbols(static_cast<int>(series.labels_refs(i))),
                request.symbols(static_cast<int>(series.labels_refs(i + 1))));
    }
    for (const auto& sample : series.samples()) {
      copy.add_samples()->set_value(sample.value());
      copy.mutable_samples(copy.samples_size() - 1)->set_timestamp(sample.timestamp());
    }
  }
  return expected(same);
}

oracle::WriteRequest random_v1(Random& random) {
  oracle::WriteRequest request;
  for (std::size_t count = below(random, 12); count > 0; --count) {
    oracle::TimeSeries& series = *request.add_timeseries();
    for (const auto& [name, value] : random_labels(random)) add_label(series, name, value);
    for (std::size_t samples = 1 + below(random, 4); samples > 0; --samples) {
      series.add_samples()->set_value(random_value(random));
      series.mutable_samples(series.samples_size() - 1)->set_timestamp(random_time(random));
    }
  }
  return request;
}

oracle::Request as_v2(const oracle::WriteRequest& request) {
  oracle::Request out;
  std::map<std::string, std::uint32_t> places{{"", 0}};
  out.add_symbols("");
  const auto symbol = [&](const std::string& text) {
    const auto [place, fresh] = places.try_emplace(text, static_cast<std::uint32_t>(out.symbols_size()));
    if (fresh) out.add_symbols(text);
    return place->second;
  };
  for (const auto& series : request.timeseries()) {
    oracle::TimeSeriesV2& copy = *out.add_timeseries();
    for (const auto& label : series.labels()) {
      copy.add_labels_refs(symbol(label.name()));
      copy.add_labels_refs(symbol(label.value()));
    }
    for (const auto& sample : series.samples()) {
      copy.add_samples()->set_value(sample.value());
      copy.mutable_samples(copy.samples_size() - 1)->set_timestamp(sample.timestamp());
    }
  }
  return out;
}

oracle::Request random_v2(Random& random) {
  return as_v2(random_v1(random));
}

void add_label(oracle::TimeSeries& series, const std::string& name, const std::string& value) {
  oracle::Label& label = *series.add_labels();
  label.set_name(name);
  label.set_value(value);
}

oracle::TimeSeries* add_series(oracle::WriteRequest& request, const std::string& metric) {
  oracle::TimeSeries* series = request.add_timeseries();
  add_label(*series, "__name__", metric);
  series->add_samples()->set_value(1);
  series->mutable_samples(0)->set_timestamp(1'795'000'000'000);
  return series;
}

}  // namespace crmpulse::test
