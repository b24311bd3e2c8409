#pragma once
// What the four drivers share; for probes/sql only.

#include "probes/sql/driver/connection.h"

namespace crmpulse::probes::sql {

[[nodiscard]] Error password_in_url();

/// The bound of one value, and of what a server may send between two rows. Client libraries hold both in memory, and a
/// monitor must not die of what somebody put into one cell.
inline constexpr int kMaxValueBytes = 32 * 1024 * 1024;
[[nodiscard]] SqlError too_large();

// Errors.

struct StageReason {
  Stage stage;
  Reason reason;
};
/// Returns the default meaning of an SQLSTATE, nullopt for an unknown one.
[[nodiscard]] std::optional<StageReason> meaning_of_sqlstate(std::string_view sqlstate);
/// Whose words a message is: what a client library says of itself, and errors known to quote nothing but names, are
/// told whole; a server's may quote a record's values and are cut down to what cannot.
enum class Words { of_server, of_library };
[[nodiscard]] SqlError server_error(std::string_view sqlstate, std::string_view message,
                                    Words words = Words::of_server);
/// Returns the error as one of connecting: permission becomes stage `auth`, the rest `connect`.
[[nodiscard]] SqlError while_connecting(SqlError error);
/// Returns the meaning of SQLite's result codes, basic or extended.
[[nodiscard]] StageReason meaning_of_sqlite_code(int code, std::string_view message);
/// Returns the meaning of an errno of connect(2).
[[nodiscard]] StageReason meaning_of_errno(int error_number);
/// Errors libraries and ODBC drivers make themselves carry no useful code, only English text (this program sets no
/// locale).
[[nodiscard]] StageReason meaning_of_connect_text(std::string_view text);
[[nodiscard]] SqlError lost(std::string_view message);
/// The deadline has passed, or the run was cancelled.
[[nodiscard]] SqlError expired(Stage stage, const Limits& limits);

// Waiting.

enum class Wait { ready, expired };
/// Waits until `what` is requested, the deadline or the cancel.
[[nodiscard]] Wait wait_for(const Cancel& what, const Limits& limits);
[[nodiscard]] Duration remaining(const Limits& limits);
/// What to ask of the server: a tenth below the timeout, so that its answer beats our deadline; less when the run
/// has spent its time in a queue.
[[nodiscard]] Duration server_timeout(const Limits& limits);

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace crmpulse::probes::sql
