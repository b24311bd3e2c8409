#pragma once
// A CRM's database for one recipe: its schema, its rows, and the monitoring account with exactly the recipe's rights.

#include <string>

#include "probes/recipe/recipe.h"

namespace crmpulse::test {

/// What is staged in a real server or a file; one server of each kind serves the whole program.
class StagedCrm {
 public:
  /// Creates the database, the schema of tests/probes/recipes/`folder`, then what the recipe's `rights` say. Without
  /// rows.
  StagedCrm(const probes::Recipe& recipe, probes::Dialect dialect, const std::string& folder);
  /// The rows of the folder's seed, if it has one.
  void seed() const;
  /// Runs a text of statements as the database's administrator, as if it was pasted; a failed test if one fails.
  void paste(const std::string& statements) const;
  /// `url` and the password of the monitoring account, as they stand under `with:`.
  [[nodiscard]] std::string with() const;

 private:
  void create(bool is_tryton);
  void execute(const std::string& sql) const;
  void run_file(const std::string& file) const;

  probes::Dialect dialect_;
  std::string folder_;    ///< with the data
  std::string database_;  ///< its name; of SQLite the file
};

/// `schema` or `seed` of a folder for a dialect; empty when there is none.
[[nodiscard]] std::string data_file(const std::string& folder, const std::string& what, probes::Dialect dialect);
[[nodiscard]] std::string read_text(const std::string& file);

}  // namespace crmpulse::test
