#pragma once
// A folder of files that scripts write about one CRM: backups, restore tests, whatever the CRM itself cannot tell.

#include <set>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/sample.h"

namespace crmpulse::agent {

struct TextFolder {
  std::string crm;
  std::string folder;
  Labels labels;                               ///< of the CRM's samples
  std::set<std::string, std::less<>> taken{};  ///< metrics that its recipe measures
  friend bool operator==(const TextFolder&, const TextFolder&) = default;
};

/// What a folder gave once. A file that cannot be used costs itself alone.
struct TextReading {
  std::vector<Sample> samples;  ///< of the files, and about them: crm_agent_textfile_…
  Problems refused;             ///< at most one a file
};

/// Reads every `*.prom` of the folder, at most 100 of at most 64 KiB. Waits for the disk, perhaps for ever.
[[nodiscard]] TextReading read_text_folder(const TextFolder& what, TimePoint now);
/// The number of files that could not be used, as a sample.
[[nodiscard]] Sample refused_sample(const TextFolder& what, std::size_t refused, TimePoint now);

}  // namespace crmpulse::agent
