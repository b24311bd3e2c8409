#include "rules/series_names.h"

#include <algorithm>

#include "core/hash.h"

namespace crmpulse::rules {
namespace {}  // namespace

SeriesNames::Word SeriesNames::word_of(std::string_view text) {
  if (const auto known = by_text_.find(text); known != by_text_.end()) return known->second;
  const auto word = static_cast<Word>(texts_.size());
  by_text_.emplace(texts_.emplace_back(text), word);
  return word;
}

bool SeriesNames::is(Id id, const std::vector<Word>& words) const {
  const std::size_t end = id + 1 < first_.size() ? first_[id + 1] : words_.size();
  return std::equal(words.begin(), words.end(), words_.begin() + static_cast<std::ptrdiff_t>(first_[id]),
                    words_.begin() + static_cast<std::ptrdiff_t>(end));
}

SeriesNames::Place SeriesNames::add(std::string_view metric, const Labels& labels) {
  scratch_.assign(1, word_of(metric));
  std::string text;
  for (const auto& [name, value] : labels) {
    text.assign(name).push_back(kSeparator);
    scratch_.push_back(word_of(text.append(value)));
  }
  const std::uint64_t hash =
      stable_hash({reinterpret_cast<const char*>(scratch_.data()), scratch_.size() * sizeof(Word)});
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto known = begin; known != end; ++known) {
    if (is(known->second, scratch_)) return {known->second, false};
  }
  const auto id = static_cast<Id>(first_.size());
  first_.push_back(words_.size());
  words_.insert(words_.end(), scratch_.begin(), scratch_.end());
  by_hash_.emplace(hash, id);
  return {id, true};
}

SeriesName SeriesNames::name(Id id) const {
  const std::size_t end = id + 1 < first_.size() ? first_[id + 1] : words_.size();
  SeriesName out{texts_[words_[first_[id]]], {}};
  for (std::size_t i = first_[id] + 1; i < end; ++i) {
    const std::string_view text = texts_[words_[i]];
    const std::size_t cut = text.find(kSeparator);
    out.labels.set(text.substr(0, cut), text.substr(cut + 1));
  }
  return out;
}

}  // namespace crmpulse::rules
