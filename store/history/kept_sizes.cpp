#include "store/history/kept_sizes.h"

#include <array>

#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

struct KindQuery {
  std::string_view kind;
  std::string_view sql;  ///< two columns: bytes, oldest
};

constexpr std::array kKinds{
    KindQuery{
        "journal",
        "SELECT coalesce((SELECT end_offset FROM journal ORDER BY seq DESC LIMIT 1) - (SELECT end_offset - "
        "length(body) FROM journal ORDER BY seq LIMIT 1), 0), (SELECT received FROM journal ORDER BY seq LIMIT 1)"},
    KindQuery{"samples", "SELECT coalesce(sum(length(block)), 0), min(part) FROM history"},
    KindQuery{"minutes", "SELECT coalesce(sum(bytes), 0), min(span) FROM rollup WHERE tier = 0"},
    KindQuery{"hours", "SELECT coalesce(sum(bytes), 0), min(span) FROM rollup WHERE tier = 1"},
    KindQuery{"days", "SELECT coalesce(sum(bytes), 0), min(span) FROM rollup WHERE tier = 2"},
    KindQuery{"states", "SELECT coalesce(sum(length(crm) + 20), 0), min(at) FROM crm_state"},
    KindQuery{"incidents",
              "SELECT coalesce(sum(length(detail)), 0) + (SELECT coalesce(sum(length(body)), 0) FROM incident_event), "
              "min(opened) FROM incident"},
    KindQuery{"messages", "SELECT coalesce(sum(length(body)), 0), min(created) FROM outbox"},
    KindQuery{"snapshots",
              "SELECT coalesce(sum(length(blob)), 0) + (SELECT coalesce(sum(length(value)), 0) FROM meta), NULL FROM "
              "engine_state"},
};

}  // namespace

Result<std::vector<KeptSize>> kept_sizes(Database& database) {
  std::vector<KeptSize> sizes;
  for (const KindQuery& one : kKinds) {
    KeptSize size{one.kind, 0, {}};
    const auto done = each_row(query(database, one.sql), [&size](const Statement& row) {
      size.bytes = row.integer(0);
      if (!row.is_null(1)) size.oldest = time_at(row, 1);
    });
    if (!done) return done.error();
    sizes.push_back(size);
  }
  return sizes;
}

}  // namespace crmpulse::store
