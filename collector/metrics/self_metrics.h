#pragma once
// Exports the collector's own metrics (`crmpulse_collector_…`) to /metrics.

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "collector/delivery/heartbeat.h"
#include "collector/delivery/notifier.h"
#include "collector/engine/engine_loop.h"
#include "collector/history/history.h"
#include "collector/http/access.h"
#include "collector/http/audit_refusals.h"
#include "collector/ingest/ingest.h"
#include "collector/invitation/certificate_keeper.h"
#include "collector/metrics/exposition.h"
#include "collector/stream/stream.h"
#include "collector/trouble/watch.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

struct ReloadStats {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  bool last_failed = false;
  std::uint64_t certificates_taken = 0;    ///< seen on the disk, without a reload
  std::uint64_t certificates_refused = 0;  ///< likewise
};

/// The collector about itself: a few families whatever is watched, by the library's model.
class SelfMetrics final : public prometheus::Collectable {
 public:
  struct Sources {
    const EngineLoop& engine;
    const Ingest& ingest;
    const Notifier& notifier;
    const Heartbeat& heartbeat;
    const store::Writer& writer;
    const ReloadStats& reloads;
    const AuditRefusals& refusals;
    const Access& access;
    std::function<int()> damaged_files;
    std::function<std::vector<TroubleWatch::Present>()> troubles;
    std::function<net::HttpServer::Stats()> server;
    std::function<History::Stats()> history;
    std::function<Stream::Stats()> stream;
    std::function<CertificateKeeper::Stats()> certificate;
  };
  explicit SelfMetrics(Sources sources) : from_(std::move(sources)) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  using Families = std::vector<prometheus::MetricFamily>;
  void add_ingest(Families& out) const;
  void add_engine(Families& out) const;
  void add_store(Families& out) const;
  void add_history(Families& out) const;
  void add_delivery(Families& out) const;
  void add_heartbeat(Families& out) const;
  void add_agents(Families& out) const;
  void add_server(Families& out) const;
  void add_access(Families& out) const;
  void add_troubles(Families& out) const;

  Sources from_;
};

[[nodiscard]] std::unique_ptr<ExpositionPart> self_metrics(SelfMetrics::Sources sources, PageFormat format);

}  // namespace crmpulse::collector
