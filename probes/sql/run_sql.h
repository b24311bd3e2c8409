#pragma once
// One run of one SQL measurement, and the connections that are kept between runs.

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "probes/run/readings.h"
#include "probes/sql/driver/connection.h"
#include "probes/sql/kept_connections.h"
#include "probes/sql/login_gate.h"
#include "probes/template/template.h"

namespace crmpulse::probes {

/// A connection that was idle for longer is not used again: firewalls and NATs forget connections without a word, some
/// after two minutes.
inline constexpr Duration kMaxIdle{90'000};

/// Remembers what the log was told of one target's connections: each of its runners opens some, and none repeats what
/// another said. Thread-safe.
class ToldOnce {
 public:
  /// Returns true the first time it hears a text.
  [[nodiscard]] bool first(const std::string& text) {
    const std::lock_guard lock{mutex_};
    return told_.insert(text).second;
  }

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> told_;
};

/// Runs the SQL measurements of one target. Used by one thread at a time, except pooler().
class SqlRunner {
 public:
  using Now = std::function<sql::SteadyTime()>;
  SqlRunner(const TargetSpec& spec, std::shared_ptr<sql::KeptConnections> kept, std::shared_ptr<sql::LoginGate> gate,
            std::shared_ptr<ToldOnce> told, Now now = std::chrono::steady_clock::now);
  ~SqlRunner();
  SqlRunner(const SqlRunner&) = delete;
  SqlRunner& operator=(const SqlRunner&) = delete;
  /// Returns what was found between us and the database, empty if nothing was noticed. Thread-safe.
  [[nodiscard]] std::string pooler() const;
  [[nodiscard]] Found run(const Measurement& measurement, const sql::Limits& limits);
  /// The message and stage a recipe's `failures` make of an error, its own table first.
  [[nodiscard]] static Failure failure_of(const Recipe& recipe, const sql::SqlError& error);

 private:
  [[nodiscard]] Found run_query(const Measurement& measurement, const sql::Limits& limits);
  [[nodiscard]] Found run_transaction(const Measurement& measurement, const sql::Limits& limits);
  [[nodiscard]] std::optional<sql::SqlError> run_step(const Step& step, const Values& values,
                                                      const sql::Limits& limits);
  struct Kept {
    std::unique_ptr<sql::Connection> connection;
    sql::SteadyTime used{};
  };
  /// Not known to be dead, and not idle for too long.
  [[nodiscard]] bool is_usable(const Kept& kept) const;
  /// Opens `kept` anew, if its account's gate lets us; the phases go to `found`.
  [[nodiscard]] std::optional<sql::SqlError> open(Kept& kept, bool read_only, const sql::Limits& limits, Found& found);
  [[nodiscard]] std::optional<sql::SqlError> log_in(Kept& kept, bool read_only, const sql::Limits& limits,
                                                    Found& found);
  /// A kept connection proves itself, or a new one is opened: steps of a write test are never sent twice.
  [[nodiscard]] std::optional<sql::SqlError> connect_for_writing(const sql::Limits& limits, Found& found);
  [[nodiscard]] Values values() const;
  [[nodiscard]] Result<std::string> statement(const Template& text, const Values& values) const;

  /// Connections stay open as long as there is room for those of everybody.
  void settle();
  [[nodiscard]] int open_connections() const { return (reading_.connection ? 1 : 0) + (writing_.connection ? 1 : 0); }

  const TargetSpec& spec_;
  Dialect dialect_;
  const std::shared_ptr<sql::KeptConnections> kept_;
  const std::shared_ptr<sql::LoginGate> gate_;
  int counted_ = 0;  ///< connections of ours that kept_ knows of
  Now now_;
  Kept reading_;
  Kept writing_;  ///< for write tests only
  const std::shared_ptr<ToldOnce> told_;
  mutable std::mutex mutex_;
  std::string pooler_;
};

}  // namespace crmpulse::probes
