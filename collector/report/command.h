#pragma once
// `crmpulse-collector report`: a report of the stored history, on standard output. Works beside a running collector.

#include <string>

namespace crmpulse::collector {

struct ReportOptions {
  std::string config;
  std::string crm;
  std::string period;
  std::string compare;  ///< empty: the period before, and a year ago
  std::string format = "html";
  std::string language = "en";
};

/// Returns the exit code: 0 done, 1 failed, 2 wrong use or configuration.
[[nodiscard]] int report_command(const ReportOptions& options);

}  // namespace crmpulse::collector
