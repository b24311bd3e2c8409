#pragma once
// `crmpulse-collector status`, without the command line: the states of the fleet, or of one CRM, as the API tells them.

#include <string>

namespace crmpulse::collector {

struct StatusOptions {
  std::string config;  ///< says where the collector listens; not read when `url` is given
  std::string url;     ///< https://crm.example.com, a path before the API's included; empty: as `config` says
  std::string token_file;
  std::string ca_file;   ///< of the collector's certificate; empty: the system's
  std::string language;  ///< `en`, `zh`; empty: as LC_ALL, LC_MESSAGES or LANG says
  std::string crm;       ///< empty: all
  bool watch = false;    ///< draws again and again, until it is ended
};

/// Returns the exit code: of one CRM 0 healthy, 1 sub-healthy, 2 poor, 3 unknown; of all 0. 3 also if nothing can be
/// said, whatever the cause.
[[nodiscard]] int status(const StatusOptions& options);

}  // namespace crmpulse::collector
