#pragma once
// What the agent says about itself: samples with the label `agent`, and `crm` where they are per CRM. Pure.

#include <optional>
#include <string>
#include <vector>

#include "agent/quota/governor.h"
#include "agent/run/runner.h"
#include "agent/ship/shipper.h"
#include "core/sample.h"
#include "core/time/hours.h"
#include "store/spool/spool.h"

namespace crmpulse::agent {

/// A CRM as its samples are labelled, how it is reached (`sql` or `http`), and how much of it is asked for.
struct SelfTarget {
  std::string crm;
  std::string kind;
  std::string transport;
  Governor::Status calls{};
  std::optional<ActiveHours> hours{};  ///< declared for it
};

struct SelfReading {
  std::string agent;
  TimePoint at;
  TimePoint now;           ///< of the clock the governors go by
  bool heartbeat = false;  ///< with the heartbeat's own sample
  std::vector<SelfTarget> crms;
  RunCounters runs;
  store::Spool::Stats spool;
  Shipper::Stats shipper;
  std::uint64_t resident_bytes = 0;
  bool last_reload_worked = true;
};

[[nodiscard]] std::vector<Sample> self_samples(const SelfReading& reading);

}  // namespace crmpulse::agent
