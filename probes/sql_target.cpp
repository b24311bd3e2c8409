#include "probes/sql_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/time/clock.h"
#include "probes/sql/open.h"
#include "probes/template/template.h"

namespace crmpulse::probes {
namespace {

std::optional<Problem> url_problem(const TargetSpec& spec) {
  const Recipe& recipe = *spec.recipe;
  const std::string url = spec.arguments.text("url");
  const auto problem = [&](std::string message) {
    return Problem{recipe.file, 0, fmt::format("url ({})", spec.crm), std::move(message)};
  };
  if (const auto fault = sql::check_url(url)) return problem(fault->message);
  const Dialect dialect = sql::dialect_of(url).value();
  if (std::find(recipe.dialects.begin(), recipe.dialects.end(), dialect) == recipe.dialects.end())
    return problem(fmt::format("the recipe has no queries for {}", to_string(dialect)));
  return std::nullopt;
}

Problems statement_problems(const TargetSpec& spec, const TransportTarget::Plan& plan) {
  Problems problems;
  const Recipe& recipe = *spec.recipe;
  const Values values{recipe, spec.arguments, "0123456789abcdef", std::string{spec.labels.get("agent")}, wall_now()};
  const Dialect dialect = sql::dialect_of(spec.arguments.text("url")).value();
  for (const Target::Planned& planned : plan) {
    const Measurement& measurement = *planned.measurement;
    const auto check = [&](const Template& text) {
      if (text.empty()) return;
      const Result<std::string> expanded = expand(text.text(dialect), values, Place::sql, dialect);
      if (expanded) return;
      problems.push_back(
          {recipe.file, measurement.line, fmt::format("{} ({})", measurement.id, spec.crm), expanded.error().message});
    };
    check(measurement.query);
    for (const Step& step : measurement.steps) {
      check(step.statement);
      check(step.query);
    }
  }
  return problems;
}

}  // namespace

TransportTarget::Made SqlTarget::make(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec,
                                      Plan plan) {
  if (auto problem = url_problem(*spec)) return Problems{*std::move(problem)};
  if (Problems problems = statement_problems(*spec, plan); !problems.empty()) return problems;
  return std::make_shared<SqlTarget>(runtime, spec, std::move(plan));
}

SqlTarget::SqlTarget(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec, Plan plan)
    : TransportTarget(runtime, spec, std::move(plan)),
      gate_(runtime.login_gates.of(spec->arguments.text("url"), spec->arguments.secret("password"))),
      alive_{runtime.liveness_workers, SqlRunner{*spec, runtime.kept, gate_, told_}},
      rest_{runtime.workers, SqlRunner{*spec, runtime.kept, gate_, told_}} {}

std::string SqlTarget::pooler() const {
  std::string found = rest_.runner.pooler();
  if (found.empty()) found = alive_.runner.pooler();
  if (!found.empty()) return found + " is in front of the database";
  const std::string guess = sql::pooler_guess(spec().arguments.text("url"));
  return guess.empty() ? guess : "there may be a connection pooler in front of the database: " + guess;
}

void SqlTarget::begin(const std::shared_ptr<Run>& run) {
  const std::lock_guard lock{mutex_};
  Lane& lane = lane_of(*run);
  lane.queue.push_back(run);
  if (lane.busy) return;
  lane.busy = true;
  hand_to_worker(lane);
}

void SqlTarget::hand_to_worker(Lane& lane) {
  lane.workers.submit([self = shared_from_this(), this, &lane] { work(lane); });
}

/// One run, then back to the end of the workers' line: other targets wait there too.
void SqlTarget::work(Lane& lane) {
  std::shared_ptr<Run> run;
  {
    const std::lock_guard lock{mutex_};
    while (!lane.queue.empty() && (!run || run->finished)) {
      run = std::move(lane.queue.front());
      lane.queue.pop_front();
    }
    lane.active = run;
  }
  if (run && !run->finished) do_run(lane, run);
  const std::lock_guard lock{mutex_};
  lane.active.reset();
  if (lane.queue.empty()) {
    lane.busy = false;
  } else {
    hand_to_worker(lane);
  }
}

void SqlTarget::do_run(Lane& lane, const std::shared_ptr<Run>& run) {
  const sql::Limits limits{run->deadline, run->plan.timeout, &run->cancel};
  if (limits.over()) return expire(run);
  try {
    finish(run, lane.runner.run(*run->plan.measurement, limits));
  } catch (const std::exception& error) {
    // Out of memory, out of descriptors: this machine's fault, told like any other.
    finish(run, only_failure(Stage::request, Reason::internal, one_line(error.what())));
  }
}

Found SqlTarget::overdue(const Run& run) {
  std::string holder;
  bool started = false;
  {
    const std::lock_guard lock{mutex_};
    const Lane& lane = lane_of(run);
    started = lane.active.get() == &run;
    if (!started && lane.active) holder = lane.active->plan.measurement->id;
  }
  const std::string timeout = format_duration(run.plan.timeout);
  if (started) return only_failure(Stage::request, Reason::timeout, fmt::format("no answer within {}", timeout));
  if (holder.empty())
    return only_failure(Stage::request, Reason::skipped, fmt::format("no worker was free within {}", timeout));
  // Liveness waited for an earlier one of its kind that hangs: skipped would leave that unnoticed.
  const Reason reason = run.plan.measurement->liveness ? Reason::timeout : Reason::skipped;
  return only_failure(Stage::request, reason, fmt::format("the connection was held by '{}' for {}", holder, timeout));
}

void SqlTarget::close() {
  const std::lock_guard lock{mutex_};
  alive_.queue.clear();
  rest_.queue.clear();
}

}  // namespace crmpulse::probes
