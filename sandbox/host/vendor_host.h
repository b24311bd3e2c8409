#pragma once
// The host of the vendor APIs: one company for each, one HTTP server for all, faults between them, and the log of
// calls.

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time/clock.h"
#include "net/loop/loop.h"
#include "net/server/http_server.h"
#include "sandbox/host/demo_host.h"
#include "sandbox/vendor/faults.h"
#include "sandbox/vendor/request_log.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

struct VendorHostOptions {
  Credentials credentials;
  bool tls = false;              ///< for the addresses the APIs tell: https instead of http
  Duration lived{};              ///< how old the companies are when the sandbox begins
  std::size_t max_calls = 5000;  ///< kept in the log of calls
  Duration max_hang = std::chrono::minutes{10};
  std::size_t max_hanging = 500;  ///< calls that are not answered; beyond, the oldest connection is closed
  std::size_t huge_bytes = 50 * 1000 * 1000;
};

/// Runs on the loop's thread. Operations beside the vendor APIs' own paths:
///   POST /_sandbox/faults      {"crm","fault",…} as faults.h; the sample CRMs' form too when there are any
///   GET, DELETE /_sandbox/faults
///   GET /_sandbox/requests?crm=&operation=&since=&after=, DELETE /_sandbox/requests
///   GET /_sandbox/data?crm=    counts of what is in the company, for tests
class VendorHost {
 public:
  /// `demo`: the sample CRMs behind the same server, or null.
  VendorHost(net::Loop& loop, const Clock& clock, VendorHostOptions options,
             std::vector<std::unique_ptr<VendorApi>> apis, DemoHost* demo = nullptr);
  ~VendorHost();
  VendorHost(const VendorHost&) = delete;
  VendorHost& operator=(const VendorHost&) = delete;

  void handle(net::HttpRequest request, const net::Respond& respond);
  /// Does what POST /_sandbox/faults does. Returns an error if there is no such CRM.
  [[nodiscard]] Result<void> set_fault(const FaultRule& rule);
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  /// An API with its own copy of the company, so that a fault of one CRM's data leaves the others alone. Made when
  /// it is first asked for, as it would be had it been there from the start.
  struct Guest {
    std::unique_ptr<VendorApi> api;
    std::optional<Company> company;
  };
  [[nodiscard]] Company& company_of(Guest& guest);  ///< living at this moment
  struct Pending {
    net::Respond respond;
    net::Loop::Timer timer;
  };

  void serve(Guest& guest, const net::HttpRequest& request, const net::Respond& respond);
  [[nodiscard]] net::HttpResponse answer(Guest& guest, const net::HttpRequest& request, World& world, Call& call);
  void respond_later(const net::Respond& respond, net::HttpResponse response, Duration delay);
  void hang(const net::Respond& respond);
  /// Returns nullopt if the sample CRMs answer by themselves.
  [[nodiscard]] std::optional<net::HttpResponse> operate(const net::HttpRequest& request, const net::Respond& respond);
  [[nodiscard]] std::optional<net::HttpResponse> post_fault(const net::HttpRequest& request,
                                                            const net::Respond& respond);
  [[nodiscard]] net::HttpResponse list_faults() const;
  [[nodiscard]] net::HttpResponse list_requests(const net::HttpRequest& request) const;
  [[nodiscard]] net::HttpResponse data(const net::HttpRequest& request);
  [[nodiscard]] bool is_sample(std::string_view crm) const;
  void apply_faults_of_data(Guest& guest);
  void begin_fault(Guest& guest, const FaultRule& rule);
  [[nodiscard]] Guest* guest_named(std::string_view name);

  net::Loop& loop_;
  const Clock& clock_;
  VendorHostOptions options_;
  TimePoint started_;
  DemoHost* demo_;
  std::vector<Guest> guests_;
  FaultRegistry faults_;
  RequestLog log_;
  std::list<Pending> pending_;  ///< slow and hanging answers
  std::list<Pending> hanging_;
};

}  // namespace crmpulse::sandbox
