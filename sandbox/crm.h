#pragma once
// The one company behind every dialect of the sandbox: accounts, contacts, leads, opportunities, cases, tasks, users
// and their logins, in memory. It lives: records are created and changed as time passes.

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/time.h"

namespace crmpulse::sandbox {

enum class Kind { account, contact, lead, opportunity, case_, task, user, login };
inline constexpr std::size_t kKinds = 8;

using RecordId = std::uint64_t;  ///< unique over all kinds; 0: none

/// Text, number, boolean, time, or nothing (null). References to records are numbers: their id.
using Value = std::variant<std::monostate, bool, double, std::string, TimePoint>;

/// Fields every record has besides its own: created, modified, created_by, modified_by, owner.
///
/// | kind | fields |
/// |---|---|
/// | account | name, phone, website (domain), city, country, industry |
/// | contact | first_name, last_name, email, phone, mobile, account, title, email_bounced (bool) |
/// | lead | first_name, last_name, company, email, phone, status, converted (bool), converted_at, last_activity,
///           first_touch (time of the first answer), unread (bool), title |
/// | opportunity | name, account, amount, stage, closed (bool), won (bool), close_date, closed_at, next_step,
///                 stage_changed, last_activity, currency |
/// | case_ | subject, account, contact, status, priority, origin, closed (bool), closed_at, first_reply, csat (1…5) |
/// | task | subject, who (lead or contact), what (opportunity or case), status, due, done_at |
/// | user | name, email, active (bool), last_login, type |
/// | login | user, at, status (Success, Invalid Password), application |
struct Record {
  RecordId id = 0;
  Kind kind = Kind::account;
  TimePoint created;
  TimePoint modified;
  RecordId created_by = 0;
  RecordId modified_by = 0;
  RecordId owner = 0;
  std::map<std::string, Value, std::less<>> fields;  ///< a field that is not there is null
  std::optional<TimePoint> deleted;                  ///< in the recycle bin since
  TimePoint visible;                                 ///< searches find it from here on (search lag)
};

/// Names a field, also the common ones (`created`, `modified`, `owner`, `id`, `created_by`, `modified_by`).
[[nodiscard]] Value field(const Record& record, std::string_view name);

/// One thread.
class Crm {
 public:
  /// Seeded the same way every time (about 40 users, 400 accounts, 1,200 contacts, 600 leads, 500 opportunities,
  /// 400 cases, 2,000 tasks, 3,000 logins over two years), with a known share of dirty records.
  explicit Crm(TimePoint now);

  /// Business up to `now`: logins, new leads, answered leads, moved opportunities, closed cases. Nothing while stale.
  void live(TimePoint now);
  void set_stale(bool stale) { stale_ = stale; }
  /// Empties e-mails of half of the contacts and doubles others; undone by `false`.
  void set_dirty(bool dirty);
  /// How long a written record stays invisible to searches.
  void set_search_lag(Duration lag) { search_lag_ = lag; }

  [[nodiscard]] const std::vector<RecordId>& of(Kind kind) const;  ///< in order of creation, deleted ones too
  [[nodiscard]] const Record* find(RecordId id) const;             ///< also a deleted one; null: never existed
  RecordId create(Kind kind, std::map<std::string, Value, std::less<>> fields, RecordId by, TimePoint now);
  /// False: no such record, or deleted.
  bool update(RecordId id, const std::map<std::string, Value, std::less<>>& fields, RecordId by, TimePoint now);
  bool remove(RecordId id, RecordId by, TimePoint now);
  /// The user API calls act as.
  [[nodiscard]] RecordId api_user() const;

 private:
  std::map<RecordId, Record> records_;
  std::map<Kind, std::vector<RecordId>> by_kind_;
  RecordId next_ = 1;
  TimePoint lived_;
  bool stale_ = false;
  bool dirty_ = false;
  Duration search_lag_{};
  std::map<RecordId, Value> clean_;  ///< e-mails as they were before set_dirty
  std::mt19937 random_{20261121};    // the same company every time
};

}  // namespace crmpulse::sandbox
