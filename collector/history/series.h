#pragma once
// How series are named in the stored history, and readings as the history keeps them. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/labels.h"
#include "store/history/history_block.h"

namespace crmpulse::collector {

/// Of a series' key (wire/series_key.h): the metric and the labels but `crm`, which the block is stored by.
[[nodiscard]] std::string history_name(std::string_view key);

struct HistoryName {
  std::string metric;
  Labels labels;  ///< without `crm`
};
[[nodiscard]] HistoryName parse_history_name(std::string_view name);

/// Is it the name of a series of durations? Their quantiles are kept.
[[nodiscard]] bool is_duration(std::string_view name);

/// Sorted by time, one reading for each stamp: of several the first that was added.
void put_in_order(std::vector<store::Reading>& readings);

}  // namespace crmpulse::collector
