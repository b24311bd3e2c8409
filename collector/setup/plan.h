#pragma once
// What `setup` is going to write: computed whole, before anything is touched.

#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::collector {

struct SetupOptions {
  std::string config;
  std::string listen = "0.0.0.0:9460";
  std::vector<std::string> names;  ///< of the certificate; empty: those it has, else this machine's
  std::string tls_dir;             ///< where authority and certificate are kept; empty: beside state_dir
  std::string cert_file;           ///< one's own certificate and key, instead of ones that are made here
  std::string key_file;
  std::string ca_file;   ///< the authority of one's own certificate; empty: one that every system knows
  std::string language;  ///< en or zh; empty: as LANG says
  bool new_authority = false;
  bool yes = false;      ///< write without asking
  bool dry_run = false;  ///< show, and write nothing
};

struct NewFile {
  std::string path;
  std::string text;
  bool secret = false;
};

struct SetupPlan {
  std::string state_dir;
  std::string tls_dir;  ///< absolute; empty: nothing is made there
  std::string before;   ///< the configuration as it is; empty if there is none
  std::string after;
  std::vector<NewFile> files;  ///< in the order in which they are written
  std::vector<std::string> names;
  bool makes_authority = false;
};

/// Reads what is there and decides. Error: something that is there keeps it from that, or an option is not valid; it
/// says which. `now` is when certificates begin. Waits for files.
[[nodiscard]] Result<SetupPlan> plan_setup(const SetupOptions& options, TimePoint now);

}  // namespace crmpulse::collector
