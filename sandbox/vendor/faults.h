#pragma once
// The faults that are on, and how a person writes one: a JSON object, or a step of a scenario.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader.h"
#include "core/failure/error.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

/// Every name of FaultRule::fault, and `none`.
[[nodiscard]] const std::vector<std::string_view>& fault_names();

/// What is wrong with a fault, and in which member.
struct FaultProblem {
  std::string field;
  std::string message;
};
/// Members: crm, fault, operation, seconds, share, name, status, calls.
[[nodiscard]] boost::system::result<FaultRule, FaultProblem> fault_from_json(const boost::json::object& object);
[[nodiscard]] boost::json::object to_json(const FaultRule& rule);
/// Like fault_from_json(), for a scenario's step. Does not finish the reader.
[[nodiscard]] FaultRule fault_from_yaml(config::Reader& reader);

class FaultRegistry {
 public:
  /// A rule for the same CRM, operation and fault is replaced. `none` removes: of the CRM (or all), of the operation
  /// (or all).
  void set(const FaultRule& rule);
  [[nodiscard]] std::vector<FaultRule> all() const;
  [[nodiscard]] std::vector<FaultRule> of(std::string_view crm) const;
  /// The CRM's rules for one call: of those that are for this operation, each is in its share of the calls. Evenly:
  /// with a share of a quarter every fourth call has it.
  [[nodiscard]] std::vector<FaultRule> draw(std::string_view crm, std::string_view operation);

 private:
  struct Entry {
    FaultRule rule;
    double owed = 0;  ///< share of calls not taken yet
  };
  std::vector<Entry> entries_;
};

/// Whether the rule is for this operation. A rule without an operation leaves the vendor's status page alone (it is on
/// another host), and when it is about quota or rights also the login.
[[nodiscard]] bool is_for(const FaultRule& rule, std::string_view operation);

/// Lets result<T, FaultProblem>::value() throw something readable.
[[noreturn]] void throw_exception_from_error(const FaultProblem& problem, const boost::source_location&);

}  // namespace crmpulse::sandbox
