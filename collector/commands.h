#pragma once
// What the program's commands do, without the command line. Each gives the exit code: 0 done, 1 failed, 2 wrong use or
// configuration. Results go to standard output, everything else to standard error.

#include <span>
#include <string>
#include <vector>

#include "core/version/library.h"

namespace crmpulse::collector {

/// `libraries`: what the program is made of, for whoever asks.
[[nodiscard]] int run_service(const std::string& config, std::span<const Library> libraries);
/// Warnings come too: what is probably not meant, and what the service could not read. `quiet`: nothing but problems
/// and warnings.
[[nodiscard]] int check_configuration(const std::string& config, bool quiet);
[[nodiscard]] int test_alert(const std::string& config, const std::string& receiver);
struct NewToken {
  std::string name;
  std::string role;
  std::string agent;              ///< empty: any
  std::string expires;            ///< a duration; empty: never
  std::vector<std::string> crms;  ///< empty: any that no other agent watches
};
[[nodiscard]] int token_create(const std::string& config, const NewToken& wanted);
[[nodiscard]] int token_list(const std::string& config);
[[nodiscard]] int token_allow(const std::string& config, const std::string& name, const std::vector<std::string>& crms);
[[nodiscard]] int token_revoke(const std::string& config, const std::string& name);
/// Asks the collector that runs, or runs next, to forget a CRM; waits some seconds for it.
[[nodiscard]] int forget(const std::string& config, const std::string& crm);
/// Copies the store, the tokens and the audit log into one file while the collector runs.
[[nodiscard]] int backup(const std::string& config, const std::string& destination);
/// Puts such a copy in the place of `state_dir`, which must be empty or absent: whole or not at all.
[[nodiscard]] int restore(const std::string& config, const std::string& source);

}  // namespace crmpulse::collector
