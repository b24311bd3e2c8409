#pragma once
// The collector's own troubles and those of its agents: finds what is wrong, and tells people, who may have no
// Prometheus that would. Belongs to the loop's thread.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/delivery/notifier.h"
#include "collector/engine/engine_loop.h"
#include "collector/http/access.h"
#include "collector/ingest/ingest.h"
#include "collector/invitation/certificate_keeper.h"
#include "collector/trouble/watch.h"
#include "net/server/http_server.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

class OwnTroubles {
 public:
  struct Sources {
    EngineLoop& engine;
    const Ingest& ingest;
    const Notifier& notifier;
    const Access& access;
    std::function<int()> damaged_files;
    std::function<net::HttpServer::Stats()> server;
    std::function<CertificateKeeper::Stats()> certificate;
  };
  explicit OwnTroubles(Sources sources) : from_(std::move(sources)) {}

  /// Loads, at start, what was told before.
  [[nodiscard]] Result<void> load(store::Database& database, TimePoint now);
  /// Looks and tells, every few seconds. Call it once a second.
  void tick();
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);
  [[nodiscard]] const TroubleWatch& watch() const { return watch_; }

 private:
  [[nodiscard]] std::vector<Trouble> find(TimePoint now);
  void find_of_store(std::vector<Trouble>& out) const;
  void find_left_out(std::vector<Trouble>& out, TimePoint now);
  void find_of_receivers(std::vector<Trouble>& out) const;
  void find_endings(std::vector<Trouble>& out, TimePoint wall) const;
  void find_of_certificates(std::vector<Trouble>& out, TimePoint wall) const;
  void find_of_agents(std::vector<Trouble>& out, TimePoint now) const;
  void find_clocks(std::vector<Trouble>& out, TimePoint now) const;
  void tell(const std::vector<TroubleWatch::Telling>& tellings, TimePoint now);

  Sources from_;
  TroubleWatch watch_;
  TimePoint last_look_;
  std::uint64_t left_out_ = 0;  ///< samples, as last seen
  TimePoint left_out_at_;       ///< when that grew last
  std::string left_out_why_;
};

}  // namespace crmpulse::collector
