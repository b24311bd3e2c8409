#include "agent/run/failure_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/log.h"

namespace crmpulse::agent {
namespace {

std::string kind_of(Stage stage, Reason reason) {
  return fmt::format("{}/{}", to_string(stage), to_string(reason));
}

void tell_failure(const std::string& crm, const probes::Reading& reading, bool of_login) {
  const Failure& failure = *reading.failure;
  log::warning(of_login ? "a login fails; the CRM's measurements wait for it" : "a measurement fails",
               {{"crm", crm},
                {"measurement", reading.measurement},
                {"reason", kind_of(failure.stage, failure.reason)},
                {"why", failure.message}});
}

}  // namespace

void FailureLog::note(const std::string& crm, const probes::Reading& reading, TimePoint now) {
  // A run that was never made says nothing.
  if (reading.failure && reading.failure->reason == Reason::skipped) return;
  Measurements& open = crms_[crm];
  if (reading.failure)
    failed(open, crm, reading, now);
  else
    worked(open, crm, reading, now);
  if (!reading.failure) note_cut(crm, reading);
}

void FailureLog::note_cut(const std::string& crm, const probes::Reading& reading) {
  const auto cut = std::find_if(reading.warnings.begin(), reading.warnings.end(), [](const probes::Warning& warning) {
    return warning.kind == probes::Warning::Kind::cut;
  });
  if (cut == reading.warnings.end()) {
    if (cut_[crm].erase(reading.measurement) > 0)
      log::info("a list is read whole again", {{"crm", crm}, {"measurement", reading.measurement}});
  } else if (cut_[crm].insert(reading.measurement).second) {
    log::warning("a list is not read whole", {{"crm", crm}, {"measurement", reading.measurement}, {"why", cut->text}});
  }
}

void FailureLog::worked(Measurements& open, const std::string& crm, const probes::Reading& reading, TimePoint now) {
  const auto known = open.find(reading.measurement);
  if (known == open.end()) return;
  const Open ended = known->second;
  open.erase(known);
  if (!ended.told) return;
  log::info("a measurement works again",
            {{"crm", crm},
             {"measurement", reading.measurement},
             {"reason_before", kind_of(ended.stage, ended.reason)},
             {"failed_for", format_duration(std::chrono::floor<std::chrono::seconds>(now - ended.since))}});
}

void FailureLog::failed(Measurements& open, const std::string& crm, const probes::Reading& reading, TimePoint now) {
  const Failure& failure = *reading.failure;
  const bool of_login = probes::is_of_login(reading);
  const bool told_by_another = of_login && std::any_of(open.begin(), open.end(), [&](const auto& other) {
                                 return other.first != reading.measurement && other.second.told &&
                                        other.second.of_login && other.second.reason == failure.reason;
                               });
  const auto [place, is_new] =
      open.try_emplace(reading.measurement, Open{failure.stage, failure.reason, now, of_login, false});
  Open& known = place->second;
  const Open before = known;
  const bool same = before.stage == failure.stage && before.reason == failure.reason;
  known = Open{failure.stage, failure.reason, before.since, of_login, before.told || !told_by_another};
  if (told_by_another || (same && before.told)) return;
  if (is_new || !before.told) return tell_failure(crm, reading, of_login);
  log::warning("a measurement fails for another reason", {{"crm", crm},
                                                          {"measurement", reading.measurement},
                                                          {"reason", kind_of(failure.stage, failure.reason)},
                                                          {"reason_before", kind_of(before.stage, before.reason)},
                                                          {"why", failure.message}});
}

void FailureLog::keep(const std::set<std::string, std::less<>>& crms) {
  std::erase_if(crms_, [&](const auto& entry) { return !crms.contains(entry.first); });
  std::erase_if(cut_, [&](const auto& entry) { return !crms.contains(entry.first); });
}

}  // namespace crmpulse::agent
