#include "collector/history/damaged_blocks.h"

#include <fmt/format.h>

#include <utility>

#include "core/log.h"

namespace crmpulse::collector {

void DamagedBlocks::note(const store::StoredBlock& block) {
  ++count_;
  if (copies_.size() < kMost)
    copies_.push_back({block.id, block.part, std::string{block.crm}, std::string{block.bytes}});
}

Result<void> DamagedBlocks::set_aside(const std::string& folder, store::Writer& writer) const {
  for (const Copy& copy : copies_) {
    const auto file = store::set_aside(folder, fmt::format("history-{}", copy.id), copy.bytes);
    if (!file) return file.error();
    log::error("a block of the history is damaged; its readings are lost",
               {{"crm", copy.crm}, {"part", format_time(copy.part)}, {"kept_in", *file}});
    auto gone = writer.run([&copy](store::Database& database) { return store::delete_block(database, copy.id); });
    if (!gone) return gone;
  }
  return {};
}

std::optional<std::vector<store::HistorySeries>> decode(const store::StoredBlock& block,
                                                        const std::function<bool(std::string_view)>& wanted,
                                                        DamagedBlocks& damaged) {
  if (block.intact) {
    if (auto series = store::decode_block(block.bytes, wanted)) return std::move(*series);
  }
  damaged.note(block);
  return std::nullopt;
}

}  // namespace crmpulse::collector
