#include "store/collector/copy.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <string_view>

#include "core/files/private_file.h"
#include "store/collector/collector_store.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

/// Steps of SQLite's machine between two looks at how far it is.
constexpr int kStepsBetweenLooks = 100'000;

/// Reports while it lives, as long as SQLite works on this connection.
class Reporter {
 public:
  Reporter(Database& database, std::function<void()> report) : database_(database), report_(std::move(report)) {
    const auto look = [](void* self) {
      static_cast<Reporter*>(self)->report_();
      return 0;
    };
    sqlite3_progress_handler(database_.handle(), kStepsBetweenLooks, look, this);
  }
  ~Reporter() { sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr); }
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

 private:
  Database& database_;
  std::function<void()> report_;
};

std::uint64_t size_of(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::uint64_t>(size);
}

Result<std::int64_t> integer_of(Database& database, std::string_view sql) {
  const auto value = one_integer(query(database, sql));
  if (!value) return value.error();
  return value->value_or(0);
}

Result<void> add_companions(const std::string& file, const Companions& companions) {
  auto copy = Database::open(file, Database::Mode::copy);
  if (!copy) return copy.error();
  if (auto made = copy->execute("CREATE TABLE companion(name TEXT PRIMARY KEY, content BLOB NOT NULL)"); !made)
    return made;
  for (const auto& [name, content] : companions) {
    if (auto added = run(*copy, "INSERT INTO companion(name, content) VALUES(?, ?)", name, Blob{content}); !added)
      return added;
  }
  return {};
}

Result<bool> has_table(Database& database, const std::string& name) {
  const auto found =
      one_integer(query(database, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", name));
  if (!found) return found.error();
  return found->has_value();
}

Result<void> check_version(Database& copy, const std::string& file) {
  const auto version = integer_of(copy, "PRAGMA user_version");
  if (!version) return version.error();
  const std::int64_t known = collector_schema();
  if (*version > known) {
    return Error{
        fmt::format("{} was made by a newer version (schema {}, this one knows {}): install that version and "
                    "restore with it, or take a copy from before the upgrade",
                    file, *version, known)};
  }
  const auto states = has_table(copy, "engine_state");
  if (!states) return states.error();
  if (*version < 1 || !*states) return Error{"none of its tables is there", ErrorCode::damaged};
  return {};
}

Result<void> check_pages(Database& copy) {
  const auto statement = query(copy, "PRAGMA integrity_check(1)");
  if (!statement) return statement.error();
  const Result<bool> row = (*statement)->step();
  if (!row) return row.error();
  const std::string said{(*statement)->text(0)};
  (*statement)->reset();
  if (said != "ok") return Error{said, ErrorCode::damaged};
  return {};
}

Result<CopyFacts> facts_of(Database& copy) {
  CopyFacts facts;
  const auto crms = integer_of(copy, "SELECT count(*) FROM engine_state WHERE crm <> ''");
  if (!crms) return crms.error();
  facts.crms = *crms;
  const auto incidents = integer_of(copy, "SELECT count(*) FROM incident");
  if (!incidents) return incidents.error();
  facts.incidents = *incidents;
  const auto companions = has_table(copy, "companion");
  if (!companions) return companions.error();
  facts.has_companions = *companions;
  return facts;
}

}  // namespace

Result<void> write_copy(Database& reader, const std::string& file, const Companions& companions,
                        const CopyProgress& progress) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) return Error{fmt::format("{} exists", file)};
  // Nobody else may read it, from its first byte on.
  if (auto made = files::create_private(file); !made) return made;
  const auto pages = integer_of(reader, "PRAGMA page_count");
  if (!pages) return pages.error();
  const auto page = integer_of(reader, "PRAGMA page_size");
  if (!page) return page.error();
  // One read transaction: consistent while the collector writes. What is written is another file, which a reader may
  // not do unless told; the store itself stays opened read-only.
  if (auto allowed = reader.execute("PRAGMA query_only = OFF"); !allowed) return allowed;
  auto statement = reader.prepare("VACUUM INTO ?1");
  if (!statement) return statement.error();
  statement->bind(1, std::string_view{file});
  {
    const auto all = static_cast<std::uint64_t>(*pages * *page);
    const Reporter reporter{reader, [&] { progress(size_of(file), all); }};
    if (auto copied = statement->run(); !copied) return copied;
  }
  return add_companions(file, companions);
}

Result<CopyFacts> check_copy(const std::string& file, const CopyProgress& progress) {
  auto facts = [&]() -> Result<CopyFacts> {
    auto copy = Database::open(file, Database::Mode::reader);
    if (!copy) return copy.error();
    if (auto known = check_version(*copy, file); !known) return known.error();
    {
      const Reporter reporter{*copy, [&] { progress(0, 0); }};
      if (auto sound = check_pages(*copy); !sound) return sound.error();
    }
    return facts_of(*copy);
  }();
  if (facts.has_value() || facts.error().code != ErrorCode::damaged) return facts;
  // A mark for the writer of a store, which a copy has not.
  std::error_code ignored;
  std::filesystem::remove(file + ".suspect", ignored);
  return Error{fmt::format("{} is damaged, or is not a copy of a collector's store: take another copy", file),
               ErrorCode::damaged};
}

Result<Companions> take_companions(const std::string& file) {
  auto copy = Database::open(file, Database::Mode::copy);
  if (!copy) return copy.error();
  Companions out;
  const auto there = has_table(*copy, "companion");
  if (!there) return there.error();
  if (!*there) return out;
  const auto read = each_row(query(*copy, "SELECT name, content FROM companion"), [&](const Statement& row) {
    out.emplace(std::string{row.text(0)}, std::string{row.blob(1)});
  });
  if (!read) return read.error();
  if (auto gone = copy->execute("DROP TABLE companion"); !gone) return gone.error();
  return out;
}

}  // namespace crmpulse::store
