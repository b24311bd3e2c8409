#include <fmt/format.h>

#include "core/failure.h"
#include "wire/series.h"
#include "wire/text.h"

namespace crmpulse::wire {
namespace {

Refusal bad_label(std::size_t index, std::string_view name, std::string_view what) {
  return {400, "label", fmt::format("label {} ({}): {}", index, one_line(name, 64), what)};
}

Refusal long_label(std::size_t index, std::string_view name, std::string_view what, std::size_t limit) {
  return {413, "limit",
          fmt::format("label {} ({}): the {} has more than {} bytes", index, one_line(name, 64), what, limit)};
}

Verdict check_name(std::size_t index, std::string_view name, std::string_view before, const Limits& limits) {
  if (name.empty()) return bad_label(index, name, "the name is empty");
  if (name.size() > limits.max_label_name_bytes) return long_label(index, name, "name", limits.max_label_name_bytes);
  if (!is_label_name(name)) return bad_label(index, name, "the name is not [a-zA-Z_][a-zA-Z0-9_]*");
  if (name == before) return bad_label(index, name, "the name is there twice");
  if (name < before) return bad_label(index, name, "the labels are not sorted by name");
  return {};
}

Verdict check_value(std::size_t index, const LabelView& label, const Limits& limits) {
  if (label.value.empty()) return bad_label(index, label.name, "the value is empty");
  if (label.value.size() > limits.max_label_value_bytes)
    return long_label(index, label.name, "value", limits.max_label_value_bytes);
  if (!is_utf8(label.value)) return bad_label(index, label.name, "the value is not UTF-8");
  return {};
}

}  // namespace

void LabelCheck::start() {
  known_names_.clear();
  known_metric_ = {};
}

/// Names equal to those of the set before, up to and including `index`, need no second look.
Verdict LabelCheck::check_new_name(std::size_t index, std::span<const LabelView> labels, const Limits& limits) {
  const std::string_view before = index == 0 ? std::string_view{} : labels[index - 1].name;
  if (Verdict verdict = check_name(index, labels[index].name, before, limits)) return verdict;
  known_names_.resize(index);
  known_names_.push_back(labels[index].name);
  if (labels[index].name == kMetricName) metric_at_ = index;
  return {};
}

Verdict LabelCheck::check_metric(Version version, std::span<const LabelView> labels) {
  // metric_at_ may be left from names that were replaced since.
  if (metric_at_ >= labels.size() || labels[metric_at_].name != kMetricName)
    return Refusal{400, "label", "there is no __name__"};
  const std::string_view metric = labels[metric_at_].value;
  if (version == Version::v2 || metric == known_metric_) return {};
  if (!is_metric_name(metric))
    return bad_label(metric_at_, kMetricName, "the metric's name is not [a-zA-Z_:][a-zA-Z0-9_:]*");
  known_metric_ = metric;
  return {};
}

Verdict LabelCheck::check(Version version, std::span<const LabelView> labels, const Limits& limits) {
  bool known = true;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    known = known && i < known_names_.size() && known_names_[i] == labels[i].name;
    if (!known) {
      if (Verdict verdict = check_new_name(i, labels, limits)) return verdict;
    }
    if (Verdict verdict = check_value(i, labels[i], limits)) return verdict;
  }
  return check_metric(version, labels);
}

}  // namespace crmpulse::wire
