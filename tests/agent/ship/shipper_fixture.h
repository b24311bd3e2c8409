// A spool with something in it, and a shipper that loses no time.
#pragma once

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "agent/ship/shipper.h"
#include "core/time/time.h"
#include "store/spool/spool.h"
#include "tests/agent/support.h"

namespace crmpulse::agent::test {

inline const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

inline std::unique_ptr<store::Spool> open_spool(const TempDir& folder) {
  store::Spool::Options options;
  options.flush_interval = Duration{1};
  return store::Spool::open(folder.path(), options).value();
}

/// Rows of `per_row` samples m = first, first + 1, …
inline void fill(store::Spool& spool, int first, int rows, int per_row = 1) {
  for (int row = 0; row < rows; ++row) {
    std::vector<Sample> samples;
    for (int i = 0; i < per_row; ++i) {
      const int value = first + row * per_row + i;
      samples.push_back({"m", {{"crm", "acme"}}, static_cast<double>(value), kStart + Duration{value * 1000}});
    }
    spool.push(std::move(samples), {});
  }
  spool.flush().value();
}

inline Evidence evidence(std::string text) {
  Evidence out;
  out.at = kStart;
  out.crm = "acme";
  out.kind = "mini";
  out.agent = "a";
  out.stage = "connect";
  out.reason = "refused";
  out.text = std::move(text);
  return out;
}

inline Shipper::Options quick(const std::string& url) {
  Shipper::Options options;
  options.agent = "branch-1";
  options.url = url;
  options.timeout = Duration{5000};
  options.gather = Duration{2};
  options.backoff_base = Duration{1};
  options.backoff_cap = Duration{5};
  return options;
}

inline std::vector<double> counted(int from, int to) {
  std::vector<double> out(static_cast<std::size_t>(to - from + 1));
  std::iota(out.begin(), out.end(), from);
  return out;
}

inline bool empty(const store::Spool& spool) {
  return spool.stats().rows == 0;
}

inline const std::string kWrite = "/api/v1/write";
inline const std::string kEvidence = "/api/v1/evidence";

}  // namespace crmpulse::agent::test
