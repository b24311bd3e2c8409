#pragma once
// What `crmpulse-collector forget` asks of the collector that runs: a file in its state_dir, as tokens are. Who may
// write there may ask.

#include <string>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::collector {

struct ForgetRequest {
  std::string file;
  std::string crm;
  std::string who;
};

/// Writes the request to a file and returns the file's name. The collector deletes the file when it has done it.
[[nodiscard]] Result<std::string> ask_to_forget(const std::string& state_dir, const std::string& crm,
                                                const std::string& who);
/// Returns the requests that wait. Removes, with a line in the log, files that are not valid requests.
[[nodiscard]] std::vector<ForgetRequest> forget_requests(const std::string& state_dir);

}  // namespace crmpulse::collector
