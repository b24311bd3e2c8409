#pragma once
// All sample CRMs of a demo, their faults, and the place where the demo's webhook ends: behind one HTTP server.

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/time/clock.h"
#include "net/loop/file_thread.h"
#include "net/loop/loop.h"
#include "net/server/http_server.h"
#include "sandbox/host/sample_crm.h"

namespace crmpulse::sandbox {

struct Options {
  std::string dir;                                  ///< where the sample CRMs' files go
  std::string schema;                               ///< text of the schema file
  std::vector<std::pair<std::string, Fault>> crms;  ///< names and the fault each starts with
  std::size_t max_alerts = 200;
};

/// Runs on the loop's thread; the CRMs' files have a thread of their own. Routes: POST /_sandbox/faults
/// {"crm","fault"}, POST /hook (the webhook's end), GET /_sandbox/alerts?after=N.
class DemoHost {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DemoHost>> open(net::Loop& loop, const Clock& clock, Options options);
  void handle(net::HttpRequest request, const net::Respond& respond);
  struct Shown {
    std::string crm;
    std::set<Fault> faults;  ///< those it has now
  };
  [[nodiscard]] const std::vector<Shown>& crms() const { return shown_; }
  /// Ends the faults of all of them.
  void repair();

 private:
  struct Alert {
    std::int64_t number;
    std::string body;
  };
  DemoHost(net::Loop& loop, const Clock& clock, Options options);
  void live();
  void post_fault(const net::HttpRequest& request, const net::Respond& respond);
  void set_fault(std::size_t crm, Fault fault, std::function<void(const Result<void>&)> done);
  [[nodiscard]] net::HttpResponse take_alert(const net::HttpRequest& request);
  [[nodiscard]] net::HttpResponse list_alerts(const net::HttpRequest& request) const;

  const Clock& clock_;
  Options options_;
  std::vector<SampleCrm> crms_;  ///< the file thread's
  std::vector<Shown> shown_;     ///< the loop's, in the same order
  std::deque<Alert> alerts_;
  std::int64_t last_alert_ = 0;
  bool living_ = false;
  net::FileThread files_;
  net::Loop::Timer life_;
};

}  // namespace crmpulse::sandbox
