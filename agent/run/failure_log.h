#pragma once
// What the log says about failures and lists that are cut: changes, not repetitions.

#include <map>
#include <set>
#include <string>

#include "probes/run/run.h"

namespace crmpulse::agent {

/// One line for the first failure of a measurement, one when it fails for another reason, one when it works again. A
/// login that fails stops every measurement of its CRM: it is told by the first of them alone. Likewise one line when a
/// measurement's list is not read whole, and one when it is again. One thread.
class FailureLog {
 public:
  /// `now` of any clock that does not go back.
  void note(const std::string& crm, const probes::Reading& reading, TimePoint now);
  /// Forgets the CRMs that are not among these.
  void keep(const std::set<std::string, std::less<>>& crms);

 private:
  struct Open {
    Stage stage = Stage::request;
    Reason reason = Reason::internal;
    TimePoint since;
    bool of_login = false;
    bool told = false;  ///< false: another measurement tells this login's failure
  };
  using Measurements = std::map<std::string, Open, std::less<>>;
  static void worked(Measurements& open, const std::string& crm, const probes::Reading& reading, TimePoint now);
  static void failed(Measurements& open, const std::string& crm, const probes::Reading& reading, TimePoint now);
  void note_cut(const std::string& crm, const probes::Reading& reading);

  std::map<std::string, Measurements, std::less<>> crms_;                       ///< what fails now
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> cut_;  ///< whose lists are not read whole now
};

}  // namespace crmpulse::agent
