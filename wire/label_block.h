#pragma once
// The canonical bytes of a label set: its `labels` fields as remote write 1.0 encodes them, shortest form, sorted.
// Internal to wire/: what the encoder writes and what a SeriesView's key is.

#include <cstddef>
#include <protozero/buffer_string.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/varint.hpp>
#include <string>

#include "wire/remote_write.h"

namespace crmpulse::wire {

/// Ask before every access to bytes: protozero asserts the wire type, and a body chooses it.
[[nodiscard]] inline bool is_bytes(const protozero::pbf_reader& reader) {
  return reader.wire_type() == protozero::pbf_wire_type::length_delimited;
}

[[nodiscard]] inline std::size_t length_size(std::size_t length) {
  if (length < 128) return 1;
  return static_cast<std::size_t>(protozero::length_of_varint(length));
}

/// Returns the size of a Label message without its own tag and length.
[[nodiscard]] inline std::size_t label_content_size(const LabelView& label) {
  return 2 + length_size(label.name.size()) + label.name.size() + length_size(label.value.size()) + label.value.size();
}

[[nodiscard]] inline std::size_t label_size(const LabelView& label) {
  const std::size_t content = label_content_size(label);
  return 1 + length_size(content) + content;
}

inline void append_field(std::string& out, char tag, std::string_view bytes) {
  out.push_back(tag);
  protozero::add_varint_to_buffer(&out, bytes.size());
  out.append(bytes);
}

/// TimeSeries.labels (1) { Label.name (1), Label.value (2) }, all length-delimited.
inline void append_label(std::string& out, const LabelView& label) {
  out.push_back('\x0a');
  protozero::add_varint_to_buffer(&out, label_content_size(label));
  append_field(out, '\x0a', label.name);
  append_field(out, '\x12', label.value);
}

/// The sample's labels with `__name__` in its sorted place.
void append_key(std::string& key, std::string_view metric, const Labels& labels);

}  // namespace crmpulse::wire
