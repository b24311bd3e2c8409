#pragma once
// The rows of all CRMs as pages know them, and what has changed since: kept only while somebody looks. Belongs to the
// loop's thread.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/engine/engine_loop.h"
#include "collector/stream/row_queue.h"
#include "rules/engine.h"

namespace crmpulse::collector {

/// Something that a page must learn. `data` is one line of JSON.
struct FleetChange {
  enum class Kind { crm, gone };
  Kind kind = Kind::crm;
  std::string data;
};

class Fleet {
 public:
  using Steady = std::chrono::steady_clock;

  /// Of the loop's time, at most, for rows at once that nobody should wait for.
  static constexpr std::chrono::microseconds kSlice{1'000};
  /// Likewise, for rows of which only a value may have changed: an answer to samples may wait as long.
  static constexpr std::chrono::microseconds kValueSlice{200};
  /// A row is made anew at least so often: what others tell (a vendor's page, an agent's network) changes whose fault
  /// it looks like without a judgement of the CRM. Longer than between two samples of a CRM, after which it is anyway.
  /// By the steady clock: a wall clock that is set back stops no round.
  static constexpr Duration kRound{std::chrono::seconds{40}};

  explicit Fleet(EngineLoop& engine) : engine_(engine) {}

  /// Begins to keep rows, or goes on. Returns true once all of them are there; call it again until then. Takes kSlice
  /// at most. `now`: when the rows are made.
  [[nodiscard]] bool prepare(Steady::time_point now = Steady::now());
  /// Drops all rows: nobody looks.
  void rest();
  [[nodiscard]] bool awake() const { return awake_; }

  /// The engine has judged these CRMs. Those that stand otherwise than their row says are told before others, of which
  /// only a value may have changed.
  void judged(std::span<const std::string> crms);
  /// `urgent`: only rows of CRMs that stand otherwise than told.
  enum class Which { urgent, all };
  /// Returns what has changed since the last call. Takes kSlice at most; what is left comes with the next call.
  /// Rows whose turn has come by `now` are among what is made anew.
  [[nodiscard]] std::vector<FleetChange> changes(Which which, Steady::time_point now = Steady::now());
  /// Returns true while there are rows that nobody should wait for: some are not there yet, or a CRM stands otherwise
  /// than told.
  [[nodiscard]] bool hurries() const { return awake_ && (!complete_ || stale_.any_first()); }
  /// Returns true while there are others.
  [[nodiscard]] bool behind() const { return !stale_.empty(); }

  /// Appends all rows as the elements of a JSON array, by name.
  void append_rows(std::string& out) const;
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  /// Makes the row of a CRM anew. Returns true if it is another one than before, or gone.
  [[nodiscard]] bool renew(const std::string& crm, Steady::time_point now);
  [[nodiscard]] bool stands_as_told(const std::string& crm) const;
  void next_round(Steady::time_point now);

  struct Told {
    std::string row;  ///< JSON
    Steady::time_point made;
    std::optional<rules::Engine::Standing> standing;
  };
  struct Made {
    Steady::time_point at;
    std::string crm;
  };

  EngineLoop& engine_;
  std::map<std::string, Told, std::less<>> rows_;  ///< by name
  std::size_t bytes_ = 0;                          ///< of all rows
  std::vector<std::string> missing_;               ///< had no row yet when the rows began to be kept
  RowQueue stale_;                                 ///< judged since their row was made
  std::deque<Made> made_;                          ///< in order; a row that was made again is there again
  bool awake_ = false;
  bool complete_ = false;
};

}  // namespace crmpulse::collector
