#include "probes/sql/drivers/mysql_errors.h"

#include <errmsg.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace crmpulse::probes::sql {
namespace {

struct Known {
  unsigned int number;
  Stage stage;
  Reason reason;
};

// Server: https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's; client: errmsg.h.
constexpr std::array kKnown{
    Known{1040, Stage::connect, Reason::rate_limited},  // too many connections
    Known{1044, Stage::request, Reason::permission},    // to this database
    Known{1045, Stage::auth, Reason::credentials},
    Known{1049, Stage::connect, Reason::missing},       // database
    Known{1053, Stage::connect, Reason::unreachable},   // shutting down
    Known{1054, Stage::request, Reason::missing},       // column
    Known{1062, Stage::request, Reason::conflict},      // duplicate
    Known{1129, Stage::connect, Reason::refused},       // host blocked after many errors
    Known{1130, Stage::auth, Reason::permission},       // host not allowed
    Known{1142, Stage::request, Reason::permission},    // on this table
    Known{1143, Stage::request, Reason::permission},    // on this column
    Known{1146, Stage::request, Reason::missing},       // table
    Known{1203, Stage::connect, Reason::rate_limited},  // connections of this user
    Known{1205, Stage::request, Reason::timeout},       // waiting for a lock
    Known{1213, Stage::request, Reason::conflict},      // deadlock
    Known{1193, Stage::request, Reason::missing},       // system variable
    Known{1226, Stage::connect, Reason::rate_limited},  // resource limit of this user
    Known{1227, Stage::request, Reason::permission},
    Known{1251, Stage::auth, Reason::credentials},    // old protocol
    Known{1290, Stage::request, Reason::permission},  // server is read-only
    Known{1305, Stage::request, Reason::missing},     // function
    Known{1317, Stage::request, Reason::timeout},     // interrupted
    Known{1370, Stage::request, Reason::permission},
    Known{1698, Stage::auth, Reason::credentials},
    Known{1792, Stage::request, Reason::permission},  // read-only transaction
    Known{1836, Stage::request, Reason::permission},  // server in read-only mode
    Known{1969, Stage::request, Reason::timeout},     // max_statement_time
    Known{3024, Stage::request, Reason::timeout},     // max_execution_time
    Known{3159, Stage::tls, Reason::refused},         // the server insists on TLS
    Known{4151, Stage::auth, Reason::credentials},    // account locked
    Known{CR_UNKNOWN_HOST, Stage::resolve, Reason::missing},
    Known{CR_SERVER_GONE_ERROR, Stage::connect, Reason::unreachable},
    Known{CR_SERVER_LOST, Stage::connect, Reason::unreachable},
    Known{CR_SSL_CONNECTION_ERROR, Stage::tls, Reason::internal},
    Known{CR_AUTH_PLUGIN_CANNOT_LOAD, Stage::auth, Reason::credentials},
    Known{CR_AUTH_PLUGIN_ERR, Stage::auth, Reason::credentials},
};

/// Errors with SQLSTATE HY000 whose texts quote names of hosts, variables, files, engines, plugins and accounts only.
constexpr std::array kQuoteNames{1129U, 1130U, 1193U, 1194U, 1195U, 1231U, 1238U, 1286U, 1290U,
                                 1298U, 1356U, 1364U, 1449U, 1524U, 1698U, 1932U, 3159U, 4151U};

/// libmariadb numbers its own errors from 2000 (errmsg.h) and from 5000 (its CER_ ones).
Words words_of(unsigned int number) {
  const bool library = (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
  const bool names = std::find(kQuoteNames.begin(), kQuoteNames.end(), number) != kQuoteNames.end();
  return library || names ? Words::of_library : Words::of_server;
}

/// "Can't connect to server on '127.0.0.1' (111)": the number is connect(2)'s.
std::optional<int> errno_in(std::string_view message) {
  const std::size_t open = message.rfind('(');
  int number = 0;
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view digits =
      message.substr(open + 1, message.find_first_not_of("0123456789", open + 1) - open - 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() ? std::optional{number} : std::nullopt;
}

}  // namespace

SqlError mysql_error_of(unsigned int number, std::string_view sqlstate, std::string_view message) {
  // Client errors say HY000, which stands for nothing.
  SqlError error = server_error(sqlstate, message, words_of(number));
  error.message = one_line(fmt::format("{} [{}]", error.message, number));
  for (const Known& known : kKnown) {
    if (known.number != number) continue;
    error.stage = known.stage;
    error.reason = known.reason;
  }
  if (number == CR_CONN_HOST_ERROR || number == CR_CONNECTION_ERROR) {
    const StageReason meaning = meaning_of_errno(errno_in(message).value_or(0));
    error.stage = meaning.stage;
    error.reason = meaning.reason;
  }
  if (number == CR_NET_PACKET_TOO_LARGE) return too_large();
  if (number == CR_SSL_CONNECTION_ERROR && message.find("certificate") != std::string_view::npos)
    error.reason = Reason::certificate;
  error.connection_lost = error.stage == Stage::connect;
  return error;
}

}  // namespace crmpulse::probes::sql
