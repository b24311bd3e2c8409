#pragma once
// Makes reports beside the loop: for who asks over HTTP, and for the receivers of `reports:` when a period is over.
// Belongs to the loop's thread, but for what its own thread runs.

#include <functional>
#include <memory>

#include "collector/configuration/configuration.h"
#include "collector/engine/engine_loop.h"
#include "collector/http/router.h"
#include "collector/report/make.h"
#include "net/loop/file_thread.h"

namespace crmpulse::collector {

class ReportDesk {
 public:
  /// Reports that may wait or be worked on at once; beyond, 503.
  static constexpr int kMostWaiting = 8;
  using CurrentConfiguration = std::function<std::shared_ptr<const Configuration>()>;

  ReportDesk(net::Loop& loop, const EngineLoop& engine, CurrentConfiguration configuration)
      : engine_(engine), configuration_(std::move(configuration)), thread_(loop) {}

  /// `GET /api/v1/reports/{crm}`. The router must not outlive this.
  void add_route(Router& router);
  using Done = std::function<void(Result<report::Report>)>;
  /// Calls `done` on the loop's thread. Returns false, and does not call it, if too many wait.
  [[nodiscard]] bool make(report::ReportRequest request, Done done);
  /// The thread that reads reports, for what reads the same history.
  [[nodiscard]] net::FileThread& thread() { return thread_; }

 private:
  void show(const Request& request, net::Respond respond);

  const EngineLoop& engine_;
  CurrentConfiguration configuration_;
  int waiting_ = 0;
  net::FileThread thread_;
};

}  // namespace crmpulse::collector
