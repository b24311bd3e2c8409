#pragma once
// Who did what: each action is logged at once, and the store's thread writes it to the audit log. Refused requests are
// summed up first. Belongs to the Collector and the loop's thread.

#include <string>

#include "collector/http/audit.h"
#include "collector/http/audit_refusals.h"
#include "core/time/clock.h"
#include "net/server/http_server.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class AuditTrail {
 public:
  AuditTrail(store::Writer& writer, const Clock& wall, std::string state_dir)
      : writer_(writer), wall_(wall), state_dir_(std::move(state_dir)) {}

  /// Adds what a request did, or that it was refused. `entry` lacks its time and its result.
  void add(AuditEntry entry, const net::HttpResponse& answer);
  /// Adds what somebody on this machine asked for without a request.
  void add_local(std::string who, std::string action, std::string about, std::string result);
  /// Adds the sums of refusals that are due. Call it once a second.
  void tick();
  /// Writes the other sums. Blocks; call it when nothing else is written any more.
  void close();
  [[nodiscard]] const AuditRefusals& refusals() const { return refusals_; }

 private:
  void write(AuditEntry entry);

  store::Writer& writer_;
  const Clock& wall_;
  std::string state_dir_;
  AuditRefusals refusals_;
};

}  // namespace crmpulse::collector
