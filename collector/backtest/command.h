#pragma once
// `crmpulse-collector backtest`, without the command line.

#include <string>
#include <vector>

namespace crmpulse::collector {

struct BacktestOptions {
  std::vector<std::string> rules;
  std::string receivers;  ///< a file, or empty
  std::string samples;    ///< a file, `-`, or empty: from the store
  std::string config;
  std::string from;  ///< RFC 3339
  std::string to;
  std::string summary;  ///< `text`, `json`, or empty: a line for each change and message instead
  std::string fail_on;  ///< `sub_healthy`, `poor`, `message`, or empty
  std::string zone;     ///< of the summary's hours and times; empty: the configuration's, else UTC
};

/// The exit code: 0 done, 1 failed or what `fail_on` names was seen, 2 wrong use or configuration.
[[nodiscard]] int backtest(const BacktestOptions& options);

}  // namespace crmpulse::collector
