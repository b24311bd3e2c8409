#include "probes/sql/connection.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "probes/sql/driver.h"

namespace crmpulse::probes::sql {

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
  return Error{"is no database URL: it must begin with postgresql://, mysql://, mariadb://, sqlite: or odbc:"};
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

Resolved resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* list = nullptr;
  Resolved resolved;
  int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    resolved.asked = true;
    hints.ai_flags = 0;
    error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  if (error != 0) {
    const Reason reason = error == EAI_NONAME  ? Reason::missing
                          : error == EAI_AGAIN ? Reason::unreachable
                                               : Reason::internal;
    resolved.error =
        SqlError{Stage::resolve, reason, {}, one_line("cannot resolve " + host + ": " + ::gai_strerror(error)), true};
    return resolved;
  }
  for (const addrinfo* entry = list; entry != nullptr && resolved.addresses.size() < 8; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      resolved.addresses.emplace_back(text);
  }
  ::freeaddrinfo(list);
  return resolved;
}

}  // namespace crmpulse::probes::sql
