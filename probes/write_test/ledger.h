#pragma once
// What a write test has created and not yet removed, on disk before anything can be lost: after a crash the next start
// knows what to look for.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/files/private_file.h"
#include "core/time/time.h"

namespace crmpulse::probes {

/// A test record that may be at the CRM.
struct OpenRecord {
  std::string run_id;
  std::string id;  ///< as the CRM calls it; empty: it was never told
  TimePoint at;    ///< when the run began, by the wall clock
  friend bool operator==(const OpenRecord&, const OpenRecord&) = default;
};

/// The ledger of one write test of one CRM: a file of lines, appended and synced, each with a checksum. Not thread-safe
/// (one run at a time); a lock file keeps other processes and older targets out. Without a file it lives in memory.
class TransactionLedger {
 public:
  explicit TransactionLedger(std::string file) : file_(std::move(file)) {}
  ~TransactionLedger() { close(); }
  TransactionLedger(const TransactionLedger&) = delete;
  TransactionLedger& operator=(const TransactionLedger&) = delete;

  /// Locks it for one run and reads it. Returns false if another run holds it. Damaged lines are logged and left out.
  [[nodiscard]] Result<bool> open();
  void close();

  [[nodiscard]] const std::vector<OpenRecord>& records() const { return records_; }
  [[nodiscard]] int failed_clean_ups() const { return failed_clean_ups_; }

  /// These write one line each, which is on disk when they return.
  [[nodiscard]] Result<void> intend(const std::string& run_id, TimePoint at);
  [[nodiscard]] Result<void> name(const std::string& run_id, const std::string& id);
  [[nodiscard]] Result<void> gone(const std::string& run_id);
  /// Stores how many clean-ups have failed in a row.
  [[nodiscard]] Result<void> count_failed(int clean_ups);

  /// Does the file name records that may still be there? Reads without the lock, changes nothing.
  [[nodiscard]] static bool has_open_records(const std::string& file);

 private:
  [[nodiscard]] Result<bool> lock();
  [[nodiscard]] Result<void> open_file();
  [[nodiscard]] Result<void> read();
  [[nodiscard]] Result<void> rewrite();
  [[nodiscard]] Result<void> append(const std::string& content);
  void apply(const std::string& content);

  const std::string file_;
  std::optional<files::FileLock> lock_;
  files::AppendedFile appended_;
  bool in_use_ = false;
  std::vector<OpenRecord> records_;  ///< oldest first
  int failed_clean_ups_ = 0;
};

/// Returns where a write test keeps its ledger: `state_dir`/test-records/…, empty if `state_dir` is. `address` tells
/// systems of one name apart: ids of one must never be removed at another.
[[nodiscard]] std::string ledger_file(const std::string& state_dir, std::string_view crm, std::string_view transaction,
                                      std::string_view address);

}  // namespace crmpulse::probes
