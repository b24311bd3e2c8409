#include "wire/skip.h"

namespace crmpulse::wire {
namespace {

struct Row {
  SkipReason reason;
  std::string_view text;
  bool fault;
};
constexpr std::array<Row, kSkipReasons> kRows{{
    {SkipReason::no_name, "no_name", true},
    {SkipReason::name, "name", true},
    {SkipReason::duplicate_label, "duplicate_label", true},
    {SkipReason::encoding, "encoding", true},
    {SkipReason::label_count, "label_count", true},
    {SkipReason::name_length, "name_length", true},
    {SkipReason::value_length, "value_length", true},
    {SkipReason::no_samples, "no_samples", false},
    {SkipReason::not_ours, "not_ours", false},
    {SkipReason::own_export, "own_export", false},
    {SkipReason::series_limit, "series_limit", true},
    {SkipReason::sender_limit, "sender_limit", true},
    {SkipReason::other_agent, "other_agent", true},
    {SkipReason::other_crm, "other_crm", true},
    {SkipReason::crm_limit, "crm_limit", true},
    {SkipReason::crm_sender_limit, "crm_sender_limit", true},
    {SkipReason::crm_series_limit, "crm_series_limit", true},
    {SkipReason::memory_limit, "memory_limit", true},
    {SkipReason::evidence_line, "evidence_line", true},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].reason) != i) return false;
  }
  return true;
}
static_assert(in_order(), "a row for each reason, in the order of the enumeration");

const Row& row(SkipReason reason) {
  return kRows.at(static_cast<std::size_t>(reason));
}

}  // namespace

std::string_view to_string(SkipReason reason) {
  return row(reason).text;
}

bool is_fault(SkipReason reason) {
  return row(reason).fault;
}

std::size_t Skipped::faulty_samples() const {
  std::size_t out = 0;
  for (const Row& one : kRows) {
    if (one.fault) out += samples[static_cast<std::size_t>(one.reason)];
  }
  return out;
}

}  // namespace crmpulse::wire
