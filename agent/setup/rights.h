#pragma once
// Which of a recipe's rights the account lacks, found by asking for nothing: `SELECT columns FROM table LIMIT 0`.

#include <string>
#include <vector>

#include "agent/setup/database.h"
#include "agent/setup/recognise.h"

namespace crmpulse::agent::setup {

struct MissingRights {
  std::vector<std::string> statements;  ///< to be run as the database's owner, without `;`
  std::vector<std::string> notes;       ///< what could not be looked at, and why
};

/// `with`: the parameters as they will be written, which say what of the rights is needed at all. Write tests are off,
/// so theirs are not.
[[nodiscard]] MissingRights missing_rights(Database& database, const Candidate& candidate,
                                           const probes::TextPairs& with);

}  // namespace crmpulse::agent::setup
