#pragma once
// Blocks of the history that cannot be used: found by their checksum or when they are decoded, kept in a file for a
// person to look at, and taken out of the store.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/collector/writer.h"
#include "store/history/history.h"
#include "store/history/history_block.h"

namespace crmpulse::collector {

/// Copies of those that one read has met.
class DamagedBlocks {
 public:
  static constexpr std::size_t kMost = 16;  ///< copies that are kept; further ones are met again by the next read

  void note(const store::StoredBlock& block);
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Keeps each in a file of its own in `folder` and deletes it from the store; the log says which. What the disk
  /// refuses stays in the store. Waits for the writer and the disk.
  [[nodiscard]] Result<void> set_aside(const std::string& folder, store::Writer& writer) const;

 private:
  struct Copy {
    std::int64_t id;
    TimePoint part;
    std::string crm;
    std::string bytes;
  };
  std::vector<Copy> copies_;
  std::size_t count_ = 0;
};

/// Returns the series of the block whose name is `wanted`; nullopt, noted in `damaged`, if it cannot be used.
[[nodiscard]] std::optional<std::vector<store::HistorySeries>> decode(
    const store::StoredBlock& block, const std::function<bool(std::string_view)>& wanted, DamagedBlocks& damaged);

}  // namespace crmpulse::collector
