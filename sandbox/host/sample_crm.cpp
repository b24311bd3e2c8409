#include "sandbox/host/sample_crm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <limits>

namespace crmpulse::sandbox {
namespace {

struct Name {
  Fault fault;
  std::string_view text;
};
constexpr std::array kNames{Name{Fault::none, "none"},   Name{Fault::slow, "slow"}, Name{Fault::very_slow, "very_slow"},
                            Name{Fault::stale, "stale"}, Name{Fault::down, "down"}, Name{Fault::dirty, "dirty"}};

constexpr int kUsers = 20;
constexpr int kAccounts = 120;
constexpr int kContacts = 400;
constexpr int kDeals = 160;
constexpr int kTickets = 60;
constexpr std::int64_t kDay = 86'400;

std::int64_t unix_seconds(TimePoint time) {
  return unix_millis(time) / 1000;
}

/// Rows of a counting query that take at least about `seconds` on this machine: by the fastest of a few tries, because
/// a machine that is busy now may be idle later.
Result<std::int64_t> rows_lasting(store::Database& database, double seconds) {
  constexpr std::int64_t kProbe = 100'000;
  constexpr int kTries = 4;
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < kTries; ++i) {
    const auto started = std::chrono::steady_clock::now();
    auto statement = database.prepare(fmt::format(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT max(i) FROM n", kProbe));
    if (!statement) return statement.error();
    if (auto run = statement.value().run(); !run) return run.error();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    least = std::min(least, taken.count());
  }
  return static_cast<std::int64_t>(static_cast<double>(kProbe) * seconds / std::max(least, 1e-4));
}

}  // namespace

std::string_view to_string(Fault fault) {
  for (const Name& name : kNames) {
    if (name.fault == fault) return name.text;
  }
  return "none";
}

std::optional<Fault> fault_from(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.text == text) return name.fault;
  }
  return std::nullopt;
}

SampleCrm::SampleCrm(store::Database database, std::string name, std::string file)
    : database_(std::move(database)), name_(std::move(name)), file_(std::move(file)) {}

int SampleCrm::pick(int from, int to) {
  return std::uniform_int_distribution{from, to}(random_);
}

Result<SampleCrm> SampleCrm::create(const std::string& dir, const std::string& name, const std::string& schema,
                                    TimePoint now) {
  const std::string file = dir + "/" + name + ".db";
  std::error_code ignored;
  std::filesystem::create_directories(dir, ignored);
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".offline"})
    std::filesystem::remove(file + suffix, ignored);
  auto database = store::Database::open(file, store::Database::Mode::writer);
  if (!database) return database.error();
  // A plain rollback journal: the file alone is the CRM, so it can be moved away and back.
  if (auto done = database.value().execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;"); !done)
    return done.error();
  if (auto done = database.value().execute(schema); !done) return done.error();
  SampleCrm crm{std::move(database.value()), name, file};
  if (auto seeded = crm.seed(now); !seeded) return seeded.error();
  return crm;
}

Result<void> SampleCrm::seed(TimePoint now) {
  const std::int64_t today = unix_seconds(now);
  std::string sql = "BEGIN;";
  for (int id = 1; id <= kUsers; ++id) {
    sql += fmt::format("INSERT INTO app_user (id, active) VALUES ({}, {});", id, id <= kUsers - 2 ? 1 : 0);
    if (id <= kUsers - 4)
      sql += fmt::format("INSERT INTO login (user_id, at) VALUES ({}, {});", id, today - pick(60, 20'000));
  }
  for (int id = 1; id <= kAccounts; ++id) {
    const std::int64_t created = today - pick(30, 900) * kDay;
    sql += fmt::format(
        "INSERT INTO account (id, name, industry, owner_id, created_at, modified_at) VALUES ({0}, 'Account {0}', "
        "'retail', {1}, {2}, {3});",
        id, pick(1, kUsers - 2), created, today - pick(60, 20 * static_cast<int>(kDay)));
  }
  for (int id = 1; id <= kContacts; ++id) {
    sql += fmt::format(
        "INSERT INTO contact (id, account_id, name, email, phone, created_at, modified_at) VALUES ({0}, {1}, 'Contact "
        "{0}', "
        "'c{0}@example.invalid', '+000{0:06}', {2}, {3});",
        id, pick(1, kAccounts), today - pick(30, 900) * kDay, today - pick(60, 60 * static_cast<int>(kDay)));
  }
  constexpr std::array kStages{"new", "qualified", "proposal", "won", "lost"};
  for (int id = 1; id <= kDeals; ++id) {
    const int stage = pick(0, 4);
    const std::int64_t created = today - pick(5, 500) * kDay;
    sql += fmt::format(
        "INSERT INTO deal (id, account_id, stage, amount, owner_id, created_at, modified_at, closed_at) VALUES ({}, "
        "{}, '{}', {}, {}, {}, {}, {});",
        id, pick(1, kAccounts), kStages.at(static_cast<std::size_t>(stage)), pick(1, 90) * 500, pick(1, kUsers - 2),
        created, today - pick(60, 10 * static_cast<int>(kDay)),
        stage >= 3 ? fmt::format("{}", created + pick(2, 60) * 3600) : "NULL");
  }
  for (int id = 1; id <= kTickets; ++id) {
    const std::int64_t created = today - pick(3600, 25 * static_cast<int>(kDay));
    const bool closed = id % 3 != 0;
    sql += fmt::format(
        "INSERT INTO ticket (id, contact_id, status, created_at, first_response_at, closed_at, csat) VALUES ({}, {}, "
        "'{}', {}, {}, {}, {});",
        id, pick(1, kContacts), closed ? "closed" : "open", created, created + pick(120, 1800),
        closed ? fmt::format("{}", created + pick(2000, 3500)) : "NULL",
        closed ? fmt::format("{}", pick(4, 5)) : "NULL");
  }
  for (int i = 0; i < 200; ++i) {
    sql += fmt::format("INSERT INTO activity (kind, owner_id, deal_id, at) VALUES ('{}', {}, {}, {});",
                       i % 2 == 0 ? "call" : "meeting", pick(1, kUsers - 2), pick(1, kDeals),
                       today - pick(60, static_cast<int>(kDay)));
  }
  return database_.execute(sql + "COMMIT;");
}

bool SampleCrm::is_slow() const {
  return faults_.contains(Fault::slow) || faults_.contains(Fault::very_slow);
}

Result<void> SampleCrm::live(TimePoint now) {
  if (faults_.contains(Fault::stale) || faults_.contains(Fault::down)) return {};
  const std::int64_t at = unix_seconds(now);
  const char* deal = is_slow() ? "deal_rows" : "deal";
  const char* contact = is_slow() ? "contact_rows" : "contact";
  return database_.execute(fmt::format(
      "BEGIN; UPDATE {0} SET modified_at = {2} WHERE id = {3}; UPDATE {1} SET modified_at = {2} WHERE id = {4};"
      "UPDATE account SET modified_at = {2} WHERE id = {5};"
      "INSERT INTO activity (kind, owner_id, deal_id, at) VALUES ('call', {6}, {3}, {2});"
      "INSERT INTO login (user_id, at) VALUES ({6}, {2});"
      "DELETE FROM login WHERE at < {7}; DELETE FROM activity WHERE at < {7}; COMMIT;",
      deal, contact, at, pick(1, kDeals), pick(1, kContacts), pick(1, kAccounts), pick(1, kUsers - 4), at - 8 * kDay));
}

/// One column of each table is computed slowly, so that what does not ask for it (ages, counts) goes on as before: a
/// reader with one connection would otherwise be busy with those alone.
Result<void> SampleCrm::make_slow(double seconds) {
  const auto rows = rows_lasting(database_, seconds);
  if (!rows) return rows.error();
  struct Table {
    const char* name;
    const char* slow;
    const char* others;
  };
  constexpr std::array kTables{
      Table{"deal", "amount", "id, account_id, stage, owner_id, created_at, modified_at, closed_at"},
      Table{"contact", "name", "id, account_id, email, phone, created_at, modified_at"}};
  std::string sql = "BEGIN; PRAGMA legacy_alter_table = ON;";
  for (const Table& table : kTables) {
    sql += fmt::format(
        "ALTER TABLE {0} RENAME TO {0}_rows; CREATE VIEW {0} AS SELECT {2}, CASE WHEN (WITH RECURSIVE n(i) AS (SELECT "
        "1 "
        "UNION ALL SELECT i + 1 FROM n WHERE i < {3}) SELECT max(i) FROM n) > 0 THEN {1} END AS {1} FROM {0}_rows;",
        table.name, table.slow, table.others, rows.value());
  }
  return database_.execute(sql + "COMMIT;");
}

Result<void> SampleCrm::undo(Fault fault) {
  std::error_code error;
  switch (fault) {
    case Fault::slow:
    case Fault::very_slow:
      return database_.execute(
          "BEGIN; DROP VIEW deal; DROP VIEW contact; ALTER TABLE deal_rows RENAME TO deal; ALTER TABLE contact_rows "
          "RENAME TO contact; COMMIT;");
    case Fault::down:
      std::filesystem::rename(file_ + ".offline", file_, error);
      if (error) return Error{fmt::format("cannot bring {} back: {}", file_, error.message())};
      return {};
    case Fault::dirty:
      return database_.execute(fmt::format("UPDATE {} SET email = 'c' || id || '@example.invalid' WHERE email IS NULL;",
                                           is_slow() ? "contact_rows" : "contact"));
    case Fault::stale:
    case Fault::none: return {};
  }
  return {};
}

Result<void> SampleCrm::end(Fault fault) {
  if (!faults_.contains(fault)) return {};
  if (auto undone = undo(fault); !undone) return undone;
  faults_.erase(fault);
  return {};
}

Result<void> SampleCrm::begin(Fault fault, TimePoint now) {
  const char* deal = is_slow() ? "deal_rows" : "deal";
  const char* contact = is_slow() ? "contact_rows" : "contact";
  std::error_code error;
  switch (fault) {
    case Fault::slow: return make_slow(0.4);
    case Fault::very_slow: return make_slow(1.1);
    case Fault::down:
      std::filesystem::rename(file_, file_ + ".offline", error);
      if (error) return Error{fmt::format("cannot move {} away: {}", file_, error.message())};
      return {};
    case Fault::dirty: return database_.execute(fmt::format("UPDATE {} SET email = NULL WHERE id % 2 = 0;", contact));
    case Fault::stale: {
      // The stop was a while ago: nobody has to wait to see it.
      const std::int64_t before = unix_seconds(now) - 120;
      return database_.execute(fmt::format(
          "BEGIN; UPDATE {1} SET modified_at = min(modified_at, {0}); UPDATE {2} SET modified_at = min(modified_at, "
          "{0}); UPDATE account SET modified_at = min(modified_at, {0}); COMMIT;",
          before, deal, contact));
    }
    case Fault::none: return {};
  }
  return {};
}

Result<void> SampleCrm::set_fault(Fault fault, TimePoint now) {
  if (faults_.contains(fault)) return {};
  // SQLite writes to no file that was moved away: it is brought back for the change.
  const bool down = faults_.contains(Fault::down);
  if (auto back = end(Fault::down); !back) return back;
  const bool slow = fault == Fault::slow || fault == Fault::very_slow;
  for (const Fault other : {Fault::slow, Fault::very_slow, Fault::stale, Fault::dirty}) {
    const bool goes = fault == Fault::none || (slow && (other == Fault::slow || other == Fault::very_slow));
    if (!goes) continue;
    if (auto ended = end(other); !ended) return ended;
  }
  for (const Fault one : {fault, down ? Fault::down : Fault::none}) {
    if (fault == Fault::none || one == Fault::none) continue;
    if (auto begun = begin(one, now); !begun) return begun;
    faults_.insert(one);
  }
  return {};
}

}  // namespace crmpulse::sandbox
