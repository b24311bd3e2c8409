#include <snappy.h>

#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <unordered_map>

#include "wire/label_block.h"
#include "wire/remote_write.h"
#include "wire/text.h"

namespace crmpulse::wire {
namespace {

struct Series {
  std::string labels;  ///< canonical bytes
  std::vector<SampleView> samples;
};

/// Nearly always at the end: what is measured later comes later. Equal times keep their order.
void add_in_time_order(std::vector<SampleView>& samples, const SampleView& sample) {
  const auto place =
      std::upper_bound(samples.begin(), samples.end(), sample.unix_millis,
                       [](std::int64_t time, const SampleView& other) { return time < other.unix_millis; });
  samples.insert(place, sample);
}

std::vector<Series> group_by_labels(std::span<const Sample> samples) {
  std::vector<Series> all;
  std::unordered_map<std::string, std::size_t> places;
  std::string labels;
  for (const Sample& sample : samples) {
    labels.clear();
    append_key(labels, sample.metric, sample.labels);
    const auto [place, fresh] = places.try_emplace(labels, all.size());
    if (fresh) all.push_back({labels, {}});
    add_in_time_order(all[place->second].samples, {sample.value, unix_millis(sample.at)});
  }
  return all;
}

}  // namespace

void BodyBuilder::add(std::string_view key, std::span<const SampleView> samples) {
  series_.assign(key);
  protozero::pbf_writer series{series_};
  for (const SampleView& sample : samples) {
    protozero::pbf_writer message{series, 2};
    message.add_double(1, sample.value);
    message.add_int64(2, sample.unix_millis);
  }
  protozero::pbf_writer{body_}.add_message(1, series_);
}

std::string BodyBuilder::finish() {
  std::string compressed;
  snappy::Compress(body_.data(), body_.size(), &compressed);
  body_.clear();
  return compressed;
}

std::string encode(std::span<const Sample> samples) {
  BodyBuilder builder;
  for (const Series& series : group_by_labels(samples)) builder.add(series.labels, series.samples);
  return builder.finish();
}

}  // namespace crmpulse::wire
