#pragma once
// Who changed what: `audit.jsonl` of the state folder, one JSON object a line, beside `audit.1.jsonl` with the older
// ones. A file, because `token create` writes to it beside the service. Two files of at most kMaxFile bytes.

#include <boost/json.hpp>
#include <cstddef>
#include <string>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::collector {

struct AuditEntry {
  TimePoint at;
  std::string who;   ///< a token's name, `user NAME` at the command line, `signal`, or `anybody` without authentication
  std::string from;  ///< an IP address, or `local`
  std::string action;    ///< `POST /api/v1/silences`, `token create`
  std::string about;     ///< what it made or concerns, when the action does not say
  std::string result;    ///< an HTTP status, or `done`
  std::string author{};  ///< what was typed as the author, when that is not `who`
};

constexpr std::size_t kMaxAuditFile = 4UL * 1024 * 1024;

/// Appends a line. May be called from any process. Blocks on the disk.
[[nodiscard]] Result<void> append_audit(const std::string& state_dir, const AuditEntry& entry,
                                        std::size_t max_file = kMaxAuditFile);
/// Returns the newest lines, newest first. Lines that cannot be read are left out.
[[nodiscard]] Result<boost::json::array> newest_audit(const std::string& state_dir, std::size_t limit);

/// Returns `user NAME` of who runs this process; under sudo also who called it.
[[nodiscard]] std::string local_user();

}  // namespace crmpulse::collector
