#pragma once
// Reads the stored samples of one CRM back, in the order they were measured: from its blocks, and from the journal what
// is not in blocks yet. Cheap enough for somebody who waits: only what its rules and the engine take is decoded.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/backtest/reader.h"
#include "collector/history/damaged_blocks.h"
#include "core/failure/error.h"
#include "store/history/history_block.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

class CrmSamples {
 public:
  struct Span {
    std::string crm;
    TimePoint from;
    TimePoint to;  ///< the last instant that belongs to it
  };
  /// Returns true for metrics whose samples are wanted.
  using Wanted = std::function<bool(std::string_view metric)>;

  /// Of the journal's readings that are not in blocks yet, so many at most are taken: minutes of a busy CRM.
  static constexpr std::size_t kMostOfJournal = 2'000'000;

  /// `database` outlives this object.
  CrmSamples(store::Database& database, Span span, Wanted wanted);

  /// Returns the samples of the next six hours that have any, each once, with what the CRM's agents say of themselves;
  /// nullopt at the end.
  [[nodiscard]] Result<std::optional<BacktestBatch>> next();
  /// Returns true if the journal held more than kMostOfJournal.
  [[nodiscard]] bool cut() const { return cut_; }
  /// Blocks that could not be used.
  [[nodiscard]] std::size_t damaged() const { return damaged_.count(); }

 private:
  using Readings = std::map<std::string, std::vector<store::Reading>, std::less<>>;  ///< by name
  /// What is asked of a name is asked once: names come back in every block.
  struct Known {
    bool wanted = false;
    std::string agent;
  };

  [[nodiscard]] const Known& known(std::string_view name, bool of_crm);
  [[nodiscard]] bool takes(std::string_view name, bool of_crm);
  [[nodiscard]] bool within(std::int64_t unix_millis) const;
  [[nodiscard]] Result<void> read_journal();
  [[nodiscard]] Result<void> read_blocks(const std::string& crm, Readings& out);
  void add_journal(const Readings& journal, bool of_crm, Readings& out);
  void add_events(Readings& readings, bool of_crm, BacktestBatch& batch);

  store::Database& database_;
  Span span_;
  Wanted wanted_;
  TimePoint part_;
  bool begun_ = false;
  bool cut_ = false;
  Readings journal_;         ///< the CRM's
  Readings agents_journal_;  ///< of its agents, and of others
  std::map<std::string, Known, std::less<>> of_crm_;
  std::map<std::string, Known, std::less<>> of_agents_;
  std::set<std::string, std::less<>> agents_;  ///< that sent something of the CRM
  BacktestNames names_;
  DamagedBlocks damaged_;
};

}  // namespace crmpulse::collector
