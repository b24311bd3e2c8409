#pragma once
// The first part of a run of a write test: looks for what earlier runs left behind, and removes it.

#include <optional>
#include <string_view>
#include <vector>

#include "probes/http/exchange.h"
#include "probes/write_test/left_overs.h"

namespace crmpulse::probes {

class TransactionRun;
class WriteTest;

/// What recipes call the id of a test record.
inline constexpr std::string_view kRecordId = "id";

/// Owned by its run, and runs in its jobs. Ends by refusing or finishing the run, or with the run's own record.
class LeftOverSweep {
 public:
  LeftOverSweep(TransactionRun& run, WriteTest& test) : run_(run), test_(test) {}
  void begin();

 private:
  void swept(ExchangeResult result);
  void find(const std::vector<SweptRow>* rows);
  void remove_next();
  void remove_step();
  void removed(ExchangeResult result);
  void verify();
  void verified(ExchangeResult result);
  void finish();
  [[nodiscard]] std::vector<SweptRow> rows_of(const ExchangeResult& result) const;

  TransactionRun& run_;
  WriteTest& test_;
  std::vector<OpenRecord> to_remove_;
  std::size_t removing_ = 0;
  std::size_t step_ = 0;  ///< of the clean-up steps for one record
  std::size_t not_removed_ = 0;
  std::optional<Failure> removal_failure_;
  std::size_t still_shown_ = 0;  ///< by a sweep after the removal
  bool complete_ = true;         ///< the answer had all rows
};

}  // namespace crmpulse::probes
