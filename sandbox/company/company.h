#pragma once
// The one company behind every vendor API of the sandbox: accounts, contacts, leads, opportunities, cases, tasks, users
// and their logins, in memory. It lives: records are created and changed as time passes.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/time/time.h"

namespace crmpulse::sandbox {

enum class Kind { account, contact, lead, opportunity, case_, task, user, login };
inline constexpr std::size_t kKinds = 8;
/// `account`, `contact`, `lead`, `opportunity`, `case`, `task`, `user`, `login`.
[[nodiscard]] std::string_view to_string(Kind kind);
[[nodiscard]] std::optional<Kind> kind_from(std::string_view name);

using RecordId = std::uint64_t;  ///< unique over all kinds; 0: none

/// Text, number, boolean, time, or nothing (null). References to records are numbers: their id.
using Value = std::variant<std::monostate, bool, double, std::string, TimePoint>;
using Fields = std::map<std::string, Value, std::less<>>;

/// Fields every record has besides its own: created, modified, created_by, modified_by, owner.
///
/// | kind | fields |
/// |---|---|
/// | account | name, phone, website (domain), city, country, industry |
/// | contact | first_name, last_name, email, phone, mobile, account, title, email_bounced (bool) |
/// | lead | first_name, last_name, company, email, phone, mobile, status, converted (bool), converted_at,
/// last_activity,
///           first_touch (time of the first answer), unread (bool), title |
/// | opportunity | name, account, amount, stage, closed (bool), won (bool), close_date, closed_at, next_step,
///                 stage_changed, last_activity, currency |
/// | case_ | subject, account, contact, status, priority, origin, closed (bool), closed_at, first_reply, csat (1…5) |
/// | task | subject, who (lead or contact), what (opportunity or case), status, due, done_at |
/// | user | name, email, active (bool), last_login, type |
/// | login | user, at, status (Success, Invalid Password), application |
///
/// Stages: Prospecting, Qualification, Proposal, Negotiation, Closed Won, Closed Lost. Lead status: Open - Not
/// Contacted, Working - Contacted, Closed - Converted, Closed - Not Converted. Case status: New, Working, Escalated,
/// Closed. `closed`, `won`, `closed_at`, `stage_changed` follow the stage or status that is written.
struct Record {
  RecordId id = 0;
  Kind kind = Kind::account;
  TimePoint created;
  TimePoint modified;
  RecordId created_by = 0;
  RecordId modified_by = 0;
  RecordId owner = 0;
  Fields fields;                     ///< a field that is not there is null
  std::optional<TimePoint> deleted;  ///< in the recycle bin since
  TimePoint visible;                 ///< searches find it from here on (search lag)
};

/// Names a field, also the common ones (`created`, `modified`, `owner`, `id`, `created_by`, `modified_by`), `kind` and
/// `deleted` (bool); `name` of contacts and leads is made of both names, `closed` of a task is that it is done.
[[nodiscard]] Value field(const Record& record, std::string_view name);

/// One thread. The same company every time: what is in it depends on the time it was made and the time it has lived to,
/// not on how often live() was called.
class Company {
 public:
  /// About 40 users, 400 accounts, 1,200 contacts, 600 leads, 500 opportunities, 400 cases, 2,000 tasks, 3,000 logins
  /// over two years (logins: half a year), with a known share of dirty records.
  explicit Company(TimePoint now);

  /// Business up to `now`: logins, new leads, answered leads, moved opportunities, closed cases. Nothing while stale.
  void live(TimePoint now);
  void set_stale(bool stale) { stale_ = stale; }
  /// What was changed or created after `newest` was changed or created then: makes a stop look older than it is.
  void age(TimePoint newest);
  /// Empties e-mails of half of the contacts and doubles others; undone by `false`.
  void set_dirty(bool dirty);
  /// How long a written record stays invisible to searches.
  void set_search_lag(Duration lag) { search_lag_ = lag; }

  [[nodiscard]] const std::vector<RecordId>& of(Kind kind) const;  ///< in order of creation, deleted ones too
  [[nodiscard]] const Record* find(RecordId id) const;             ///< also a deleted one; null: never existed
  RecordId create(Kind kind, Fields fields, RecordId by, TimePoint now);
  /// Returns false if there is no such record, or it is deleted.
  bool update(RecordId id, const Fields& fields, RecordId by, TimePoint now);
  bool remove(RecordId id, RecordId by, TimePoint now);
  /// Takes back what a transaction wrote: a record as it was before, or one that was not there.
  void put_back(const Record& before);
  void forget(RecordId id);
  /// The user API calls act as.
  [[nodiscard]] RecordId api_user() const { return api_user_; }

 private:
  struct Seeder;
  struct Business;
  RecordId add(Record record);

  std::map<RecordId, Record> records_;
  std::map<Kind, std::vector<RecordId>> by_kind_;
  RecordId next_ = 1;
  RecordId api_user_ = 0;
  TimePoint lived_;
  bool stale_ = false;
  bool dirty_ = false;
  Duration search_lag_{};
  std::map<RecordId, Value> clean_;  ///< e-mails as they were before set_dirty
};

}  // namespace crmpulse::sandbox
