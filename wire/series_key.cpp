#include "wire/series_key.h"

#include <protozero/varint.hpp>

#include "wire/label_block.h"

namespace crmpulse::wire {
namespace {

/// The content of the length-delimited field with this tag at the front of `rest`, which is moved behind it.
std::optional<std::string_view> take_field(std::string_view& rest, char tag) {
  if (rest.size() < 2 || rest.front() != tag) return std::nullopt;
  const char* at = rest.data() + 1;
  const char* const end = rest.data() + rest.size();
  std::uint64_t size = static_cast<unsigned char>(*at);
  if (size < 0x80) {
    ++at;
  } else {
    try {
      size = protozero::decode_varint(&at, end);
    } catch (const protozero::exception&) {
      return std::nullopt;
    }
  }
  if (size > static_cast<std::uint64_t>(end - at)) return std::nullopt;
  const std::string_view content{at, static_cast<std::size_t>(size)};
  rest.remove_prefix(static_cast<std::size_t>(at - rest.data()) + content.size());
  return content;
}

}  // namespace

std::string series_key(std::string_view metric, const Labels& labels) {
  std::string key;
  append_key(key, metric, labels);
  return key;
}

void append_key(std::string& key, std::string_view metric, const Labels& labels) {
  bool named = false;
  for (const auto& [name, value] : labels) {
    if (!named && name >= kMetricName) {
      append_label(key, {kMetricName, metric});
      named = true;
    }
    if (name != kMetricName) append_label(key, {name, value});
  }
  if (!named) append_label(key, {kMetricName, metric});
}

std::optional<LabelView> KeyLabels::next() {
  std::optional<std::string_view> label = take_field(rest_, '\x0a');
  if (!label) return std::nullopt;
  const std::optional<std::string_view> name = take_field(*label, '\x0a');
  const std::optional<std::string_view> value = take_field(*label, '\x12');
  if (!name || !value) return std::nullopt;
  return LabelView{*name, *value};
}

std::string_view label_of(std::string_view key, std::string_view name) {
  KeyLabels labels{key};
  for (auto label = labels.next(); label && label->name <= name; label = labels.next()) {
    if (label->name == name) return label->value;
  }
  return {};
}

Labels labels_of(std::string_view key) {
  Labels out;
  KeyLabels labels{key};
  for (auto label = labels.next(); label; label = labels.next()) {
    if (label->name != kMetricName) out.set(label->name, label->value);
  }
  return out;
}

}  // namespace crmpulse::wire
