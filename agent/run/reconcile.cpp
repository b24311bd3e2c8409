#include "agent/run/reconcile.h"

#include <fmt/format.h>

#include <algorithm>

namespace crmpulse::agent {
namespace {

constexpr std::string_view kRatio = "crm_reconciliation_ratio";
constexpr std::size_t kMostSeries = 1000;
constexpr Duration kFirst{std::chrono::minutes{1}};  ///< after the start: by then there are values
constexpr Duration kRetry{std::chrono::minutes{1}};
/// Older values say nothing about today. Longer than the interval of any figure worth comparing.
constexpr Duration kOldest{std::chrono::hours{48}};

bool has_all(const Labels& labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const auto& pair) { return labels.get(pair.first) == pair.second; });
}

std::string key_of(const Labels& labels) {
  std::string key;
  for (const auto& [name, value] : labels) key += fmt::format("{}={};", name, value);
  return key;
}

Labels failure_labels(const std::string& operation, const Failure& failure) {
  return {{"operation", operation},
          {"stage", std::string{to_string(failure.stage)}},
          {"reason", std::string{to_string(failure.reason)}}};
}

bool same(const ReconcileSide& a, const ReconcileSide& b) {
  return a.crm == b.crm && a.metric == b.metric && a.labels == b.labels && a.query == b.query;
}

std::string describe(const ReconcileSide& side) {
  return side.query.empty() ? fmt::format("{} of {}", side.metric, side.crm) : fmt::format("the query to {}", side.crm);
}

}  // namespace

void Reconciler::configure(std::vector<Reconciliation> reconciliations, const std::map<std::string, Labels>& labels,
                           TimePoint now) {
  std::vector<Item> next;
  for (Reconciliation& what : reconciliations) {
    const auto known =
        std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.what.name == what.name; });
    Item item;
    if (known != items_.end() && same(known->what.left, what.left) && same(known->what.right, what.right))
      item = std::move(*known);
    else
      item.next = now + std::min(what.interval, kFirst);
    item.left.from = what.left;
    item.right.from = what.right;
    const auto of_crm = labels.find(what.crm);
    if (of_crm != labels.end()) item.labels = of_crm->second;
    item.what = std::move(what);
    next.push_back(std::move(item));
  }
  items_ = std::move(next);
}

void Reconciler::take(std::string_view crm, probes::Reading& reading) {
  if (items_.empty()) return;
  for (Item& item : items_) {
    for (const bool left : {true, false}) {
      Side& side = left ? item.left : item.right;
      if (side.from.crm != crm) continue;
      const bool query = !side.from.query.empty();
      const Labels wanted =
          query ? Labels{{"reconciliation", item.what.name}, {"side", std::string{reconcile_side(left)}}}
                : side.from.labels;
      for (const Sample& sample : reading.samples) {
        if (sample.metric != (query ? kReconcilePart : std::string_view{side.from.metric}) ||
            !has_all(sample.labels, wanted))
          continue;
        if (side.series.size() >= kMostSeries) continue;
        side.series[key_of(sample.labels)] = {sample.value, sample.at};
      }
    }
  }
  std::erase_if(reading.samples, [](const Sample& sample) { return sample.metric == kReconcilePart; });
}

/// Nothing when no series was seen since `oldest`.
std::optional<double> Reconciler::Side::sum(TimePoint oldest) const {
  std::optional<double> sum;
  for (const auto& [key, value] : series) {
    if (value.at >= oldest) sum = sum.value_or(0) + value.number;
  }
  return sum;
}

void Reconciler::judge(Item& item, TimePoint now, Result& out) {
  const TimePoint oldest = now - std::max(kOldest, 3 * item.what.interval);
  const auto left = item.left.sum(oldest);
  const auto right = item.right.sum(oldest);
  const auto add = [&](std::string_view metric, const Labels& more, double value) {
    Sample sample{std::string{metric}, item.labels, value, now};
    for (const auto& [name, text] : more) sample.labels.set(name, text);
    out.samples.push_back(std::move(sample));
  };
  const std::string operation = reconcile_operation(item.what);
  std::optional<Failure> failure;
  if (!left || !right) {
    failure =
        Failure{Stage::content, Reason::missing,
                fmt::format("nothing to compare: no value of {}", describe(left ? item.what.right : item.what.left))};
  } else if (*right == 0 && *left != 0) {
    failure = Failure{Stage::content, Reason::missing,
                      fmt::format("{} is 0, {} is not", describe(item.what.right), describe(item.what.left))};
  }
  item.next = now + (left && right ? item.what.interval : std::min(item.what.interval, kRetry));
  if (item.open && (!failure || failure->reason != item.open->reason))
    add("crm_failure", failure_labels(operation, *item.open), 0);
  add("crm_operation_success", Labels{{"operation", operation}}, failure ? 0 : 1);
  if (failure) {
    add("crm_failure", failure_labels(operation, *failure), 1);
    if (!item.open) {
      out.evidence.push_back({now, item.what.crm, std::string{item.labels.get("kind")},
                              std::string{item.labels.get("agent")}, operation, std::string{to_string(failure->stage)},
                              std::string{to_string(failure->reason)}, failure->message});
    }
  } else {
    add(kRatio, Labels{{"reconciliation", item.what.name}}, *right == 0 ? 1 : *left / *right);
  }
  item.open = std::move(failure);
}

Reconciler::Result Reconciler::due(TimePoint now) {
  Result out;
  for (Item& item : items_) {
    if (now >= item.next) judge(item, now, out);
  }
  return out;
}

}  // namespace crmpulse::agent
