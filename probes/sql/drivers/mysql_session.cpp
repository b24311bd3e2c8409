#include "probes/sql/drivers/mysql_session.h"

#include <errmsg.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "probes/sql/driver/sockets.h"
#include "probes/sql/drivers/mysql_limit.h"

namespace crmpulse::probes::sql {
namespace {

constexpr int kPacketHeader = 4;
constexpr unsigned char kErrorPacket = 0xff;

/// The handshake, version 10: https://mariadb.com/kb/en/connection/#initial-handshake-packet
bool greeting_offers_tls(std::span<const unsigned char> bytes) {
  constexpr unsigned kClientSsl = 0x0800;
  if (bytes.size() <= kPacketHeader || bytes[kPacketHeader] != 10) return false;
  const auto version_end = std::find(bytes.begin() + kPacketHeader + 1, bytes.end(), 0);
  // Thread id, the first part of the scramble, a zero byte, and then what the server can.
  const auto at = static_cast<std::size_t>(version_end - bytes.begin()) + 1 + 4 + 8 + 1;
  if (at + 2 > bytes.size()) return false;
  return ((bytes[at] | static_cast<unsigned>(bytes[at + 1]) << 8U) & kClientSsl) != 0;
}

/// Name and value, of SHOW VARIABLES.
class ServerFacts final : public Rows {
 public:
  void columns(const std::vector<std::string>&) override {}
  bool row(std::span<const Cell> cells) override {
    if (cells.size() >= 2 && values_.size() < 8) values_.emplace(cells[0].text, cells[1].text);
    return true;
  }
  [[nodiscard]] bool has(const std::string& name) const { return values_.count(name) != 0; }
  /// The greeting has 32 bits of it.
  [[nodiscard]] bool is_thread(unsigned long id) const {
    const std::string& text = values_.at("pseudo_thread_id");
    std::uint64_t own = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), own);
    return static_cast<std::uint32_t>(own) == static_cast<std::uint32_t>(id);
  }

 private:
  std::map<std::string, std::string> values_;
};

/// A second descriptor of a socket for as long as this lives. `slot` holds its number, -1 without one.
class Duplicate {
 public:
  Duplicate(int socket, int& slot) : slot_(slot) { slot_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0); }
  ~Duplicate() {
    if (slot_ >= 0) ::close(slot_);
    slot_ = -1;
  }
  Duplicate(const Duplicate&) = delete;
  Duplicate& operator=(const Duplicate&) = delete;

 private:
  int& slot_;
};

bool is_time(enum_field_types type) {
  return type == MYSQL_TYPE_DATE || type == MYSQL_TYPE_NEWDATE || type == MYSQL_TYPE_DATETIME ||
         type == MYSQL_TYPE_TIMESTAMP || type == MYSQL_TYPE_DATETIME2 || type == MYSQL_TYPE_TIMESTAMP2;
}

Cell cell_of(const MYSQL_FIELD& field, const char* bytes, unsigned long length) {
  Cell cell;
  cell.null = bytes == nullptr;
  if (cell.null) return cell;
  cell.text = {bytes, length};
  if (field.type == MYSQL_TYPE_BIT) {
    std::uint64_t value = 0;
    for (const char c : cell.text) value = value << 8U | static_cast<unsigned char>(c);
    cell.number = static_cast<double>(value);
  }
  // MySQL's way of writing "no date" in a column that may not be NULL.
  if (is_time(field.type) && cell.text.starts_with("0000-00-00")) cell = Cell{};
  return cell;
}

}  // namespace

MysqlSession::~MysqlSession() {
  abandon_connecting();
  mysql_close(mysql_);
}

void MysqlSession::shut() {
  const my_socket socket = mysql_get_socket(mysql_);
  if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

void MysqlSession::cut() {
  cut_ = true;
  shut();
}

/// A connect that is suspended holds memory until it has ended.
void MysqlSession::abandon_connecting() {
  while (status_ != 0) {
    shut();
    status_ = mysql_real_connect_cont(&result_, mysql_, MYSQL_WAIT_TIMEOUT);
  }
}

int MysqlSession::wait(int wanted, const Limits& limits, bool& timed_out) {
  const auto events = static_cast<short>(((wanted & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                                         ((wanted & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                                         ((wanted & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
  short happened = 0;
  if (wait_for(mysql_get_socket(mysql_), events, limits, &happened) == Wait::expired) {
    // The suspended call then fails in its own way and frees what it holds. The library's TLS knows no timeout: it asks
    // to wait again and again, until there is nothing to wait for.
    shut();
    timed_out = true;
    return MYSQL_WAIT_TIMEOUT;
  }
  intake_.before_read(mysql_get_socket(mysql_));
  since_row_ = intake_.size(mysql_get_socket(mysql_));
  int out = 0;
  if ((happened & (POLLIN | POLLERR | POLLHUP)) != 0) out |= wanted & MYSQL_WAIT_READ;
  if ((happened & (POLLOUT | POLLERR | POLLHUP)) != 0) out |= wanted & MYSQL_WAIT_WRITE;
  if ((happened & (POLLPRI | POLLERR | POLLHUP)) != 0) out |= wanted & MYSQL_WAIT_EXCEPT;
  return out;
}

SqlError MysqlSession::error(bool timed_out, const Limits& limits) const {
  if (timed_out) return expired(Stage::request, limits);
  // A row beyond the bound given to the library is a lost connection to it, by the second packet of 16 MiB.
  constexpr std::uint64_t kPacket = 16 * 1024 * 1024;
  // It has closed its socket by then.
  const std::uint64_t size = reading_ >= 0 ? std::max(since_row_, intake_.size(reading_)) : since_row_;
  if (mysql_errno(mysql_) == CR_SERVER_LOST && size > kMaxValueBytes - kPacket) return too_large();
  return mysql_error_of(mysql_errno(mysql_), mysql_sqlstate(mysql_), ::mysql_error(mysql_));
}

bool MysqlSession::stands() const {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  return ::getpeername(mysql_get_socket(mysql_), reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

bool MysqlSession::begin(MysqlTarget target) {
  target_ = std::move(target);
  status_ = mysql_real_connect_start(&result_, mysql_, target_.socket.empty() ? target_.host.c_str() : nullptr,
                                     target_.user.c_str(), target_.password.reveal().c_str(),
                                     target_.database.empty() ? nullptr : target_.database.c_str(), target_.port,
                                     target_.socket.empty() ? nullptr : target_.socket.c_str(), 0);
  // On a Unix socket the library may go on at once, to the end of the login.
  return !has_failed() && stands();
}

bool MysqlSession::go_on() {
  if (stands()) return true;
  status_ = mysql_real_connect_cont(&result_, mysql_, MYSQL_WAIT_WRITE);
  return !has_failed() && stands();
}

std::optional<SqlError> MysqlSession::log_in(const Limits& limits) {
  bool timed_out = false;
  while (status_ != 0) status_ = mysql_real_connect_cont(&result_, mysql_, wait(status_, limits, timed_out));
  if (timed_out) return expired(Stage::connect, limits);
  if (result_ == nullptr) return while_connecting(error(false, limits));
  const my_socket socket = mysql_get_socket(mysql_);
  keep_alive(socket);
  // The library leaves a Unix socket blocking, and its TLS then waits there for ever.
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  return std::nullopt;
}

std::optional<SqlError> MysqlSession::connect(const MysqlTarget& target, const Limits& limits,
                                              std::optional<Duration> per_address) {
  bool up = begin(target);
  int socket = -1;
  SteadyTime started;
  while (!up && status_ != 0) {
    if (mysql_get_socket(mysql_) != socket) started = std::chrono::steady_clock::now();
    socket = mysql_get_socket(mysql_);
    Limits own = limits;
    if (per_address) own.deadline = std::min(limits.deadline, started + *per_address);
    bool timed_out = false;
    const int happened = wait(status_, own, timed_out);
    if (timed_out && limits.over()) {
      abandon_connecting();
      return expired(Stage::connect, limits);
    }
    up = stands();
    // The library goes to the next address by itself when one fails.
    if (!up) status_ = mysql_real_connect_cont(&result_, mysql_, happened);
    up = up || (!has_failed() && stands());
  }
  if (!up) return while_connecting(error(false, limits));
  return std::nullopt;
}

std::optional<SqlError> MysqlSession::wait_for_greeting(const Limits& limits, bool& offers_tls) {
  const my_socket socket = mysql_get_socket(mysql_);
  const auto wait_for_bytes = [&](int count) {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &count, sizeof count);
    return wait_for(socket, POLLIN, limits);
  };
  std::array<unsigned char, 256> bytes{};
  Wait waited = wait_for_bytes(kPacketHeader);
  ssize_t size = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  // What matters stands in the first 256 bytes.
  const int whole = bytes[1] != 0 || bytes[2] != 0 ? static_cast<int>(bytes.size()) : kPacketHeader + bytes[0];
  if (waited == Wait::ready && size >= kPacketHeader && size < whole) {
    waited = wait_for_bytes(whole);
    size = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  }
  const int one = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
  if (waited == Wait::expired) return expired(Stage::connect, limits);
  const std::span<const unsigned char> greeting{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  // A refusal instead of a greeting is the library's to tell, and so is an end; neither is followed by a login.
  const bool refusal = greeting.empty() || (greeting.size() > kPacketHeader && greeting[kPacketHeader] == kErrorPacket);
  offers_tls = refusal || greeting_offers_tls(greeting);
  return std::nullopt;
}

std::optional<SqlError> MysqlSession::prepare(bool read_only, const Limits& limits, std::vector<std::string>& notes) {
  read_only_ = read_only;
  ServerFacts facts;
  // Asked of whatever answers, for a proxy greets with a version of its own. No error where one of them is missing.
  const std::string ask =
      "SHOW SESSION VARIABLES WHERE Variable_name IN ('max_statement_time', 'max_execution_time', 'pseudo_thread_id')";
  if (auto failed = run(ask, limits, facts, true).error) return while_connecting(*failed);
  if (facts.has("max_statement_time")) {
    server_limit_ = ServerLimit::max_statement_time;
  } else if (facts.has("max_execution_time")) {
    server_limit_ = ServerLimit::max_execution_time;
  } else {
    // MySQL before 5.7.8, MariaDB before 10.1, and proxies that pass for the other.
    notes.emplace_back(
        "the server cannot end a statement by itself (it has neither 'max_statement_time' nor 'max_execution_time'); "
        "only this program's own deadline does");
  }
  // TIMESTAMP columns and NOW() are written in the session's zone, and times without a zone are read as UTC. A proxy
  // that lends sessions keeps track of this one for each client.
  if (auto failed = order("SET SESSION time_zone = '+00:00'", limits)) {
    if (failed->connection_lost) return while_connecting(*failed);
    notes.push_back(one_line(
        fmt::format("the server keeps its own time zone, and times it writes may be off by it: {}", failed->message)));
  }
  if (facts.has("pseudo_thread_id") && !facts.is_thread(mysql_thread_id(mysql_)))
    pooler_ = "a proxy (ProxySQL, MaxScale or one like them)";
  return std::nullopt;
}

/// Nothing is set in the session: a proxy lends it to others between two statements.
std::string MysqlSession::limited(const std::string& statement, const Limits& limits) const {
  const Duration wanted = server_timeout(limits);
  switch (server_limit_) {
    case ServerLimit::max_statement_time:
      return fmt::format("SET STATEMENT max_statement_time = {:.3f} FOR {}", to_seconds(wanted), statement);
    case ServerLimit::max_execution_time: return with_execution_limit(statement, wanted.count());
    case ServerLimit::none: break;
  }
  return statement;
}

std::optional<SqlError> MysqlSession::order(const std::string& statement, const Limits& limits) {
  NoRows none;
  return run(statement, limits, none, false).error;
}

bool MysqlSession::is_healthy() {
  // Nothing is under way: a readable socket means that the server has said goodbye.
  pollfd waiting{mysql_get_socket(mysql_), POLLIN, 0};
  return !cut_ && waiting.fd >= 0 && ::poll(&waiting, 1, 0) == 0;
}

StatementResult MysqlSession::query(const std::string& statement, const Limits& limits, Rows& rows) {
  StatementResult outcome;
  Limits until_accepted = limits;
  if (limits.accepted_by) until_accepted.deadline = std::min(limits.deadline, *limits.accepted_by);
  if (read_only_) outcome.error = order("START TRANSACTION READ ONLY", until_accepted);
  if (outcome.error) return outcome;
  // Without a transaction the statement itself shows that we are heard.
  outcome = run(limited(statement, limits), read_only_ ? limits : until_accepted, rows, true);
  outcome.accepted = read_only_ || !outcome.error;
  if (read_only_ && !cut_) {
    // What cannot be ended goes with its connection.
    if (order("ROLLBACK", limits)) cut();
  }
  return outcome;
}

StatementResult MysqlSession::execute(const std::string& statement, const Limits& limits) {
  NoRows none;
  return run(limited(statement, limits), limits, none, false);
}

std::optional<SqlError> MysqlSession::send(const std::string& statement, const Limits& limits, bool& timed_out) {
  int result = 0;
  int status = mysql_real_query_start(&result, mysql_, statement.data(), static_cast<unsigned long>(statement.size()));
  while (status != 0) status = mysql_real_query_cont(&result, mysql_, wait(status, limits, timed_out));
  if (result == 0 && !timed_out) return std::nullopt;
  return error(timed_out, limits);
}

StatementResult MysqlSession::run(const std::string& statement, const Limits& limits, Rows& rows,
                                  bool must_return_rows) {
  StatementResult outcome;
  const Stopwatch watch;
  bool timed_out = false;
  const Duplicate socket{mysql_get_socket(mysql_), reading_};
  intake_.begin(mysql_get_socket(mysql_));
  since_row_ = 0;
  outcome.error = send(statement, limits, timed_out);
  outcome.first_byte = watch.seconds();
  if (!outcome.error) {
    MYSQL_RES* result = mysql_use_result(mysql_);
    if (result != nullptr) {
      outcome.error = read_rows(result, limits, rows);
    } else if (mysql_field_count(mysql_) != 0) {
      outcome.error = error(false, limits);
    } else if (must_return_rows) {
      outcome.error = SqlError{Stage::content, Reason::bad_content, {}, "the statement returns no rows", false};
    }
  }
  outcome.transfer = watch.seconds() - outcome.first_byte;
  if (outcome.error && outcome.error->connection_lost) cut();
  return outcome;
}

std::optional<SqlError> MysqlSession::read_rows(MYSQL_RES* result, const Limits& limits, Rows& rows) {
  const unsigned int count = mysql_num_fields(result);
  const MYSQL_FIELD* fields = mysql_fetch_fields(result);
  std::vector<std::string> names;
  for (unsigned int i = 0; i < count; ++i) names.emplace_back(fields[i].name);
  rows.columns(names);
  std::optional<SqlError> failed;
  std::vector<Cell> cells(count);
  while (true) {
    MYSQL_ROW row = nullptr;
    bool timed_out = false;
    int status = mysql_fetch_row_start(&row, result);
    while (status != 0) status = mysql_fetch_row_cont(&row, result, wait(status, limits, timed_out));
    if (timed_out || (row == nullptr && mysql_errno(mysql_) != 0)) {
      failed = error(timed_out, limits);
      break;
    }
    if (row == nullptr) break;
    const unsigned long* lengths = mysql_fetch_lengths(result);
    for (unsigned int i = 0; i < count; ++i) cells[i] = cell_of(fields[i], row[i], lengths[i]);
    intake_.begin(mysql_get_socket(mysql_));
    since_row_ = 0;
    const bool enough = !rows.row(cells);
    if (limits.over()) failed = expired(Stage::request, limits);
    if (enough || failed) {
      // Freeing a result reads the rest of it; there may be no end to it.
      cut();
      break;
    }
  }
  if (failed && failed->connection_lost) cut();
  mysql_free_result(result);
  return failed;
}

}  // namespace crmpulse::probes::sql
