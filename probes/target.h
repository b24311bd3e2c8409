#pragma once
// A CRM bound to its recipe: what the agent schedules. One run of one measurement gives one Reading.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/evidence.h"
#include "core/sample.h"
#include "net/http_client.h"
#include "probes/auth/session.h"
#include "probes/auth/settings.h"
#include "probes/recipe.h"

namespace crmpulse::probes {

/// One CRM of agent.yaml, ready to be probed.
struct TargetSpec {
  std::string crm;
  std::shared_ptr<const Recipe> recipe;
  Arguments arguments;
  Labels labels;  ///< crm, kind, agent and the agent's own labels: on every sample
  Duration default_timeout{std::chrono::seconds{10}};
  auth::Settings auth{};    ///< how to log in; flow empty: not at all
  net::ClientTls tls{};     ///< of every request to this CRM
  std::string proxy{};      ///< empty: as the environment says
  std::string state_dir{};  ///< for tokens and the ids of test records; empty: nothing is kept on disk
  /// Write tests over HTTP that the user switched off: what they left behind is still removed.
  std::vector<std::shared_ptr<const Measurement>> switched_off{};
};

/// What one run of one measurement gave. Never empty-handed: a failed run has a failure, its samples and evidence.
struct Reading {
  std::string measurement;  ///< its id
  std::string operation;
  std::string object;
  TimePoint at;                                        ///< the scheduled time: stamp of every sample
  std::vector<std::pair<std::string, double>> phases;  ///< name → seconds, in order
  double duration_seconds = 0;
  std::vector<Sample> samples;
  std::vector<Evidence> evidence;
  std::optional<Failure> failure;
  std::uint64_t rows_truncated = 0;
  int calls = 0;                 ///< requests or statements it made that count against an allowance, logins included
  std::optional<Duration> wait;  ///< the CRM wants to be left alone for this long
};

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
  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

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
  [[nodiscard]] std::optional<auth::Stats> auth_stats() const;
  /// Returns, for people, which pooler its runs found before its database or its URL suggests; empty if none.
  [[nodiscard]] std::string pooler() const;

  /// Starts one run; `done` is called once, on some thread, at the latest shortly after the timeout. Runs of a
  /// database, but for liveness, share a connection and so queue behind each other inside their own timeouts.
  void start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done);

 private:
  Target();
  struct Impl;
  std::shared_ptr<Impl> impl_;  ///< shared with the runs under way
};

}  // namespace crmpulse::probes
