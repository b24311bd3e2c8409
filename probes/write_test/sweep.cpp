#include "probes/write_test/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "probes/write_test/run.h"

namespace crmpulse::probes {
namespace {

/// Removing what is not there is not a failure.
bool is_gone(const ExchangeResult& result) {
  return !result.failure || result.status == 404 || result.status == 410 || result.failure->reason == Reason::missing;
}

std::optional<std::size_t> column_of(const Exchange& sweep, std::string_view name) {
  for (std::size_t i = 0; i < sweep.columns.size(); ++i) {
    if (sweep.columns[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace

void LeftOverSweep::begin() {
  if (!test_.measurement_.sweep) return find(nullptr);
  run_.ask(*test_.measurement_.sweep, run_.variables_, run_.share(2), true,
           [this](ExchangeResult result) { swept(std::move(result)); });
}

void LeftOverSweep::swept(ExchangeResult result) {
  if (result.failure) {
    // Whether records are left is not known, so none is added.
    return run_.refuse(result.failure->stage, result.failure->reason,
                       "looking for test records left over: " + result.failure->message);
  }
  const std::vector<SweptRow> rows = rows_of(result);
  complete_ = result.rows_truncated == 0;
  test_.created_since_sweep_ = 0;
  find(&rows);
}

std::vector<SweptRow> LeftOverSweep::rows_of(const ExchangeResult& result) const {
  const auto id = column_of(*test_.measurement_.sweep, kRecordId);
  const auto marker = column_of(*test_.measurement_.sweep, "marker");
  std::vector<SweptRow> rows;
  for (const auto& row : result.rows) {
    if (id && marker && std::max(*id, *marker) < row.size()) rows.push_back({row[*id], row[*marker]});
  }
  return rows;
}

void LeftOverSweep::find(const std::vector<SweptRow>* rows) {
  LeftOvers found =
      find_left_overs(test_.ledger_.records(), rows, test_.marker(), test_.host_.wall(), 2 * test_.timeout_);
  if (complete_) {
    for (const std::string& run_id : found.gone) {
      if (!run_.wrote(test_.ledger_.gone(run_id))) return;
    }
  }
  to_remove_ = std::move(found.remove);
  remove_next();
}

void LeftOverSweep::remove_next() {
  if (removing_ == to_remove_.size()) return verify();
  if (test_.host_.steady() >= run_.steps_end_) {
    not_removed_ += to_remove_.size() - removing_;
    return finish();
  }
  step_ = 0;
  remove_step();
}

/// The clean-up steps for one record, one after another.
void LeftOverSweep::remove_step() {
  const auto& steps = test_.measurement_.steps;
  while (step_ < steps.size() && !(steps[step_].cleanup && steps[step_].exchange)) ++step_;
  const OpenRecord& record = to_remove_[removing_];
  if (step_ < steps.size()) {
    Variables variables = start_variables(record.run_id, test_.host_.wall());
    variables.insert_or_assign(std::string{kRecordId}, record.id);
    return run_.ask(*steps[step_].exchange, variables, run_.steps_end_, false,
                    [this](ExchangeResult result) { removed(std::move(result)); });
  }
  if (!record.run_id.empty()) {
    if (!run_.wrote(test_.ledger_.gone(record.run_id))) return;
  }
  ++removing_;
  remove_next();
}

void LeftOverSweep::removed(ExchangeResult result) {
  if (is_gone(result)) {
    ++step_;
    return remove_step();
  }
  if (!removal_failure_) removal_failure_ = result.failure;
  ++not_removed_;
  ++removing_;
  remove_next();
}

/// What a second sweep still shows counts: a search that lags behind, or a CRM that did not do what it said.
void LeftOverSweep::verify() {
  if (to_remove_.empty() || not_removed_ > 0 || !test_.measurement_.sweep) return finish();
  run_.ask(*test_.measurement_.sweep, run_.variables_, run_.deadline_, true,
           [this](ExchangeResult result) { verified(std::move(result)); });
}

void LeftOverSweep::verified(ExchangeResult result) {
  if (result.failure) return swept(std::move(result));
  for (const SweptRow& row : rows_of(result)) still_shown_ += is_ours(row.marker, test_.marker()) ? 1 : 0;
  finish();
}

void LeftOverSweep::finish() {
  if (removal_failure_) {
    return run_.refuse(Stage::cleanup, removal_failure_->reason,
                       fmt::format("removing test records left over, {} still there: {}{}", not_removed_,
                                   removal_failure_->message, run_.clean_up_failed()));
  }
  const bool all_removed = not_removed_ == 0 && complete_;
  test_.swept_ = all_removed && still_shown_ == 0;
  if (all_removed) {
    test_.disabled_ = false;
    if (!run_.wrote(test_.ledger_.count_failed(0))) return;
  }
  if (run_.only_clean_up_) return run_.finish();
  const std::size_t left = test_.ledger_.records().size() + still_shown_;
  if (!all_removed || left >= static_cast<std::size_t>(test_.measurement_.cap)) {
    return run_.refuse(Stage::request, Reason::skipped,
                       fmt::format("{}{} test records of ours are still there; not creating more",
                                   complete_ ? "" : "more than ", std::max(left, not_removed_)));
  }
  if (test_.host_.steady() > run_.share(2)) {
    return run_.refuse(Stage::request, Reason::skipped, "removing test records left over took the time of this run");
  }
  run_.create();
}

}  // namespace crmpulse::probes
