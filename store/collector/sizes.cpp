#include "store/collector/sizes.h"

#include <algorithm>

#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

Result<std::int64_t> number(Database& database, std::string_view sql) {
  const auto found = one_integer(query(database, sql));
  if (!found) return found.error();
  return found->value_or(0);
}

}  // namespace

Result<std::vector<KindSize>> store_sizes(Database& database) {
  // end_offset counts all bodies as one long file: a run of records is a difference of two rows.
  const auto journal =
      number(database,
             "SELECT coalesce((SELECT end_offset FROM journal ORDER BY seq DESC LIMIT 1) - (SELECT end_offset - "
             "length(body) FROM journal ORDER BY seq LIMIT 1), 0)");
  if (!journal) return journal.error();
  const auto pages = number(database, "PRAGMA page_count");
  if (!pages) return pages.error();
  const auto unused = number(database, "PRAGMA freelist_count");
  if (!unused) return unused.error();
  const auto size = number(database, "PRAGMA page_size");
  if (!size) return size.error();
  const std::int64_t used = (*pages - *unused) * *size;
  return std::vector<KindSize>{
      {"journal", *journal}, {"stored", std::max(std::int64_t{0}, used - *journal)}, {"free", *unused * *size}};
}

}  // namespace crmpulse::store
