#pragma once
// A vendor's way to speak, over the one Company: its paths, tokens, queries, limits, errors and status page.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "net/server/http_server.h"
#include "sandbox/company/company.h"

namespace crmpulse::sandbox {

/// What a fault does to the calls it names; docs/sandbox.md lists them with their `POST /_sandbox/faults` members.
struct FaultRule {
  std::string crm;          ///< salesforce, hubspot, zoho, dynamics, pipedrive, or empty: all
  std::string operation;    ///< token, query, search, read, create, update, delete, limits, status, …; empty: all
  std::string fault;        ///< slow, error, outage, hang, cut, html, truncated, huge, redirect, token_revoked,
                            ///< quota_gone, rate_limited, stale, search_lag, dirty, clock_skew, missing_field,
                            ///< maintenance, vendor_incident, permission, quota
  double seconds = 0;       ///< slow, search_lag, clock_skew, Retry-After of rate_limited
  double share = 1;         ///< of the calls, 0…1
  std::string name;         ///< missing_field: `Object.Field` in the vendor's words; permission, vendor_incident: the
                            ///< vendor's word to use
  int status = 0;           ///< html, error: the status to answer with; 0: the fault's own
  std::uint64_t calls = 0;  ///< quota: the allowance, calls a day
};

/// Credentials every vendor API accepts; docs/sandbox.md prints them. Made for rehearsals: known to everybody.
struct Credentials {
  std::string client_id = "crmpulse-sandbox";
  std::string client_secret = "sandbox-client-secret";
  std::string username = "monitor@example.com";
  std::string refresh_token = "sandbox-refresh-token";
  std::string static_token = "pat-na1-sandbox";  ///< HubSpot private app, Pipedrive x-api-token
  std::string jwt_public_key;                    ///< PEM: a certificate or public key; empty: RS256 is refused
};

/// What a vendor API may use while it answers.
struct World {
  Company& company;
  const Credentials& credentials;
  TimePoint now;                         ///< the sandbox's clock, with clock_skew
  const std::vector<FaultRule>& faults;  ///< only those that apply to this call's CRM
  std::string origin;                    ///< http://127.0.0.1:9470: for instance_url, api_domain, nextLink
  /// The rule of that name for this operation, or null. A rule without operation is for all of them.
  [[nodiscard]] const FaultRule* fault(std::string_view name, std::string_view operation) const;
  /// What an administrator has removed: `Object` or `Object.Field`; empty: nothing.
  [[nodiscard]] std::string_view missing(std::string_view operation) const;
};

/// A call as the request log tells it.
struct Call {
  std::string crm;
  std::string operation;
  bool counted = false;  ///< against the daily allowance
  int status = 0;
  std::string method;
  std::string path;  ///< with the query, tokens left out
  TimePoint at;
};

class VendorApi {
 public:
  virtual ~VendorApi() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Is this path (decoded, without the query) one of ours?
  [[nodiscard]] virtual bool owns(const net::HttpRequest& request) const = 0;
  /// Which operation it is, for faults and the log.
  [[nodiscard]] virtual std::string operation(const net::HttpRequest& request) const = 0;
  /// Answers. `call` comes with crm, operation, method, path, at; the API sets `counted`.
  virtual net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) = 0;
  /// Faults in the vendor's own words: error, rate_limited, quota_gone, maintenance, permission. The host decides when;
  /// all other faults of transport (slow, outage, hang, cut, html, truncated, huge, redirect) and of data (stale,
  /// search_lag, dirty, clock_skew) are its business alone. missing_field, vendor_incident and maintenance on the
  /// status page are the API's: it asks `world.fault(…)`.
  virtual net::HttpResponse fault_answer(const FaultRule& fault, World& world) = 0;
  /// Every token given out so far has ended.
  virtual void revoke_tokens() = 0;
  /// The allowance: calls a day; 0 restores the default.
  virtual void set_daily_limit(std::uint64_t calls) = 0;
};

std::unique_ptr<VendorApi> make_salesforce();
std::unique_ptr<VendorApi> make_hubspot();
std::unique_ptr<VendorApi> make_zoho();
std::unique_ptr<VendorApi> make_dynamics();
std::unique_ptr<VendorApi> make_pipedrive();
std::unique_ptr<VendorApi> make_odoo();
std::unique_ptr<VendorApi> make_suitecrm();
std::unique_ptr<VendorApi> make_espocrm();
/// All of them.
[[nodiscard]] std::vector<std::unique_ptr<VendorApi>> make_vendor_apis();

}  // namespace crmpulse::sandbox
