#pragma once
// One request of a recipe with all its pages: filled in, authorised, sent, judged, read.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/failure.h"
#include "core/sample.h"
#include "probes/auth/session.h"
#include "probes/recipe.h"

namespace crmpulse::probes {

/// Values beside the parameters: `run_id`, `marker`, items of `for`, what earlier requests saved, what the login gave.
using Variables = std::map<std::string, std::string, std::less<>>;

struct ExchangeResult {
  std::optional<Failure> failure;
  int status = 0;               ///< of the last answer; 0: none came
  std::string body;             ///< of the last answer, for `until`; never told to anybody
  std::vector<Sample> samples;  ///< with the target's labels, no stamp
  Variables saved;
  std::vector<std::vector<std::string>> rows;  ///< the columns' texts, only when `keep_rows` was asked for
  std::vector<std::pair<std::string, double>> phases;
  double duration = 0;  ///< of the requests, without the login, seconds
  int calls = 0;
  std::optional<Duration> wait;
  std::uint64_t rows_truncated = 0;
  std::optional<auth::Login> login;
};

/// Runs exchanges of one target. Thread-safe; `done` is called once, at the latest at the deadline, on some thread.
class Exchanger {
 public:
  virtual ~Exchanger() = default;
  virtual void run(const Exchange& exchange, const Variables& variables, std::chrono::steady_clock::time_point deadline,
                   bool keep_rows, std::function<void(ExchangeResult)> done) = 0;
};

}  // namespace crmpulse::probes
