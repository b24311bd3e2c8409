#pragma once
// Which series of a request are taken: the table's place for those it knows, and for the others a place or the reason
// why they are left out. Belongs to the loop's thread.

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "collector/ingest/sender_rights.h"
#include "collector/state/series_table.h"
#include "core/evidence.h"
#include "wire/skip.h"

namespace crmpulse::collector {

/// What the decoder of one ingest sees in place of the table.
class Admission final : public wire::KnownSeries {
 public:
  Admission(SeriesTable& table, const rules::Engine& engine) : table_(table), rights_(engine) {}

  /// Who sends the request that begin() starts.
  struct Sender {
    std::string_view name;         ///< of its token or agent, else its address
    std::string_view agent;        ///< not empty: it measures itself, nothing it sends was scraped here
    const Token* token = nullptr;  ///< lives while the request is checked
  };
  void begin(const Sender& sender, TimePoint now);
  /// Returns why a line of evidence is left out; nullopt if it is taken, and its CRM has its room then.
  [[nodiscard]] std::optional<wire::SkipReason> check(const Evidence& line);

  [[nodiscard]] Guess after(Id before) const override {
    const Guess guess = table_.after(before);
    return guess.id == kNone || is_cleared(guess.id) ? guess : Guess{};
  }
  void follows(Id before, Id id) override { table_.follows(before, id); }
  [[nodiscard]] Id find(std::string_view key) const override {
    const Id known = table_.find(key);
    return known == kNone || is_cleared(known) ? known : kNone;
  }
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view) override;
  void spelled(Id id, std::string_view labels) override { table_.spelled(id, labels); }
  void skipped(wire::SkipReason reason, std::span<const wire::LabelView> labels) override;
  /// The first line of evidence that could not be read; `why` says which and why not.
  void unreadable(std::string_view why);

  /// Returns the metric of the request's first series, or the first line, that was left out for this reason; for
  /// people, cut and cleaned.
  [[nodiscard]] const std::string& example(wire::SkipReason reason) const {
    return examples_.at(static_cast<std::size_t>(reason));
  }

 private:
  /// May this sender send it, as far as that was found out before?
  [[nodiscard]] bool is_cleared(Id id) const {
    return rights_.number() == 0 || table_.all()[id].cleared == rights_.number();
  }
  [[nodiscard]] std::optional<wire::SkipReason> forbids(std::string_view crm, std::string_view agent);
  void tell_conflict(std::string_view crm, std::string_view agent);
  [[nodiscard]] Place add(const wire::SeriesView& view);

  SeriesTable& table_;
  SenderRights rights_;
  boost::unordered_flat_map<std::string, std::uint32_t, TextHash, std::equal_to<>> senders_;
  std::uint32_t sender_ = kNobody;
  std::string name_;
  std::string agent_;
  boost::unordered_flat_set<std::string> told_;  ///< conflicts the log knows of
  std::array<std::string, wire::kSkipReasons> examples_;
};

/// Is this what a collector shows on /metrics, scraped and sent back? What it judges is known by its name; of what it
/// was sent it shows a copy, to which a scrape adds `job` and `instance`, and perhaps labels of the scraper's own.
[[nodiscard]] bool is_own_export(const wire::SeriesView& view, const SeriesTable& table);

}  // namespace crmpulse::collector
