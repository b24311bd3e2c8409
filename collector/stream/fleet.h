#pragma once
// The rows of all CRMs as pages know them, and what has changed since: kept only while somebody looks. Belongs to the
// loop's thread.

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "collector/engine/engine_loop.h"

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

  static constexpr std::chrono::microseconds kSlice{3'000};  ///< of the loop's time, at most, for rows at once
  /// A row is made anew at least so often: what others tell (a vendor's page, an agent's network) changes whose fault
  /// it looks like without a judgement of the CRM. By the steady clock: a wall clock that is set back stops no round.
  static constexpr Duration kRound{std::chrono::seconds{30}};

  explicit Fleet(EngineLoop& engine) : engine_(engine) {}

  /// Begins to keep rows, or goes on. Returns true once all of them are there; call it again until then. Takes kSlice
  /// at most. `now`: the first round begins here.
  [[nodiscard]] bool prepare(Steady::time_point now = Steady::now());
  /// Drops all rows: nobody looks.
  void rest();
  [[nodiscard]] bool awake() const { return awake_; }

  /// The engine has judged these CRMs.
  void judged(std::span<const std::string> crms);
  /// Returns what has changed since the last call. Takes kSlice at most; what is left comes with the next call.
  /// Rows whose turn has come by `now` are among what is made anew.
  [[nodiscard]] std::vector<FleetChange> changes(Steady::time_point now = Steady::now());

  /// Appends all rows as the elements of a JSON array, by name.
  void append_rows(std::string& out) const;
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  /// Makes the row of a CRM anew. Returns true if it is another one than before, or gone.
  [[nodiscard]] bool renew(const std::string& crm);
  void next_round(Steady::time_point now);

  EngineLoop& engine_;
  std::map<std::string, std::string, std::less<>> rows_;  ///< JSON by name
  std::size_t bytes_ = 0;                                 ///< of all rows
  std::set<std::string> stale_;                           ///< judged since their row was made
  std::string round_at_;                                  ///< the CRM whose row was made last in this round
  Steady::time_point round_step_;                         ///< when the round went on last
  bool awake_ = false;
  bool complete_ = false;
};

}  // namespace crmpulse::collector
