#pragma once
// Metric and labels of very many series in little memory: each text once, a series as the numbers of its texts.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/labels.h"

namespace crmpulse::rules {

/// Between texts that are joined to one key: no UTF-8 text holds it.
inline constexpr char kSeparator = '\xff';

struct SeriesName {
  std::string metric;
  Labels labels;
};

class SeriesNames {
 public:
  using Id = std::uint32_t;  ///< 0, 1, 2 … in the order of arrival

  struct Place {
    Id id;
    bool fresh;
  };
  Place add(std::string_view metric, const Labels& labels);
  [[nodiscard]] SeriesName name(Id id) const;
  [[nodiscard]] std::size_t size() const { return first_.size(); }

 private:
  using Word = std::uint32_t;
  Word word_of(std::string_view text);
  [[nodiscard]] bool is(Id id, const std::vector<Word>& words) const;

  std::deque<std::string> texts_;  ///< metrics, and labels as `name\xffvalue`
  std::unordered_map<std::string_view, Word> by_text_;
  std::vector<Word> words_;         ///< of each series: metric, labels
  std::vector<std::size_t> first_;  ///< of each series in words_; the next one's is its end
  std::unordered_multimap<std::uint64_t, Id> by_hash_;
  std::vector<Word> scratch_;
};

}  // namespace crmpulse::rules
