#include "probes/write_test/left_overs.h"

#include <algorithm>

namespace crmpulse::probes {
namespace {

constexpr std::size_t kRunIdSize = 16;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}
bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// A wall clock that was set back must not keep a record open for ever.
Duration age(const OpenRecord& record, TimePoint now) {
  return now >= record.at ? now - record.at : record.at - now;
}

bool has_id(const std::vector<OpenRecord>& records, std::string_view id) {
  return std::any_of(records.begin(), records.end(), [&](const OpenRecord& record) { return record.id == id; });
}

bool has_run(const std::vector<OpenRecord>& records, std::string_view run_id) {
  return std::any_of(records.begin(), records.end(), [&](const OpenRecord& record) { return record.run_id == run_id; });
}

}  // namespace

std::string run_id_in(std::string_view text, std::string_view marker) {
  if (!text.starts_with(marker)) return {};
  text.remove_prefix(marker.size());
  if (text.size() < kRunIdSize + 1 || text.front() != ' ') return {};
  const std::string_view run_id = text.substr(1, kRunIdSize);
  if (!std::all_of(run_id.begin(), run_id.end(), is_hex)) return {};
  if (text.size() > kRunIdSize + 1 && is_word(text[kRunIdSize + 1])) return {};
  return std::string{run_id};
}

bool is_ours(std::string_view text, std::string_view marker) {
  return text == marker || !run_id_in(text, marker).empty();
}

LeftOvers find_left_overs(const std::vector<OpenRecord>& ledger, const std::vector<SweptRow>* rows,
                          std::string_view marker, TimePoint now, Duration appears_within) {
  LeftOvers found;
  if (rows == nullptr) {
    for (const OpenRecord& record : ledger) {
      if (!record.id.empty()) found.remove.push_back(record);
    }
    return found;
  }
  for (const SweptRow& row : *rows) {
    if (row.id.empty() || !is_ours(row.marker, marker) || has_id(found.remove, row.id)) continue;
    const std::string run_id = run_id_in(row.marker, marker);
    const auto known = std::find_if(ledger.begin(), ledger.end(), [&](const OpenRecord& record) {
      return run_id.empty() ? record.id == row.id : record.run_id == run_id;
    });
    found.remove.push_back(known == ledger.end() ? OpenRecord{run_id, row.id, {}}
                                                 : OpenRecord{known->run_id, row.id, known->at});
  }
  for (const OpenRecord& record : ledger) {
    if (has_run(found.remove, record.run_id) || (!record.id.empty() && has_id(found.remove, record.id))) continue;
    const bool somebody_elses = std::any_of(rows->begin(), rows->end(), [&](const SweptRow& row) {
      return !record.id.empty() && row.id == record.id;  // ours would be in found.remove
    });
    if (!record.id.empty() && !somebody_elses && age(record, now) < kIdBelieved) {
      found.remove.push_back(record);
    } else if (age(record, now) >= appears_within) {
      found.gone.push_back(record.run_id);
    }
  }
  return found;
}

}  // namespace crmpulse::probes
