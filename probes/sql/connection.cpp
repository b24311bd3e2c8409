#include "probes/sql/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "probes/sql/driver.h"

namespace crmpulse::probes::sql {
namespace {

// Seconds, and how often: below what firewalls and NATs are known to forget after (Azure: four minutes).
constexpr int kKeepAliveIdle = 30;
constexpr int kKeepAliveInterval = 10;
constexpr int kKeepAliveCount = 3;

}  // namespace

Cancel::Cancel() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Cancel::~Cancel() {
  ::close(fd_);
}

void Cancel::request() {
  requested_ = true;
  // The only failure of this write is a counter at its limit, and then the descriptor is readable anyway.
  (void)::eventfd_write(fd_, 1);
}

Result<Dialect> dialect_of(std::string_view url) {
  for (const auto& [scheme, dialect] : {std::pair{"postgresql://", Dialect::postgresql},
                                        {"postgres://", Dialect::postgresql},
                                        {"mysql://", Dialect::mysql},
                                        {"mariadb://", Dialect::mysql},
                                        {"sqlite:", Dialect::sqlite},
                                        {"odbc:", Dialect::odbc}}) {
    if (url.starts_with(scheme)) return dialect;
  }
  return Error{"is not a database URL: it must begin with postgresql://, mysql://, mariadb://, sqlite: or odbc:"};
}

std::optional<Error> check_url(std::string_view url) {
  const Result<Dialect> dialect = dialect_of(url);
  if (!dialect) return dialect.error();
  switch (*dialect) {
    case Dialect::postgresql: return check_postgresql_url(std::string{url});
    case Dialect::mysql: return check_mysql_url(std::string{url});
    case Dialect::sqlite: return check_sqlite_url(std::string{url});
    case Dialect::odbc: return check_odbc_url(std::string{url});
  }
  throw std::logic_error("unknown SQL dialect");
}

Opened open(const ConnectSpec& spec, const Limits& limits) {
  if (limits.over()) return Opened{{}, expired(Stage::connect, limits), {}, {}};
  switch (spec.dialect) {
    case Dialect::postgresql: return open_postgresql(spec, limits);
    case Dialect::mysql: return open_mysql(spec, limits);
    case Dialect::sqlite: return open_sqlite(spec, limits);
    case Dialect::odbc: return open_odbc(spec, limits);
  }
  throw std::logic_error("unknown SQL dialect");
}

Error password_in_url() {
  return Error{"has a password in it; write it with password_file, password_env or password_credential instead"};
}

Duration remaining(const Limits& limits) {
  return std::max(Duration{0}, std::chrono::ceil<Duration>(limits.deadline - std::chrono::steady_clock::now()));
}

Duration server_timeout(const Limits& limits) {
  const Duration left = remaining(limits);
  // A fresh run always asks for the same figure, so that a kept connection need not be told again.
  const Duration base = left * 10 >= limits.statement_timeout * 8 ? limits.statement_timeout : left;
  return std::max(Duration{10}, base - base / 10);
}

Wait wait_for(int fd, short events, const Limits& limits, short* happened) {
  while (true) {
    if (limits.over()) return Wait::expired;
    pollfd waiting[2] = {{fd, events, 0}, {limits.cancel != nullptr ? limits.cancel->fd() : -1, POLLIN, 0}};
    const int ready = ::poll(waiting, 2, static_cast<int>(std::min<std::int64_t>(remaining(limits).count(), 60'000)));
    if (ready > 0 && waiting[0].revents != 0) {
      if (happened != nullptr) *happened = waiting[0].revents;
      return Wait::ready;
    }
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
}

void keep_alive(int socket) {
  const auto set = [&](int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

std::string pooler_guess(std::string_view text) {
  const Result<Dialect> dialect = dialect_of(text);
  if (!dialect || *dialect == Dialect::sqlite) return {};
  struct Guess {
    std::string_view part;
    std::string_view words;
  };
  static constexpr std::array kGuesses{
      Guess{":6432", "port 6432 is PgBouncer's or Odyssey's"},
      Guess{"Port=6432", "port 6432 is PgBouncer's or Odyssey's"},
      Guess{"pgbouncer", "its name says pgbouncer"},
      Guess{".pooler.supabase.", "it is Supabase's pooler"},
      Guess{":6033", "port 6033 is ProxySQL's"},
      Guess{"proxysql", "its name says proxysql"},
      Guess{"maxscale", "its name says maxscale"},
      Guess{".proxy-", "it looks like an RDS proxy"},
  };
  for (const Guess& guess : kGuesses) {
    if (text.find(guess.part) != std::string_view::npos) return std::string{guess.words};
  }
  return {};
}

}  // namespace crmpulse::probes::sql
