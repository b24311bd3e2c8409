#pragma once
// Which records at a CRM are left over from write tests of this agent, and what to do about each. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/time/time.h"
#include "probes/write_test/ledger.h"

namespace crmpulse::probes {

/// Is the text `marker` (that of probes/template/template.h) alone, or `marker`, a blank and a run id? Then the record
/// is ours. Anything else is not: another agent's name may begin like ours, and so may a person's words.
[[nodiscard]] bool is_ours(std::string_view text, std::string_view marker);
/// Returns the run id after the marker, empty if there is none.
[[nodiscard]] std::string run_id_in(std::string_view text, std::string_view marker);

/// A row of a sweep.
struct SweptRow {
  std::string id;
  std::string marker;
};

/// What the ledger and a sweep say together.
struct LeftOvers {
  std::vector<OpenRecord> remove;  ///< with ids; `at` of those the ledger does not know is the epoch
  std::vector<std::string> gone;   ///< run ids: old enough, and the sweep found nothing
};

/// How long a record's id is believed without a sweep that shows the record: longer than a search index lags, shorter
/// than it takes to restore a CRM from a backup that would give the id to somebody else.
inline constexpr Duration kIdBelieved{std::chrono::hours{1}};

/// `rows` is null when the recipe has no sweep: then every id is believed and nothing without id ever ends. A record
/// may still appear until it is `appears_within` old.
[[nodiscard]] LeftOvers find_left_overs(const std::vector<OpenRecord>& ledger, const std::vector<SweptRow>* rows,
                                        std::string_view marker, TimePoint now, Duration appears_within);

}  // namespace crmpulse::probes
