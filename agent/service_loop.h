#pragma once
// The running agent: loop, targets, spool and shipper put together. Used on the loop's thread.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/connectivity.h"
#include "agent/quota/call_files.h"
#include "agent/run/failure_log.h"
#include "agent/run/reconcile.h"
#include "agent/run/runner.h"
#include "agent/run/self_metrics.h"
#include "agent/run/series_order.h"
#include "agent/settings/settings.h"
#include "agent/ship/shipper.h"
#include "agent/textfile/text_files.h"
#include "net/loop/file_thread.h"
#include "net/service/service_notify.h"

namespace crmpulse::agent {

class ServiceLoop {
 public:
  /// Opens the spool; nothing is measured or sent before run().
  [[nodiscard]] static Result<std::unique_ptr<ServiceLoop>> make(std::string config, SettingsDefaults defaults,
                                                                 Settings settings);

  /// Until SIGTERM or SIGINT. Problems when a CRM cannot be bound to its recipe.
  [[nodiscard]] boost::system::result<void, Problems> run();
  ~ServiceLoop();

 private:
  ServiceLoop(std::string config, SettingsDefaults defaults, Settings settings, std::unique_ptr<store::Spool> spool);
  /// All that a start or a reload brings along.
  struct Loaded {
    Settings settings;
    Targets targets;
    Governors::Memories memories;      ///< of CRMs that are new
    std::vector<std::string> restart;  ///< keys whose new values wait for a restart
  };
  using LoadResult = boost::system::result<Loaded, Problems>;
  /// What a load needs to know of what runs.
  struct Running {
    std::string state_dir;
    std::uint64_t spool_max = 0;
    std::set<std::string, std::less<>> crms;
  };
  [[nodiscard]] Running running() const;
  void begin(Loaded loaded);
  /// Reads the files on their thread and applies them if all are valid. A request during a load is served by another
  /// load after it, because the files may have changed meanwhile.
  void reload();
  void finish_reload(LoadResult loaded);
  /// Whole or nothing. Waits for files.
  [[nodiscard]] LoadResult prepare(Settings next, const Running& running);
  void apply(Loaded loaded);
  void stop();
  void report_self();
  void take(const std::string& crm, probes::Reading reading);
  /// All that goes into the spool goes through here: a series has one writer.
  void store(std::vector<Sample> samples, std::vector<Evidence> evidence);
  void report_status();
  /// More CRMs than connections may stay open at once are measured all the same, some with a new one each time.
  void tell_of_few_descriptors();

  std::string config_;
  SettingsDefaults defaults_;
  Settings settings_;
  SystemClock clock_;
  bool last_reload_worked_ = true;
  std::string reload_status_;  ///< of the last one, for report_status(): why it was refused, what waits for a restart
  bool loading_ = false;
  bool asked_again_ = false;  ///< to reload, while loading
  bool stopping_ = false;
  int self_reports_ = 0;
  const int descriptors_;
  bool told_of_few_descriptors_ = false;
  net::ServiceNotify manager_;
  // In this order: what is below uses what is above, and goes first.
  probes::Runtime runtime_;
  std::unique_ptr<store::Spool> spool_;
  CallFiles call_files_;  ///< the file thread's
  net::Loop loop_;
  net::FileThread files_;
  Governors governors_;
  Reconciler reconciler_;
  SeriesOrder order_;
  FailureLog failures_;
  Runner runner_;
  net::HttpClient client_;
  std::unique_ptr<Connectivity> connectivity_;
  std::unique_ptr<TextFiles> textfiles_;
  std::unique_ptr<Shipper> shipper_;
  std::vector<net::Loop::Timer> timers_;
  net::Loop::Timer settled_;
};

}  // namespace crmpulse::agent
