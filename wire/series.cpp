#include "wire/series.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <protozero/pbf_reader.hpp>

#include "wire/label_block.h"

namespace crmpulse::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "doubles are copied from the wire as they stand");

using protozero::pbf_reader;
using protozero::pbf_wire_type;

std::string_view view_of(pbf_reader& reader) {
  const auto view = reader.get_view();
  return {view.data(), view.size()};
}

pbf_reader reader_of(std::string_view bytes) {
  return pbf_reader{bytes.data(), bytes.size()};
}

DecodeError wrong_type(std::string_view message, const pbf_reader& reader) {
  return malformed(fmt::format("field {} of a {} has wire type {}", reader.tag(), message,
                               static_cast<unsigned>(reader.wire_type())));
}

/// Is `part` the content of a length-delimited field that starts at `start`, with shortest tag and length?
bool stands_at(const char* start, std::string_view part) {
  return part.data() == start + 1 + length_size(part.size());
}

const char* end_of(std::string_view text) {
  return text.data() + text.size();
}

/// Labels as nearly everybody writes them, canonical and with one-byte lengths, need no general parser: this is most of
/// the work of a request. Returns where the run of them ends; the rest is for read_label.
const char* read_short_labels(std::string_view bytes, std::size_t max_labels, std::vector<LabelView>& labels) {
  const char* at = bytes.data();
  const char* const end = end_of(bytes);
  constexpr std::size_t kFrame = 4;  // two tags and two lengths around name and value
  while (labels.size() < max_labels && end - at >= 6 && at[0] == '\x0a' && at[2] == '\x0a') {
    const std::size_t size = static_cast<unsigned char>(at[1]);
    const std::size_t name = static_cast<unsigned char>(at[3]);
    if (size > 127 || size > static_cast<std::size_t>(end - at) - 2 || name == 0 || name + kFrame >= size) break;
    const char* const after_name = at + kFrame + name;
    const std::size_t value = size - name - kFrame;
    if (after_name[0] != '\x12' || static_cast<unsigned char>(after_name[1]) != value) break;
    labels.push_back({{at + kFrame, name}, {after_name + 2, value}});
    at += 2 + size;
  }
  return at;
}

/// The same for one sample: value, then time, nothing else. Returns its end, or nullptr when it is written otherwise.
const char* read_short_sample(const char* at, const char* end, SampleView& sample) {
  constexpr std::ptrdiff_t kTimeAt = 12;  // two bytes of the field, nine of the value, the time's tag
  if (end - at <= kTimeAt || at[0] != '\x12' || at[2] != '\x09' || at[11] != '\x10') return nullptr;
  const auto size = static_cast<unsigned char>(at[1]);  // a plain char has no sign on some machines
  if (size > 127) return nullptr;
  const char* const sample_end = at + 2 + size;
  if (sample_end > end || sample_end <= at + kTimeAt) return nullptr;
  std::memcpy(&sample.value, at + 3, sizeof sample.value);
  const char* time = at + kTimeAt;
  sample.unix_millis = static_cast<std::int64_t>(protozero::decode_varint(&time, sample_end));
  return time == sample_end ? sample_end : nullptr;
}

const char* read_short_samples(const char* at, const char* end, std::size_t max_samples,
                               std::vector<SampleView>& samples) {
  SampleView sample{0, 0};
  while (samples.size() < max_samples) {
    const char* const next = read_short_sample(at, end, sample);
    if (next == nullptr) break;
    samples.push_back(sample);
    at = next;
  }
  return at;
}

DecodeCheck read_label(std::string_view bytes, LabelView& label) {
  for (pbf_reader reader = reader_of(bytes); reader.next();) {
    if (reader.tag() > 2) {
      reader.skip();
      continue;
    }
    if (!is_bytes(reader)) return wrong_type("label", reader);
    std::string_view& part = reader.tag() == 1 ? label.name : label.value;
    part = view_of(reader);
  }
  return {};
}

/// Name, value, nothing else, shortest form.
bool is_canonical(std::string_view bytes, const LabelView& label) {
  return !label.name.empty() && !label.value.empty() && stands_at(bytes.data(), label.name) &&
         stands_at(end_of(label.name), label.value) && end_of(label.value) == end_of(bytes);
}

DecodeCheck read_sample(std::string_view bytes, SampleView& sample) {
  for (pbf_reader reader = reader_of(bytes); reader.next();) {
    switch (reader.tag()) {
      case 1:
        if (reader.wire_type() != pbf_wire_type::fixed64) return wrong_type("sample", reader);
        sample.value = reader.get_double();
        break;
      case 2:
        if (reader.wire_type() != pbf_wire_type::varint) return wrong_type("sample", reader);
        sample.unix_millis = reader.get_int64();
        break;
      default: reader.skip();  // 2.0's start_timestamp, and what later versions add
    }
  }
  return {};
}

DecodeCheck add_sample(std::string_view bytes, const Limits& limits, Series& out) {
  if (out.samples.size() == limits.max_samples) return over_limit("samples", limits.max_samples);
  SampleView sample{0, 0};
  if (DecodeCheck verdict = read_sample(bytes, sample)) return verdict;
  out.samples.push_back(sample);
  return {};
}

void add_label(const LabelView& label, const Limits& limits, Series& out) {
  if (label.value.empty()) return;
  if (out.labels.size() < limits.max_labels_per_series) {
    out.labels.push_back(label);
  } else {
    out.too_many_labels = true;
  }
}

/// labels_refs arrive in pairs, packed or one by one.
class RefPairs {
 public:
  RefPairs(std::span<const std::string_view> symbols, const Limits& limits, Series& out)
      : symbols_(symbols), limits_(limits), out_(out) {}

  DecodeCheck add(std::uint64_t ref) {
    if (ref >= symbols_.size()) {
      return DecodeError{400, "symbol",
                         fmt::format("label reference {} is outside the {} symbols", ref, symbols_.size())};
    }
    const std::string_view symbol = symbols_[static_cast<std::size_t>(ref)];
    half_ = !half_;
    if (half_) {
      name_ = symbol;
      return {};
    }
    add_label({name_, symbol}, limits_, out_);
    return {};
  }
  DecodeCheck finish() const {
    if (half_) return DecodeError{400, "symbol", "an odd number of label references"};
    return {};
  }

 private:
  std::span<const std::string_view> symbols_;
  const Limits& limits_;
  Series& out_;
  std::string_view name_;
  bool half_ = false;
};

DecodeCheck add_refs(pbf_reader& reader, RefPairs& pairs) {
  if (reader.wire_type() == pbf_wire_type::varint) return pairs.add(reader.get_uint64());
  if (!is_bytes(reader)) return wrong_type("series", reader);
  const auto refs = reader.get_packed_uint64();
  for (auto ref = refs.begin(); ref != refs.end(); ++ref) {
    if (DecodeCheck verdict = pairs.add(*ref)) return verdict;
  }
  return {};
}

}  // namespace

DecodeError malformed(std::string message) {
  return {400, "protobuf", std::move(message)};
}
DecodeError over_limit(std::string_view what, std::size_t limit) {
  return {413, "limit", fmt::format("more than {} {}", limit, what)};
}

DecodeCheck read_series_v1(std::string_view bytes, const Limits& limits, Series& out) {
  out.clear();
  const char* labels_end = read_short_labels(bytes, limits.max_labels_per_series, out.labels);
  bool canonical = true;
  bool in_front = true;  // nothing else stands before or between the labels
  const char* const start = read_short_samples(labels_end, end_of(bytes), limits.max_samples, out.samples);
  const std::string_view rest{start, static_cast<std::size_t>(end_of(bytes) - start)};
  pbf_reader reader = reader_of(rest);
  for (const char* field_at = start; reader.next(); field_at = reader.data().data()) {
    const auto field = reader.tag();  // protozero forgets it when the value is read
    if (field > 4) {
      reader.skip();
      continue;
    }
    if (!is_bytes(reader)) return wrong_type("series", reader);
    const std::string_view part = view_of(reader);
    if (field == 1) {
      LabelView label;
      if (DecodeCheck verdict = read_label(part, label)) return verdict;
      canonical = canonical && stands_at(labels_end, part) && is_canonical(part, label);
      in_front = in_front && field_at == labels_end;
      labels_end = end_of(part);
      add_label(label, limits, out);
    } else if (field == 2) {
      if (DecodeCheck verdict = add_sample(part, limits, out)) return verdict;
    } else {
      ++(field == 3 ? out.exemplars : out.histograms);
    }
  }
  const std::string_view front = bytes.substr(0, static_cast<std::size_t>(labels_end - bytes.data()));
  if (canonical) out.block = front;
  if (in_front) out.spelled = front;
  return {};
}

bool read_known_series(std::string_view bytes, std::string_view labels, KnownSeries::Id id, std::size_t room,
                       std::vector<Reading>& out) {
  if (labels.empty() || !bytes.starts_with(labels)) return false;
  const std::size_t before = out.size();
  const char* at = bytes.data() + labels.size();
  const char* const end = end_of(bytes);
  SampleView sample{0, 0};
  while (at != end && out.size() - before < room) {
    at = read_short_sample(at, end, sample);
    if (at == nullptr) break;
    out.push_back({id, sample.unix_millis, sample.value});
  }
  if (at == end) return true;
  out.resize(before);
  return false;
}

DecodeCheck read_series_v2(std::string_view bytes, std::span<const std::string_view> symbols, const Limits& limits,
                           Series& out) {
  out.clear();
  RefPairs pairs{symbols, limits, out};
  for (pbf_reader reader = reader_of(bytes); reader.next();) {
    const auto field = reader.tag();
    if (field == 1) {
      if (DecodeCheck verdict = add_refs(reader, pairs)) return verdict;
      continue;
    }
    if (field > 4) {
      reader.skip();
      continue;
    }
    if (!is_bytes(reader)) return wrong_type("series", reader);
    const std::string_view part = view_of(reader);
    if (field == 2) {
      if (DecodeCheck verdict = add_sample(part, limits, out)) return verdict;
    } else {
      ++(field == 3 ? out.histograms : out.exemplars);
    }
  }
  return pairs.finish();
}

}  // namespace crmpulse::wire
