#pragma once
// The running collector: owns its parts, starts them in order and stops them in the other.

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "collector/api/api.h"
#include "collector/api/tracker_callbacks.h"
#include "collector/audit_trail.h"
#include "collector/backtest/rehearsals.h"
#include "collector/delivery/heartbeat.h"
#include "collector/delivery/notifier.h"
#include "collector/engine/engine_loop.h"
#include "collector/folder_watch.h"
#include "collector/forget_requests.h"
#include "collector/history/history.h"
#include "collector/http/access.h"
#include "collector/http/router.h"
#include "collector/ingest/ingest.h"
#include "collector/inventory/inventory.h"
#include "collector/invitation/certificate_keeper.h"
#include "collector/invitation/desk.h"
#include "collector/metrics/exposition.h"
#include "collector/metrics/goal_metrics.h"
#include "collector/metrics/self_metrics.h"
#include "collector/own_troubles.h"
#include "collector/public/pages.h"
#include "collector/reloader.h"
#include "collector/report/desk.h"
#include "collector/report/goal_keeper.h"
#include "collector/report/sender.h"
#include "collector/stream/stream.h"
#include "net/loop/file_thread.h"
#include "net/service/service_notify.h"

namespace crmpulse::collector {

class Collector {
 public:
  /// Opens the store, recovers, listens. Blocks; call it before the loop runs. A long replay goes on while it serves.
  [[nodiscard]] static Result<std::unique_ptr<Collector>> start(net::Loop& loop, Clocks clocks, std::string config_file,
                                                                std::shared_ptr<const Configuration> configuration,
                                                                std::span<const Library> libraries = {});
  ~Collector();

  [[nodiscard]] const std::vector<Route>& routes() const { return router_.routes(); }
  /// Returns true if the loop was ended because it cannot go on.
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] unsigned short port() const { return server_->port(); }
  /// Loop's thread. Does what is due now. Runs each second by itself; tests that move the clocks call it.
  void tick();
  /// Loop's thread. Returns true if nothing is on its way to or from the disk or to a receiver.
  [[nodiscard]] bool quiet() const;
  /// Loop's thread. Stops accepting, finishes current requests, ends the loop; at most 10 s. The destructor then stores
  /// a last snapshot.
  void stop();

  [[nodiscard]] ReportDesk& reports() { return reports_; }

  /// Loop's thread. Loads all files and applies them if all are valid.
  void reload(Reloader::Done done);
  /// Like reload(), for SIGHUP: nobody waits for the outcome, the audit log has it. During a replay it is done
  /// afterwards.
  void reload_by_signal();

 private:
  Collector(net::Loop& loop, Clocks clocks, std::string config_file, std::shared_ptr<const Configuration> configuration,
            store::Database database, std::span<const Library> libraries);
  void add_routes();
  void add_service_routes();
  [[nodiscard]] net::HeadVerdict check_head(const net::HttpRequest& head);
  void list_audit(const net::HttpRequest& request, net::Respond respond);
  void show_metrics(const net::HttpRequest& request, net::Respond respond);
  /// Looks at what others write, on the file thread.
  void look();
  void take(FolderNews news);
  [[nodiscard]] boost::json::object page_facts() const;
  void renew_certificate(const net::TlsResult& renewed);
  void follow_wall_clock();
  [[nodiscard]] Result<void> listen();
  [[nodiscard]] Reload apply(const Reloader::LoadResult& loaded);
  void use(std::shared_ptr<const Configuration> fresh);
  void fail(const Error& error);
  void finish_when_quiet(int rounds_left);
  void store_last();

  net::Loop& loop_;
  CorrectedClock clock_;
  Clocks clocks_;
  std::shared_ptr<const Configuration> configuration_;
  net::ServiceNotify manager_;
  Access access_;
  FolderWatch folder_;  ///< the file thread's
  std::unique_ptr<store::Writer> writer_;
  AuditTrail audit_;
  net::HttpClient client_;
  net::MailClient mail_;
  EngineLoop engine_;
  Notifier notifier_;
  Heartbeat heartbeat_;
  Ingest ingest_;
  Api api_;
  TrackerCallbacks callbacks_;
  PublicPages public_;
  Router router_;
  Exposition exposition_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Rehearsals> rehearsals_;
  ReportDesk reports_;
  ReportSender report_sender_;
  GoalKeeper goals_;
  ReloadStats reloads_;
  OwnTroubles troubles_;
  Stream stream_;
  std::string
      reload_status_;  ///< of the last one, for the service manager: why it was refused, what waits for a restart
  std::unique_ptr<net::HttpServer> server_;
  net::Loop::Timer ticker_;
  net::Loop::Timer stopper_;
  net::FileThread files_;
  Inventory inventory_;
  InvitationDesk invitations_;
  CertificateKeeper certificates_;
  Reloader reloader_;
  Forgetter forgetter_;
  int damaged_files_ = 0;  ///< in state_dir
  TimePoint last_forget_;
  bool looking_ = false;
  bool signalled_ = false;  ///< SIGHUP came during the replay
  bool stopping_ = false;
  bool quiet_ = false;  ///< stopped in order
  bool failed_ = false;
};

}  // namespace crmpulse::collector
