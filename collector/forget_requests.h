#pragma once
// What `crmpulse-collector forget` asks of the collector that runs: a file in its state_dir, as tokens are. Who may
// write there may ask.

#include <set>
#include <string>
#include <vector>

#include "collector/audit_trail.h"
#include "collector/engine/engine_loop.h"
#include "core/failure/error.h"
#include "net/loop/file_thread.h"

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

/// Does what is asked. Belongs to the Collector and the loop's thread.
class Forgetter {
 public:
  Forgetter(net::FileThread& files, EngineLoop& engine, AuditTrail& audit)
      : files_(files), engine_(engine), audit_(audit) {}
  /// Forgets the CRM, unless that is being done. The request's file goes when it is on disk that the CRM has gone.
  void take(const ForgetRequest& request);
  /// Returns true if no file is being deleted.
  [[nodiscard]] bool idle() const { return deleting_ == 0; }

 private:
  void forgotten(const ForgetRequest& request, bool known);

  net::FileThread& files_;
  EngineLoop& engine_;
  AuditTrail& audit_;
  std::set<std::string> asked_;  ///< files of requests that are being done, or that cannot be deleted
  int deleting_ = 0;
};

}  // namespace crmpulse::collector
