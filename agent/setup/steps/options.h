#pragma once
// What `setup` was told on its command line.

#include <string>
#include <vector>

namespace crmpulse::agent {

struct SetupOptions {
  std::string config;
  std::string address;               ///< empty: asked for
  std::string name;                  ///< of the CRM
  std::string recipe;                ///< a name or a path; empty: as recognised
  std::string password_file;         ///< holds the secret `password`
  std::string flow;                  ///< how to log in
  std::vector<std::string> with;     ///< PARAMETER=VALUE
  std::vector<std::string> auth;     ///< KEY=VALUE
  std::vector<std::string> secrets;  ///< KEY=FILE
  std::vector<std::string> objects;  ///< empty: those in use
  std::string hours;                 ///< `mon-fri 08:00-18:00`, `none`; empty: asked for
  std::string zone;
  std::string ca_file;
  std::string collector_url;  ///< of a new agent.yaml
  std::string language;       ///< `en`, `zh`; empty: as LC_ALL, LC_MESSAGES or LANG says
  bool yes = false;
  bool dry_run = false;
  bool skeleton = false;        ///< a recipe is made where nothing is recognised
  bool without_rights = false;  ///< goes on although rights are missing
};

}  // namespace crmpulse::agent
