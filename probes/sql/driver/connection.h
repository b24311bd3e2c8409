#pragma once
// The one interface of the SQL transport. Four drivers stand behind it: postgresql.cpp, mysql.cpp, sqlite.cpp,
// odbc.cpp. A connection belongs to one thread at a time; nothing here waits longer than its Limits allow (ODBC drivers
// may: they block as they like, and the caller's watchdog answers for them).

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/failure/error.h"
#include "core/failure/failure.h"
#include "core/secret.h"
#include "core/time/time.h"
#include "probes/recipe/recipe.h"
#include "probes/recipe/rows.h"

namespace crmpulse::probes::sql {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Ends the waits of one run from another thread. Thread-safe.
class Cancel {
 public:
  Cancel() = default;
  ~Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;
  void request();
  [[nodiscard]] bool requested() const { return requested_; }
  /// Returns what can be waited for once requested: a descriptor that is readable, on Windows the handle of an event.
  /// Made with the first call, because there are more runs than descriptors: those over HTTP and those that wait for a
  /// thread need none. Throws std::system_error.
  [[nodiscard]] std::intptr_t waitable() const;

 private:
  static constexpr std::intptr_t kNone = -1;
  mutable std::mutex mutex_;  ///< over waitable_
  mutable std::intptr_t waitable_ = kNone;
  std::atomic<bool> requested_{false};
};

/// How long one call may take, on this side and on the server's.
struct Limits {
  SteadyTime deadline;
  Duration statement_timeout{};  ///< asked of the server, a little earlier than the deadline
  Cancel* cancel = nullptr;
  /// For a connection that was idle: by when the server must have shown that it hears us. A firewall may have forgotten
  /// the connection without a word; then it ends as lost, and `StatementResult::accepted` stays false.
  std::optional<SteadyTime> accepted_by{};
  [[nodiscard]] bool over() const {
    return std::chrono::steady_clock::now() >= deadline || (cancel != nullptr && cancel->requested());
  }
};

struct SqlError {
  Stage stage = Stage::request;
  Reason reason = Reason::internal;
  std::string sqlstate;  ///< empty when the driver has none
  std::string message;   ///< fit for evidence: one line, no record's text
  bool connection_lost = false;
};

using probes::Cell;
using probes::Rows;

/// Throws the rows away.
class NoRows final : public Rows {
 public:
  void columns(const std::vector<std::string>&) override {}
  bool row(std::span<const Cell>) override { return true; }
};

struct StatementResult {
  std::optional<SqlError> error;
  double first_byte = 0;  ///< seconds from sending until the first answer
  double transfer = 0;    ///< seconds from there to the end
  bool accepted = false;  ///< the server has heard us; after an error without it nothing of the statement was run
};

class Connection {
 public:
  virtual ~Connection() = default;
  /// Still usable as far as can be told without waiting for the server?
  [[nodiscard]] virtual bool is_healthy() = 0;
  /// Returns which pooler stands between us and the database, empty if none was noticed.
  [[nodiscard]] virtual std::string pooler() const { return {}; }
  /// Runs one statement that returns rows, in a read-only transaction of its own where the database has them. Nothing
  /// that it sets outlives it, because behind a pooler the server's session is shared. After an error with
  /// connection_lost the connection cannot be used any more.
  [[nodiscard]] virtual StatementResult query(const std::string& statement, const Limits& limits, Rows& rows) = 0;
  /// Runs and commits one statement; rows it returns are dropped.
  [[nodiscard]] virtual StatementResult execute(const std::string& statement, const Limits& limits) = 0;
};

struct ConnectSpec {
  Dialect dialect = Dialect::postgresql;
  std::string url;
  Secret password;
  bool read_only = true;
};

struct Opened {
  std::unique_ptr<Connection> connection;
  std::optional<SqlError> error;                       ///< set exactly when there is no connection
  std::vector<std::pair<std::string, double>> phases;  ///< dns, connect: seconds
  std::vector<std::string> notes;  ///< what the server cannot do of what is asked of it; worth saying once
};

}  // namespace crmpulse::probes::sql
