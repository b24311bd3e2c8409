#pragma once
// Which series of a request are taken: the table's place for those it knows, and for the others a place or the reason
// why they are left out. Belongs to the loop's thread.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "collector/series_table.h"
#include "wire/skip.h"

namespace crmpulse::collector {

/// Seen by the decoder of one ingest in place of the table.
class Admission final : public wire::KnownSeries {
 public:
  explicit Admission(SeriesTable& table) : table_(table) {}

  /// From here on the series of a request of this sender: the name of its token or agent, else its address.
  /// `an_agent`: it measures itself, nothing it sends was scraped here.
  void begin(std::string_view sender, bool an_agent);

  [[nodiscard]] Guess after(Id before) const override { return table_.after(before); }
  void follows(Id before, Id id) override { table_.follows(before, id); }
  [[nodiscard]] Id find(std::string_view key) const override { return table_.find(key); }
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view) override;
  void spelled(Id id, std::string_view labels) override { table_.spelled(id, labels); }
  void skipped(wire::SkipReason reason, std::span<const wire::LabelView> labels) override;

  /// The metric of the request's first series that was left out for this reason; for people, cut and cleaned.
  [[nodiscard]] const std::string& example(wire::SkipReason reason) const {
    return examples_.at(static_cast<std::size_t>(reason));
  }

 private:
  SeriesTable& table_;
  boost::unordered_flat_map<std::string, std::uint32_t, TextHash, std::equal_to<>> senders_;
  std::uint32_t sender_ = kNobody;
  bool an_agent_ = false;
  std::array<std::string, wire::kSkipReasons> examples_;
};

/// Is this what a collector shows on /metrics, scraped and sent back? What it judges is known by its name; of what it
/// was sent it shows a copy, to which a scrape adds `job` and `instance`, and perhaps labels of the scraper's own.
[[nodiscard]] bool is_own_export(const wire::SeriesView& view, const SeriesTable& table);

}  // namespace crmpulse::collector
