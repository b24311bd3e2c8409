// How a PostgreSQL server is reached: libpq, non-blocking, over each address of each host.

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "probes/sql/driver/dial.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/intake.h"
#include "probes/sql/driver/names.h"
#include "probes/sql/driver/sockets.h"
#include "probes/sql/drivers/drivers.h"
#include "probes/sql/drivers/postgresql_cleartext.h"
#include "probes/sql/drivers/postgresql_session.h"
#include "probes/sql/drivers/postgresql_url.h"

namespace crmpulse::probes::sql {
namespace {

using Setting = std::pair<std::string, std::string>;

/// One address of the list, with its name, as libpq is to be given it.
struct Candidate {
  PostgresqlHost host;
  bool tls_by_default = false;  ///< the URL says nothing of it, and it is not on this machine
  std::optional<SqlError> error;
};

bool says_of_tls(const PostgresqlUrl& url) {
  return url.has("sslmode") || std::getenv("PGSSLMODE") != nullptr || std::getenv("PGREQUIRESSL") != nullptr;
}

template <typename T>
void shuffle(std::vector<T>& list) {
  std::mt19937 engine{std::random_device{}()};
  std::shuffle(list.begin(), list.end(), engine);
}

/// Every address of every host, resolved by ourselves: libpq would do it inside PQconnectStart, unmeasured and without
/// a deadline.
std::vector<Candidate> candidates_of(const PostgresqlUrl& url, const Limits& limits, Opened& opened) {
  std::vector<PostgresqlHost> hosts = url.hosts;
  if (url.shuffle) shuffle(hosts);
  std::vector<std::string> names;
  for (const PostgresqlHost& host : hosts) {
    if (host.address.empty() && !host.is_socket()) names.push_back(host.host);
  }
  const Stopwatch watch;
  std::vector<Resolved> resolved = resolve_all(names, limits);
  const bool asked = std::any_of(resolved.begin(), resolved.end(), [](const Resolved& one) { return one.asked; });
  if (asked) opened.phases.emplace_back("dns", watch.seconds());
  std::vector<Candidate> out;
  auto next = resolved.begin();
  for (const PostgresqlHost& host : hosts) {
    if (!host.address.empty() || host.is_socket()) {
      out.push_back({host, !host.is_socket() && !is_loopback(host.address), {}});
      continue;
    }
    if (url.shuffle) shuffle(next->addresses);
    for (const std::string& address : next->addresses) {
      out.push_back({{host.host, address, host.port}, !is_loopback(address), {}});
    }
    if (next->error) out.push_back({host, false, next->error});
    ++next;
  }
  if (says_of_tls(url)) {
    for (Candidate& candidate : out) candidate.tls_by_default = false;
  }
  return out;
}

std::string name_of(const Candidate& candidate) {
  const PostgresqlHost& host = candidate.host;
  std::string name = host.host.empty() ? host.address : host.host;
  if (!host.host.empty() && !host.address.empty() && host.host != host.address)
    name += fmt::format(" ({})", host.address);
  return host.port.empty() ? name : fmt::format("{} port {}", name, host.port);
}

class PostgresqlAttempt final : public Attempt {
 public:
  PostgresqlAttempt(std::vector<Setting> settings, const Candidate& candidate) : settings_(std::move(settings)) {
    const PostgresqlHost& host = candidate.host;
    if (!host.host.empty()) settings_.emplace_back("host", host.host);
    if (!host.address.empty()) settings_.emplace_back("hostaddr", host.address);
    if (!host.port.empty()) settings_.emplace_back("port", host.port);
    if (candidate.tls_by_default) settings_.emplace_back("sslmode", "require");
  }

  State begin() override {
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : settings_) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
    if (!connection_) throw std::bad_alloc();
    return state();
  }
  State go_on() override {
    (void)PQconnectPoll(connection_.get());
    return state();
  }
  int socket() const override { return PQsocket(connection_.get()); }
  SqlError error() const override { return postgresql_connect_error(connection_.get()); }

  [[nodiscard]] ConnectionPtr take() { return std::move(connection_); }

 private:
  [[nodiscard]] State state() const {
    switch (PQstatus(connection_.get())) {
      case CONNECTION_BAD: return State::failed;
      case CONNECTION_STARTED:
      case CONNECTION_NEEDED: return State::connecting;
      default: return State::reached;
    }
  }

  std::vector<Setting> settings_;
  ConnectionPtr connection_;
};

std::optional<SqlError> finish_connecting(PGconn* connection, bool cleartext_password, const Limits& limits) {
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  // Notices may quote records; nobody here reads them.
  PQsetNoticeReceiver(connection, [](void*, const PGresult*) {}, nullptr);
  // As PQconnectPoll wants it at first; and nothing is under way in what was just reached.
  PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
  ClearTextGuard guard;
  while (polling != PGRES_POLLING_OK) {
    if (polling == PGRES_POLLING_FAILED) return postgresql_connect_error(connection);
    const bool reading = polling == PGRES_POLLING_READING;
    if (!cleartext_password && reading && PQsslInUse(connection) == 0) {
      if (auto refused = guard.look(connection, limits)) return refused;
    } else if (wait_for(PQsocket(connection), reading ? POLLIN : POLLOUT, limits) == Wait::expired) {
      return expired(Stage::connect, limits);
    }
    polling = PQconnectPoll(connection);
  }
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetnonblocking(connection, 1);
  return std::nullopt;
}

/// The server refused, and another one will hardly do better: a wrong password is to be seen, not walked past.
bool is_final(const SqlError& error) {
  if (error.reason == Reason::timeout) return false;
  return error.stage != Stage::connect || (!error.sqlstate.empty() && error.reason != Reason::maintenance);
}

bool is_wanted(SessionWanted wanted, const PostgresqlSession& connection) {
  switch (wanted) {
    case SessionWanted::any: return true;
    case SessionWanted::read_write: return !connection.is_read_only();
    case SessionWanted::read_only: return connection.is_read_only();
    case SessionWanted::primary: return !connection.is_standby();
    case SessionWanted::standby:
    case SessionWanted::prefer_standby: return connection.is_standby();
  }
  return true;
}

SqlError unwanted(SessionWanted wanted) {
  constexpr std::array<std::string_view, 6> kWords{"",          "read-write", "read-only",
                                                   "a primary", "a standby",  "a standby"};
  return SqlError{
      Stage::connect,
      Reason::unreachable,
      {},
      fmt::format("the server is not {}, as target_session_attrs wants it", kWords[static_cast<std::size_t>(wanted)]),
      true};
}

/// Those of a URL, with the password, and what keeps firewalls from forgetting the connection while it is idle.
std::vector<Setting> settings_for(const PostgresqlUrl& url, const Secret& password) {
  std::vector<Setting> settings = url.settings;
  const auto unless_said = [&](const char* key, const char* value) {
    if (!url.has(key)) settings.emplace_back(key, value);
  };
  unless_said("application_name", "crmpulse-agent");
  unless_said("keepalives_idle", "30");
  unless_said("keepalives_interval", "10");
  unless_said("keepalives_count", "3");
  if (!password.empty()) settings.emplace_back("password", password.reveal());
  // These two are harmless behind a pooler: it keeps them apart for each client, and so does PgBouncer.
  settings.emplace_back("client_encoding", "UTF8");
  return settings;
}

/// One round over the list.
class Opening {
 public:
  Opening(const PostgresqlUrl& url, const ConnectSpec& spec, const std::vector<Candidate>& candidates)
      : url_(url), spec_(spec), candidates_(candidates), settings_(settings_for(url, spec.password)) {}

  void run(SessionWanted wanted, const Limits& limits, Opened& opened) {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) names.push_back(name_of(candidate));
    Dialer dialer{std::move(names),
                  [this](std::size_t i) { return std::make_unique<PostgresqlAttempt>(settings_, candidates_[i]); },
                  url_.connect_timeout};
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (candidates_[i].error) dialer.failed(i, *candidates_[i].error);
    }
    while (auto reached = dialer.next(limits)) {
      opened.error = log_in(*reached, wanted, dialer.share(limits, *reached), opened);
      if (!opened.error || is_final(*opened.error)) return;
      dialer.failed(reached->index, *opened.error);
    }
    opened.error = dialer.error(limits);
  }

 private:
  std::optional<SqlError> log_in(Reached& reached, SessionWanted wanted, const Limits& limits, Opened& opened) {
    ConnectionPtr raw = static_cast<PostgresqlAttempt&>(*reached.attempt).take();
    if (auto error = finish_connecting(raw.get(), url_.cleartext_password, limits)) {
      if (error->stage == Stage::tls && error->reason == Reason::refused && candidates_[reached.index].tls_by_default)
        error->message = one_line(
            "the server does not support TLS, which is required beyond this machine; "
            "sslmode=disable in the url allows a connection without");
      return error;
    }
    auto ready = std::make_unique<PostgresqlSession>(std::move(raw));
    if (auto error = ready->begin(spec_.read_only, limits)) return error;
    if (!is_wanted(wanted, *ready)) return unwanted(wanted);
    opened.connection = std::move(ready);
    return std::nullopt;
  }

  const PostgresqlUrl& url_;
  const ConnectSpec& spec_;
  const std::vector<Candidate>& candidates_;
  const std::vector<Setting> settings_;
};

}  // namespace

std::optional<Error> check_postgresql_url(const std::string& url) {
  const Result<PostgresqlUrl> parsed = parse_postgresql_url(url);
  if (!parsed) return parsed.error();
  return std::nullopt;
}

Opened open_postgresql(const ConnectSpec& spec, const Limits& limits) {
  Opened opened;
  const Result<PostgresqlUrl> url = parse_postgresql_url(spec.url);
  if (!url) {
    opened.error = SqlError{Stage::connect, Reason::bad_content, {}, one_line(url.error().message), true};
    return opened;
  }
  std::vector<Candidate> candidates = candidates_of(*url, limits, opened);
  if (candidates.empty()) candidates.emplace_back();
  const Stopwatch watch;
  Opening opening{*url, spec, candidates};
  // A host that does not answer must leave time for the second round, in which any will do.
  Limits first = limits;
  if (url->wanted == SessionWanted::prefer_standby) {
    const auto now = std::chrono::steady_clock::now();
    if (now < limits.deadline) first.deadline = now + (limits.deadline - now) / 2;
  }
  opening.run(url->wanted, first, opened);
  if (opened.error && url->wanted == SessionWanted::prefer_standby && !is_final(*opened.error) && !limits.over())
    opening.run(SessionWanted::any, limits, opened);
  const bool resolved =
      std::any_of(candidates.begin(), candidates.end(), [](const Candidate& one) { return !one.error; });
  if (resolved) opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
