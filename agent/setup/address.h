#pragma once
// What a person gives `setup` to look at: a database's URL, a SQLite file, a web address.

#include <string>

#include "core/failure/error.h"
#include "core/secret.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::agent::setup {

struct Address {
  bool is_web = false;
  std::string url;  ///< without a password; of a web address without query and fragment
  probes::Dialect dialect = probes::Dialect::postgresql;  ///< of a database
  Secret password;                                        ///< that stood in the URL
};

/// `postgresql://monitor@host/crm`, `mysql://…`, `crm.db`, `https://crm.example.com/#Home`. Looks at files, not at the
/// network. The error says what to write instead and holds no password.
[[nodiscard]] Result<Address> read_address(const std::string& text);

/// Returns a name for a CRM at this address: the database's, the host's first part, the file's.
[[nodiscard]] std::string name_for(const Address& address);

}  // namespace crmpulse::agent::setup
