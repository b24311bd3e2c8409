#pragma once
// What the journal holds behind the blocks, decoded once for all charts: a page that opens asks for twenty, and each
// would read a quarter of an hour of all CRMs to find its own readings. Belongs to the thread of its connection.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collector/history/query.h"
#include "core/failure/error.h"
#include "store/history/history_block.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

class JournalTail {
 public:
  using Readings = std::map<std::string, std::vector<store::Reading>, std::less<>>;  ///< by the history's name
  /// More is not kept: names and readings, as estimated.
  static constexpr std::size_t kMostBytes = 64UL << 20;

  /// Takes what the journal holds behind `seq` and is not known yet. Returns false, and keeps nothing, if that is too
  /// much.
  [[nodiscard]] Result<bool> refresh(store::Database& database, std::int64_t seq);
  /// Returns the readings of a CRM, in no order; null if there are none.
  [[nodiscard]] const Readings* of(std::string_view crm) const;

 private:
  void forget();

  std::map<std::string, Readings, std::less<>> crms_;
  std::size_t bytes_ = 0;
  std::int64_t from_ = -1;      ///< behind this one; below zero: nothing is known
  std::int64_t last_ = 0;       ///< the newest record that is in it
  std::int64_t too_much_ = -1;  ///< behind this one there is more than is kept
};

}  // namespace crmpulse::collector
