#include "probes/sql/open.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "probes/sql/driver/driver.h"
#include "probes/sql/drivers/drivers.h"

namespace crmpulse::probes::sql {

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
