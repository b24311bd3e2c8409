#include "probes/sql/run_sql.h"

#include <fmt/format.h>

#include "core/log.h"
#include "core/time/clock.h"
#include "probes/rows/reduce.h"
#include "probes/rows/values.h"
#include "probes/rows/warning.h"
#include "probes/sql/open.h"

namespace crmpulse::probes {
namespace {

/// What a step's query gave in its first row.
class FirstRow final : public sql::Rows {
 public:
  explicit FirstRow(const std::string& column) : column_(column) {}
  void columns(const std::vector<std::string>& names) override {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == column_) index_ = i;
    }
  }
  bool row(std::span<const sql::Cell> cells) override {
    if (++rows_ == 1 && index_ && !cells[*index_].null) value_ = number_of(cells[*index_]);
    return rows_ < kMaxCountedRows;
  }
  [[nodiscard]] std::optional<sql::SqlError> compare(double wanted) const {
    const auto fault = [](Reason reason, std::string text) {
      return sql::SqlError{Stage::content, reason, {}, std::move(text), false};
    };
    if (!index_) return fault(Reason::bad_content, fmt::format("the answer has no column '{}'", column_));
    if (!value_) return fault(Reason::missing, fmt::format("the answer has no number in '{}'", column_));
    if (*value_ != wanted)
      return fault(Reason::bad_content, fmt::format("'{}' is {}, not {}", column_, *value_, wanted));
    return std::nullopt;
  }

 private:
  const std::string& column_;
  std::optional<std::size_t> index_;
  std::optional<double> value_;
  std::uint64_t rows_ = 0;
};

bool matches(const FailureMapping& mapping, const sql::SqlError& error) {
  if (mapping.status) return false;
  if (!mapping.sqlstate.empty() && !error.sqlstate.starts_with(mapping.sqlstate)) return false;
  return mapping.contains.empty() || error.message.find(mapping.contains) != std::string::npos;
}

/// A connection that was idle shows within this part of the time, and no more than this, that it is alive; what is left
/// is for a new one.
constexpr int kProofPart = 3;
constexpr Duration kLongestProof{3000};

sql::Limits with_proof(const sql::Limits& limits) {
  sql::Limits out = limits;
  const auto now = std::chrono::steady_clock::now();
  out.accepted_by = now + std::min<sql::SteadyTime::duration>((limits.deadline - now) / kProofPart, kLongestProof);
  return out;
}

/// Ours was dead before the server took the statement: that says nothing of the CRM, and nothing was run.
bool was_dead(const sql::StatementResult& outcome) {
  // An answer too large to take (stage content) is one, and would come again.
  return outcome.error && outcome.error->connection_lost && !outcome.accepted &&
         outcome.error->stage != Stage::content && outcome.error->reason != Reason::skipped;
}

/// Did the server refuse for want of a right? Its class of codes tells it from a transaction or a server that only
/// reads.
bool lacks_right(const sql::SqlError& error, const Failure& failure) {
  constexpr std::string_view kAccessRule = "42";
  return failure.stage == Stage::request && failure.reason == Reason::permission &&
         error.sqlstate.starts_with(kAccessRule);
}

sql::SqlError bad_statement(const Error& error) {
  return sql::SqlError{Stage::request, Reason::bad_content, {}, one_line(error.message), false};
}

}  // namespace

SqlRunner::SqlRunner(const TargetSpec& spec, std::shared_ptr<sql::KeptConnections> kept,
                     std::shared_ptr<sql::LoginGate> gate, std::shared_ptr<ToldOnce> told, Now now)
    : spec_(spec),
      dialect_(sql::dialect_of(spec.arguments.text("url")).value()),
      kept_(std::move(kept)),
      gate_(std::move(gate)),
      now_(std::move(now)),
      told_(std::move(told)) {}

SqlRunner::~SqlRunner() {
  reading_.connection.reset();
  writing_.connection.reset();
  settle();
}

void SqlRunner::settle() {
  const int open = open_connections();
  if (open == counted_) return;
  const bool room = kept_->change(counted_, open);
  counted_ = open;
  if (room) return;
  reading_.connection.reset();
  writing_.connection.reset();
  settle();
}

std::string SqlRunner::pooler() const {
  const std::lock_guard lock{mutex_};
  return pooler_;
}

Failure SqlRunner::failure_of(const Recipe& recipe, const sql::SqlError& error) {
  Failure failure{error.stage, error.reason, error.message};
  for (const FailureMapping& mapping : recipe.failures) {
    if (!matches(mapping, error)) continue;
    failure.stage = mapping.stage;
    failure.reason = mapping.reason;
    break;
  }
  if (!recipe.rights.empty() && lacks_right(error, failure)) {
    failure.message =
        one_line(fmt::format("{}; `crmpulse-agent recipes {}` (for a recipe of your own: with its file) "
                             "prints what to grant",
                             failure.message, recipe.name));
  }
  return failure;
}

Found SqlRunner::run(const Measurement& measurement, const sql::Limits& limits) {
  Found found = measurement.transaction.empty() ? run_query(measurement, limits) : run_transaction(measurement, limits);
  settle();
  return found;
}

Values SqlRunner::values() const {
  return Values{*spec_.recipe, spec_.arguments, new_run_id(), std::string{spec_.labels.get("agent")}, wall_now()};
}

Result<std::string> SqlRunner::statement(const Template& text, const Values& values) const {
  return expand(text.text(dialect_), values, Place::sql, dialect_);
}

bool SqlRunner::is_usable(const Kept& kept) const {
  return kept.connection && now_() - kept.used < kMaxIdle && kept.connection->is_healthy();
}

std::optional<sql::SqlError> SqlRunner::open(Kept& kept, bool read_only, const sql::Limits& limits, Found& found) {
  kept.connection.reset();
  if (const auto refused = gate_->enter(limits)) {
    found.login_failed = true;
    found.login_told = true;
    return sql::SqlError{refused->stage, refused->reason, {}, refused->message, true};
  }
  auto error = log_in(kept, read_only, limits, found);
  std::optional<Failure> failed;
  if (error) failed = Failure{error->stage, error->reason, error->message};
  gate_->leave(failed);
  found.login_failed = failed && sql::LoginGate::is_refusal(*failed);
  return error;
}

std::optional<sql::SqlError> SqlRunner::log_in(Kept& kept, bool read_only, const sql::Limits& limits, Found& found) {
  sql::Opened opened =
      sql::open({dialect_, spec_.arguments.text("url"), spec_.arguments.secret("password"), read_only}, limits);
  found.phases = std::move(opened.phases);
  for (const std::string& note : opened.notes) {
    if (told_->first(note)) log::warning(note, {{"crm", spec_.crm}});
  }
  kept.connection = std::move(opened.connection);
  kept.used = now_();
  if (!kept.connection) return opened.error;
  std::string pooler = kept.connection->pooler();
  const std::lock_guard lock{mutex_};
  if (!pooler.empty() && told_->first(pooler))
    log::info("a pooler is in front of the database: no setting of a session outlives its statement",
              {{"crm", spec_.crm}, {"pooler", pooler}});
  pooler_ = std::move(pooler);
  return opened.error;
}

Found SqlRunner::run_query(const Measurement& measurement, const sql::Limits& limits) {
  Found found;
  const Result<std::string> text = statement(measurement.query, values());
  if (!text) {
    found.failure = failure_of(*spec_.recipe, bad_statement(text.error()));
    return found;
  }
  Kept fresh;
  Kept& kept = measurement.fresh_connection ? fresh : reading_;
  std::optional<sql::SqlError> of_dead;  // what became of a connection of ours that was kept
  while (true) {
    const bool reused = is_usable(kept);
    std::optional<sql::SqlError> error = reused ? std::nullopt : open(kept, true, limits, found);
    RowReader rows{measurement.samples, measurement.rows, spec_.labels, wall_now()};
    if (!error) {
      const sql::StatementResult outcome = kept.connection->query(*text, reused ? with_proof(limits) : limits, rows);
      kept.used = now_();
      error = outcome.error;
      if (reused && !of_dead && was_dead(outcome) && !limits.over()) {
        of_dead = error;
        kept.connection.reset();
        continue;
      }
      if (!error) {
        rows.finish();
        for (const auto& phase : found.phases) found.duration += measurement.fresh_connection ? phase.second : 0;
        found.duration += outcome.first_byte + outcome.transfer;
        found.phases.emplace_back("first_byte", outcome.first_byte);
        found.phases.emplace_back("transfer", outcome.transfer);
        found.failure = rows.failure();
        found.samples = std::move(rows.samples());
        found.rows_truncated = rows.truncated();
        if (rows.truncated() > 0 && needs_all_rows(measurement.samples))
          found.warnings.push_back(cut_warning({rows.rows(), std::nullopt, measurement.rows, std::nullopt}));
        return found;
      }
    }
    if (error->connection_lost) kept.connection.reset();
    // A server that hangs is silent on both: then the statement is what was not answered.
    if (of_dead && of_dead->reason == Reason::timeout && error->reason == Reason::timeout) error = of_dead;
    found.failure = failure_of(*spec_.recipe, *error);
    return found;
  }
}

std::optional<sql::SqlError> SqlRunner::connect_for_writing(const sql::Limits& limits, Found& found) {
  if (is_usable(writing_)) {
    sql::NoRows none;
    if (!writing_.connection->query("SELECT 1", with_proof(limits), none).error) return std::nullopt;
  }
  return open(writing_, false, limits, found);
}

std::optional<sql::SqlError> SqlRunner::run_step(const Step& step, const Values& values, const sql::Limits& limits) {
  const Result<std::string> text = statement(step.query.empty() ? step.statement : step.query, values);
  if (!text) return bad_statement(text.error());
  if (step.query.empty()) return writing_.connection->execute(*text, limits).error;
  FirstRow rows{step.expect_column};
  const sql::StatementResult outcome = writing_.connection->query(*text, limits, rows);
  if (outcome.error || !step.expect_equals) return outcome.error;
  return rows.compare(*step.expect_equals);
}

Found SqlRunner::run_transaction(const Measurement& measurement, const sql::Limits& limits) {
  Found found;
  // A third of the time is kept for cleaning up after a step that took too long.
  const auto now = std::chrono::steady_clock::now();
  sql::Limits step_limits = limits;
  step_limits.deadline = now + (limits.deadline - now) * 2 / 3;
  std::optional<sql::SqlError> error = connect_for_writing(step_limits, found);
  if (error) {
    found.failure = failure_of(*spec_.recipe, *error);
    return found;
  }
  const Values bound = values();
  for (const Step& step : measurement.steps) {
    if (found.failure && !step.cleanup) continue;
    const sql::Limits& own = step.cleanup ? limits : step_limits;
    const auto started = std::chrono::steady_clock::now();
    Found reconnected;
    const bool usable = writing_.connection && writing_.connection->is_healthy();
    error = usable ? std::nullopt : open(writing_, false, own, reconnected);
    found.login_failed = found.login_failed || reconnected.login_failed;
    if (!error) error = run_step(step, bound, own);
    writing_.used = now_();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    found.duration += seconds;
    if (!error) {
      found.steps.emplace_back(step.step, seconds);
      continue;
    }
    if (error->connection_lost) writing_.connection.reset();
    Failure failure = failure_of(*spec_.recipe, *error);
    failure.message = one_line(fmt::format("step {}: {}{}", step.step, failure.message,
                                           found.failure ? "; before it " + found.failure->message : ""));
    if (step.cleanup) failure.stage = Stage::cleanup;
    found.failure = std::move(failure);
  }
  return found;
}

}  // namespace crmpulse::probes
