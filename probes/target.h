#pragma once
// A CRM bound to its recipe: what the agent schedules. One run of one measurement gives one Reading.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/auth/session.h"
#include "probes/recipe/recipe.h"
#include "probes/run/run.h"

namespace crmpulse::probes {

class Target;

/// Shared by all targets of an agent: the SQL worker threads and the HTTP client.
class Runtime {
 public:
  struct Options {
    int max_sql_threads = 32;        ///< a hung server holds at most one each
    int max_liveness_threads = 512;  ///< the same, for liveness alone: made only while servers hang
    int max_connections = 10'000;    ///< to databases, kept between runs; and as many over HTTP, open at once
  };
  Runtime() : Runtime(Options{}) {}
  explicit Runtime(Options options);
  /// Cancels what runs and joins.
  ~Runtime();
  /// Forgets the logins of other targets than these: tokens that are kept under `state_dir` are removed, and sessions
  /// logged out, when their last run has ended. Does not wait for the disk.
  void keep_logins_of(const std::vector<std::unique_ptr<Target>>& targets, const std::string& state_dir);
  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

class TransportTarget;

/// Thread-safe. Keeps the CRM's connections between runs and checks them before use: of a database one for liveness and
/// one for everything else, and one more for write tests.
class Target {
 public:
  /// Checks everything that can be checked without the network: dialect, query templates, `when`.
  [[nodiscard]] static boost::system::result<std::unique_ptr<Target>, Problems> make(Runtime& runtime, TargetSpec spec);
  /// Runs under way end as skipped: every `done` has been called and has returned before this does. Goes before its
  /// Runtime.
  ~Target();

  struct Planned {
    const Measurement* measurement;
    Duration timeout;
    int calls;  ///< requests or statements one run makes that count against an allowance; of paged ones the first page
  };
  /// The measurements that are on for these arguments (`when`), in the recipe's order.
  [[nodiscard]] const std::vector<Planned>& measurements() const;
  [[nodiscard]] const TargetSpec& spec() const;
  /// Returns counters of its login, nullopt if it has none.
  [[nodiscard]] std::optional<auth::LoginStats> auth_stats() const;
  /// Returns who asks which CRM: targets of one account share what the CRM allows it. Empty if nobody in particular
  /// asks, and of databases.
  [[nodiscard]] std::string account() const;
  /// Returns, for people, which pooler its runs found before its database or its URL suggests; empty if none.
  [[nodiscard]] std::string pooler() const;

  /// Starts one run; `done` is called once, on some thread, at the latest shortly after the timeout. Runs of a
  /// database, but for liveness, share a connection and so queue behind each other inside their own timeouts.
  void start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done);

 private:
  friend class Runtime;
  explicit Target(std::shared_ptr<TransportTarget> impl);
  const std::shared_ptr<TransportTarget> impl_;  ///< shared with the runs under way
};

}  // namespace crmpulse::probes
