#pragma once
// The sandbox with all its vendor APIs, in this process on a free port, with a clock that stands still until it is
// moved.

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/loop/loop.h"
#include "sandbox/host/vendor_host.h"
#include "tests/support/manual_clock.h"
#include "tests/support/process.h"

namespace crmpulse::test {

/// Every vendor API the sandbox has.
[[nodiscard]] std::vector<std::unique_ptr<sandbox::VendorApi>> all_vendor_apis();

class SandboxHost {
 public:
  SandboxHost();
  ~SandboxHost();
  SandboxHost(const SandboxHost&) = delete;
  SandboxHost& operator=(const SandboxHost&) = delete;

  [[nodiscard]] std::string url() const;
  /// The time the company was made and stays at.
  [[nodiscard]] TimePoint now() const { return clock_.now(); }
  /// From now on every call of a vendor's API finds the clock this much later; zero: it stands still again.
  void move_clock_with_each_call(Duration step);
  /// The same company as every vendor has, as long as nobody writes.
  [[nodiscard]] const sandbox::Company& company() const { return twin_; }

  /// `members` of the fault beside crm, as JSON: `"fault":"slow","seconds":3`.
  void fault(const std::string& crm, const std::string& members);
  void clear_faults();
  /// GET /_sandbox/requests
  [[nodiscard]] boost::json::object requests(const std::string& crm, const std::string& operation = {});
  [[nodiscard]] std::uint64_t count(const std::string& crm, const std::string& operation);
  void forget_requests();
  /// Pipedrive's first closed deals, at most so many, are archived. Returns how many were.
  std::size_t archive_won_deals(std::size_t most);
  /// So many of EspoCRM's new leads, at most, get this status. Returns how many did.
  std::size_t set_lead_status(const std::string& status, std::size_t most);

  /// `${sandbox}` and the names of files with the sandbox's secrets (`${client_secret_file}` …), filled in.
  [[nodiscard]] std::string fill(std::string text) const;
  /// Texts that must not be told to anybody.
  [[nodiscard]] std::vector<std::string> secrets() const;
  /// A new empty directory for tokens.
  [[nodiscard]] std::string new_state_dir();

 private:
  [[nodiscard]] net::HttpResponse ask(net::HttpRequest request);
  std::string keep(const std::string& name, const std::string& secret);

  TempDir directory_;
  ManualClock clock_;
  sandbox::Company twin_;
  sandbox::Credentials credentials_;
  std::vector<std::pair<std::string, std::string>> places_;  ///< `${…}` → what stands there
  net::Loop loop_;
  std::unique_ptr<sandbox::VendorHost> host_;
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
  Duration step_{};  ///< only the loop's thread touches it, and the clock while it moves
  int state_dirs_ = 0;
};

}  // namespace crmpulse::test
