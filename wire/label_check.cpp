#include <algorithm>

#include "core/text/utf8.h"
#include "wire/series.h"
#include "wire/text.h"

namespace crmpulse::wire {
namespace {

bool before(const LabelView& a, const LabelView& b) {
  return a.name < b.name;
}

Unsound check_name(std::string_view name, std::string_view before, const Limits& limits) {
  if (name.size() > limits.max_label_name_bytes) return SkipReason::name_length;
  if (!is_label_name(name)) return SkipReason::name;
  if (name == before) return SkipReason::duplicate_label;
  return {};
}

Unsound check_value(std::string_view value, const Limits& limits) {
  if (value.size() > limits.max_label_value_bytes) return SkipReason::value_length;
  // A NUL is UTF-8, but it ends the page for those who read the text format.
  if (!utf8::is_valid(value) || value.find('\0') != std::string_view::npos) return SkipReason::encoding;
  return {};
}

}  // namespace

void LabelCheck::start() {
  known_names_.clear();
  known_metric_ = {};
}

/// How many names at the front are those of the set before: they need no second look.
std::size_t LabelCheck::count_known(std::span<const LabelView> labels) const {
  const std::size_t most = std::min(labels.size(), known_names_.size());
  std::size_t known = 0;
  while (known < most && known_names_[known] == labels[known].name) ++known;
  return known;
}

Unsound LabelCheck::check_names(std::size_t first, std::span<const LabelView> labels, const Limits& limits) {
  known_names_.resize(first);
  for (std::size_t i = first; i < labels.size(); ++i) {
    const std::string_view name = labels[i].name;
    if (const Unsound why = check_name(name, i == 0 ? std::string_view{} : labels[i - 1].name, limits)) return why;
    known_names_.push_back(name);
    if (name == kMetricName) metric_at_ = i;
  }
  return {};
}

Unsound LabelCheck::check_metric(std::span<const LabelView> labels) {
  // metric_at_ may be left from names that were replaced since.
  if (metric_at_ >= labels.size() || labels[metric_at_].name != kMetricName) return SkipReason::no_name;
  const std::string_view metric = labels[metric_at_].value;
  if (metric == known_metric_) return {};
  // 2.0 allows any UTF-8; what cannot be shown in the text format, which has no quotes for it, is not taken.
  if (!is_metric_name(metric)) return SkipReason::name;
  known_metric_ = metric;
  return {};
}

Unsound LabelCheck::check(Series& series, const Limits& limits) {
  if (series.too_many_labels) return SkipReason::label_count;
  std::vector<LabelView>& labels = series.labels;
  std::size_t known = count_known(labels);
  if (known < labels.size()) {
    if (!std::is_sorted(labels.begin(), labels.end(), before)) {
      std::sort(labels.begin(), labels.end(), before);
      series.block = {};
      known = count_known(labels);
    }
    if (const Unsound why = check_names(known, labels, limits)) return why;
  }
  for (const LabelView& label : labels) {
    if (const Unsound why = check_value(label.value, limits)) return why;
  }
  return check_metric(labels);
}

}  // namespace crmpulse::wire
