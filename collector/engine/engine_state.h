#pragma once
// What the engine loop knows in memory, on which its parts work. The EngineLoop owns it. Belongs to the loop's thread.

#include <cstdint>
#include <memory>

#include "collector/configuration/configuration.h"
#include "collector/engine/clocks.h"
#include "collector/incident/store.h"
#include "collector/state/agents.h"
#include "collector/state/sample_sink.h"
#include "collector/state/state_timeline.h"
#include "collector/suppression/operations.h"

namespace crmpulse::collector {

struct EngineStats {
  std::uint64_t steps = 0;
  double step_seconds = 0;
  std::uint64_t changes = 0;
  std::uint64_t muted_changes = 0;  ///< of those the ones nobody was told of, because of `mute`
  std::uint64_t replayed_records = 0;
  std::uint64_t unreadable_records = 0;
  std::uint64_t set_aside_records = 0;  ///< their folding failed or took too long
  std::uint64_t removed_crms = 0;       ///< nobody watches them any more
  std::uint64_t clock_steps = 0;        ///< of the wall clock while the process ran
  Duration stored_ahead{};              ///< of this start's clock was what was stored; its times were moved
};

struct EngineState {
  /// Where agents, vendors and digests are stored: a small named value of the store.
  static constexpr const char* kSharedName = "engine_shared";

  Clocks clocks;
  SampleSink samples;
  std::shared_ptr<const Configuration> configuration;
  AgentRegistry agents;
  IncidentStore incidents;
  Operations operations;
  EngineStats stats;
  StateTimeline timeline;

  [[nodiscard]] const Settings& settings() const { return configuration->settings; }
  [[nodiscard]] TimePoint now() const { return clocks.engine.now(); }
  [[nodiscard]] rules::Engine& rules() { return samples.engine(); }
  [[nodiscard]] const rules::Engine& rules() const { return samples.engine(); }
  [[nodiscard]] SeriesTable& series() { return samples.series(); }
  [[nodiscard]] const SeriesTable& series() const { return samples.series(); }
  [[nodiscard]] Census& census() { return series().census(); }
  [[nodiscard]] CrmRegistry& crms() { return samples.crms(); }
  [[nodiscard]] const CrmRegistry& crms() const { return samples.crms(); }
  [[nodiscard]] ChangeMarkers& changes() { return samples.changes(); }
  [[nodiscard]] const ChangeMarkers& changes() const { return samples.changes(); }
};

}  // namespace crmpulse::collector
