#pragma once
// The demo's CRM: a SQLite file with accounts, contacts, deals and tickets that lives (people log in, deals move) and
// can be broken in the ways a newcomer wants to see.

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::sandbox {

enum class Fault {
  none,
  slow,       ///< a customised view makes each question after amounts and names take two fifths of a second
  very_slow,  ///< the same, a second
  stale,      ///< the sync that feeds the CRM has stopped: nothing changes any more
  down,       ///< the database file is gone
  dirty       ///< an import left half of the contacts without e-mail
};
[[nodiscard]] std::string_view to_string(Fault fault);
[[nodiscard]] std::optional<Fault> fault_from(std::string_view name);

/// One sample CRM. Belongs to one thread. Faults add up; of the two slow ones the later replaces the earlier.
class SampleCrm {
 public:
  /// Creates and seeds `dir`/`name`.db anew. `schema` is the text of config/demo/sample-crm.sql.
  [[nodiscard]] static Result<SampleCrm> create(const std::string& dir, const std::string& name,
                                                const std::string& schema, TimePoint now);

  /// A second of business: people log in, deals are edited, tickets are answered. Nothing while stale or down.
  [[nodiscard]] Result<void> live(TimePoint now);
  /// Brings in a fault beside those that are there; `none` undoes all.
  [[nodiscard]] Result<void> set_fault(Fault fault, TimePoint now);
  [[nodiscard]] const std::set<Fault>& faults() const { return faults_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  SampleCrm(store::Database database, std::string name, std::string file);
  [[nodiscard]] Result<void> seed(TimePoint now);
  [[nodiscard]] Result<void> make_slow(double seconds);
  [[nodiscard]] Result<void> begin(Fault fault, TimePoint now);
  [[nodiscard]] Result<void> undo(Fault fault);
  [[nodiscard]] Result<void> end(Fault fault);
  [[nodiscard]] bool is_slow() const;
  [[nodiscard]] int pick(int from, int to);

  store::Database database_;
  std::string name_;
  std::string file_;
  std::set<Fault> faults_;
  std::mt19937 random_{20261121};  // the same company every time
};

}  // namespace crmpulse::sandbox
