#pragma once
// One request of a recipe with all its pages: filled in, authorised, sent, judged, read.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/failure/failure.h"
#include "core/sample.h"
#include "probes/auth/session.h"
#include "probes/recipe/recipe.h"
#include "probes/rows/warning.h"
#include "probes/template/template.h"

namespace crmpulse::probes {

/// The variables of a run that takes several exchanges: its id and its one `now` (as unix milliseconds; the exchanger
/// reads both from here and takes its own when they are not there).
[[nodiscard]] Variables start_variables(const std::string& run_id, TimePoint now);

struct ExchangeResult {
  std::optional<Failure> failure;
  int status = 0;               ///< of the last answer; 0: none came
  std::string body;             ///< of the last answer, for `until`; never told to anybody
  std::vector<Sample> samples;  ///< with the target's labels; stamped when an answer told of itself
  Variables saved;
  std::vector<std::vector<std::string>> rows;  ///< the columns' texts, only when `keep_rows` was asked for
  std::vector<std::pair<std::string, double>> phases;
  double duration = 0;  ///< of the requests, without the login, seconds
  int calls = 0;        ///< that count against the allowance
  std::optional<Duration> wait;
  std::uint64_t rows_truncated = 0;
  std::vector<Warning> warnings;
  std::optional<auth::Login> login;
  bool login_failed = false;  ///< `failure` is that of the login
};

/// Runs exchanges of one target. Thread-safe; `done` is called once, at the latest shortly after the deadline, on some
/// thread: it must not block. The exchange must outlive its run: it is a part of the target's recipe.
class Exchanger {
 public:
  virtual ~Exchanger() = default;
  virtual void run(const Exchange& exchange, const Variables& variables, std::chrono::steady_clock::time_point deadline,
                   bool keep_rows, std::function<void(ExchangeResult)> done) = 0;
};

}  // namespace crmpulse::probes
