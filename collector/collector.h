#pragma once
// The running collector: owns its parts, starts them in order and stops them in the other.

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "collector/api/api.h"
#include "collector/delivery/heartbeat.h"
#include "collector/delivery/notifier.h"
#include "collector/engine/engine_loop.h"
#include "collector/folder_watch.h"
#include "collector/history/history.h"
#include "collector/http/access.h"
#include "collector/http/audit.h"
#include "collector/http/audit_refusals.h"
#include "collector/http/router.h"
#include "collector/ingest/ingest.h"
#include "collector/metrics/exposition.h"
#include "collector/metrics/self_metrics.h"
#include "net/loop/file_thread.h"
#include "net/service/service_notify.h"

namespace crmpulse::collector {

class Collector {
 public:
  /// Opens the store, recovers, listens. Blocks; call it before the loop runs. A long replay goes on while it serves.
  [[nodiscard]] static Result<std::unique_ptr<Collector>> start(net::Loop& loop, Clocks clocks, std::string config_file,
                                                                std::shared_ptr<const Configuration> configuration);
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

  struct Reload {
    bool applied = false;
    Problems problems;                 ///< why not
    std::vector<std::string> restart;  ///< keys whose new values wait for a restart
  };
  /// Loop's thread. Loads all files on another thread and applies them if all are valid. A request during a load is
  /// answered by the load after it, because the files may have changed meanwhile.
  void reload(std::function<void(const Reload&)> done);
  /// Like reload(), for SIGHUP: nobody waits for the outcome, the audit log has it. During a replay it is done
  /// afterwards.
  void reload_by_signal();

 private:
  Collector(net::Loop& loop, Clocks clocks, std::string config_file, std::shared_ptr<const Configuration> configuration,
            store::Database database);
  void add_routes();
  void add_service_routes();
  /// Logs the entry at once; the store's thread writes it to the audit log. Refused requests are summed up first.
  void audit(AuditEntry entry);
  void audit_request(AuditEntry entry, const net::HttpResponse& answer);
  [[nodiscard]] net::HeadVerdict check_head(const net::HttpRequest& head);
  void list_audit(const net::HttpRequest& request, net::Respond respond);
  /// Looks at what others write, on the file thread.
  void look();
  void take(FolderNews news);
  void renew_certificate(const net::TlsResult& renewed);
  void load();
  void follow_wall_clock();
  void forget_as_asked(const ForgetRequest& request);
  void forgotten(const ForgetRequest& request, bool known);
  [[nodiscard]] Result<void> listen();
  static void warn_of(const Configuration& configuration);
  /// A configuration that was read, with its certificate.
  struct Loaded {
    std::shared_ptr<const Configuration> configuration;
    std::shared_ptr<net::LoadedTls> tls;  ///< null without
  };
  using LoadResult = boost::system::result<Loaded, Problems>;
  [[nodiscard]] static LoadResult load_files(const std::string& config_file);
  void finish_load(const std::vector<std::function<void(const Reload&)>>& asked, LoadResult loaded);
  void apply(Loaded loaded, Reload& outcome);
  void fail(const Error& error);
  void refuse(Reload& outcome, Problems problems);
  void finish_when_quiet(int rounds_left);
  void store_last();

  net::Loop& loop_;
  CorrectedClock clock_;
  Clocks clocks_;
  std::string config_file_;
  std::shared_ptr<const Configuration> configuration_;
  net::ServiceNotify manager_;
  Access access_;
  FolderWatch folder_;  ///< the file thread's
  std::unique_ptr<store::Writer> writer_;
  net::HttpClient client_;
  net::MailClient mail_;
  EngineLoop engine_;
  Notifier notifier_;
  Heartbeat heartbeat_;
  Ingest ingest_;
  Api api_;
  Router router_;
  Exposition exposition_;
  std::unique_ptr<History> history_;
  ReloadStats reloads_;
  AuditRefusals refusals_;
  std::unique_ptr<net::HttpServer> server_;
  net::Loop::Timer ticker_;
  net::Loop::Timer stopper_;
  net::FileThread files_;
  int damaged_files_ = 0;        ///< in state_dir
  int at_files_ = 0;             ///< what the file thread has to do, but for loads
  std::set<std::string> asked_;  ///< files of requests to forget that are being done, or that cannot be deleted
  TimePoint last_forget_;
  std::vector<std::function<void(const Reload&)>> waiting_reloads_;  ///< for the next load
  bool loading_ = false;
  bool looking_ = false;
  bool signalled_ = false;  ///< SIGHUP came during the replay
  bool stopping_ = false;
  bool quiet_ = false;  ///< stopped in order
  bool failed_ = false;
};

}  // namespace crmpulse::collector
