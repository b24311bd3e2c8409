#pragma once
// The running agent: loop, targets, spool and shipper put together. Used on the loop's thread.

#include <memory>
#include <vector>

#include "agent/connectivity.h"
#include "agent/run/reconcile.h"
#include "agent/run/runner.h"
#include "agent/run/self_metrics.h"
#include "agent/settings/settings.h"
#include "agent/ship/shipper.h"
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
  void begin(Targets targets);
  void reload();
  /// Whole or nothing.
  [[nodiscard]] boost::system::result<Targets, Problems> prepare(const Settings& next);
  void apply(Settings next, Targets targets);
  void stop();
  void report_self();
  void take(const std::string& crm, probes::Reading reading);
  void report_status();
  /// More CRMs than connections may stay open at once are measured all the same, some with a new one each time.
  void tell_of_few_descriptors();

  std::string config_;
  SettingsDefaults defaults_;
  Settings settings_;
  SystemClock clock_;
  bool last_reload_worked_ = true;
  int self_reports_ = 0;
  const int descriptors_;
  bool told_of_few_descriptors_ = false;
  net::ServiceNotify manager_;
  // In this order: what is below uses what is above, and goes first.
  probes::Runtime runtime_;
  std::unique_ptr<store::Spool> spool_;
  net::Loop loop_;
  Governors governors_;
  Reconciler reconciler_;
  Runner runner_;
  net::HttpClient client_;
  std::unique_ptr<Connectivity> connectivity_;
  std::unique_ptr<Shipper> shipper_;
  std::vector<net::Loop::Timer> timers_;
  net::Loop::Timer settled_;
};

}  // namespace crmpulse::agent
