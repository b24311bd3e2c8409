#include "collector/report/goal_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "collector/http/answers.h"
#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "collector/receivers/base/receiver.h"
#include "collector/report/figures/period.h"
#include "collector/report/format/formats.h"
#include "collector/report/format/words.h"
#include "collector/report/stored_readings.h"
#include "core/log.h"
#include "core/text/percent.h"
#include "core/time/hours.h"

namespace crmpulse::collector {
namespace {

using report::GoalProgress;

constexpr Duration kAgain{std::chrono::minutes{10}};

/// A goal with another target or date is another goal.
std::string key_of(const Goal& goal) {
  return fmt::format("goal/{}/{}/{}/{}/{}", goal.crm, goal.name, goal.metric, goal.target, date_text(goal.by));
}

std::string dedup_key_of(const Goal& goal) {
  return fmt::format("goal/{}/{}", goal.crm, goal.name);
}

/// Those that call people out or keep states take none, as they take no reports.
bool takes_goals(const ReceiverSettings& receiver, const Labels& labels) {
  return !receiver.heartbeat && !receiver.acknowledges && !(receiver.receiver && receiver.receiver->repeats()) &&
         matches(receiver.only, labels);
}

Message goal_message(const GoalProgress& progress, TimePoint at, const ReceiverSettings& receiver, const Labels& labels,
                     const std::string& external_url) {
  Message message;
  message.type = Event::goal;
  message.at = at;
  message.language = receiver.language;
  message.subject = progress.goal.crm;
  message.kind = labels.get("kind");
  message.about = progress.goal.name;
  message.reason = to_string(standing_of(progress));
  if (!external_url.empty()) message.link = fmt::format("{}/crm/{}", external_url, percent_encoded(progress.goal.crm));
  message.text = {report::goal_news(progress, Language::en), report::goal_news(progress, Language::zh)};
  return message;
}

}  // namespace

void GoalKeeper::tick(TimePoint now) {
  CRMPULSE_ON_LOOP(parts_.loop);
  if (working_ || now < next_look_) return;
  working_ = true;
  next_look_ = now + kEvery;
  const std::shared_ptr<const Configuration> by = parts_.configuration();
  const auto work = [by, now] { return read(*by, now); };
  parts_.thread.run(work, [this, by, now](Result<std::vector<Seen>> seen) { take(std::move(seen), now, by); });
}

/// On the thread that reads. Most of it is one question a goal, by days.
Result<std::vector<GoalKeeper::Seen>> GoalKeeper::read(const Configuration& configuration, TimePoint at) {
  std::vector<Seen> out;
  const Settings& settings = configuration.settings;
  if (settings.goals.empty()) return out;
  auto database = store::open_collector_reader(settings.state_dir);
  if (!database) return database.error();
  std::map<std::string, report::StoredReadings> readings;
  for (const Goal& goal : settings.goals) {
    auto [of_crm, fresh] = readings.try_emplace(goal.crm, *database, goal.crm, std::nullopt, [] {});
    // What the last day decided stays decided.
    const TimePoint due = report::day_begin(goal.by + std::chrono::days{1}, settings.time_zone);
    auto progress = of_crm->second.read_goal(goal, std::min(at, due), settings.time_zone);
    if (!progress) return progress.error();
    std::string key = key_of(goal);
    const auto stored = store::get_meta(*database, key);
    if (!stored) return stored.error();
    out.push_back({std::move(*progress), std::move(key), report::GoalMemory::from_text(stored->value_or(""))});
  }
  return out;
}

void GoalKeeper::take(Result<std::vector<Seen>> seen, TimePoint at, const std::shared_ptr<const Configuration>& by) {
  if (!seen) return put_off(at, seen.error().message);
  // Reloaded meanwhile: the next tick looks anew.
  if (by != parts_.configuration()) {
    working_ = false;
    return look_again();
  }
  goals_.clear();
  for (const Seen& one : *seen) goals_.push_back(one.progress);
  made_ = at;
  // While muted nobody learns anything: it is told afterwards.
  if (by->settings.mute) {
    working_ = false;
    return;
  }
  keep(std::move(*seen), at, *by);
}

void GoalKeeper::add_rows(const Seen& one, TimePoint at, const Configuration& by,
                          std::vector<store::OutboxRow>& rows) const {
  const Goal& goal = one.progress.goal;
  Labels labels = parts_.labels(goal.crm);
  labels.set("crm", goal.crm);
  for (const ReceiverSettings& receiver : by.settings.receivers) {
    if (!takes_goals(receiver, labels)) continue;
    store::OutboxRow row;
    row.receiver = receiver.name;
    row.dedup_key = dedup_key_of(goal);
    row.event = Event::goal;
    row.body = stored_message(goal_message(one.progress, at, receiver, labels, by.settings.external_url));
    row.created = row.not_before = at;
    rows.push_back(std::move(row));
  }
}

void GoalKeeper::keep(std::vector<Seen> seen, TimePoint at, const Configuration& by) {
  auto rows = std::make_shared<std::vector<store::OutboxRow>>();
  std::map<std::string, std::string> known;
  for (Seen& one : seen) {
    const std::string before = one.memory.text();
    if (one.memory.see(standing_of(one.progress), one.progress.over, at)) add_rows(one, at, by, *rows);
    if (std::string after = one.memory.text(); after != before) known[one.key] = std::move(after);
  }
  if (known.empty()) {
    working_ = false;
    return;
  }
  // What people know and the messages that tell them are stored together.
  const auto write = [rows, known](store::Database& database) -> Result<void> {
    std::map<std::string, std::int64_t> places;
    for (store::OutboxRow& row : *rows) {
      if (!places.contains(row.dedup_key)) {
        const auto last = store::newest_seq(database, row.dedup_key);
        if (!last) return last.error();
        places[row.dedup_key] = *last + 1;
      }
      row.seq = places[row.dedup_key];
      row.id = message_id(row.created, row.receiver, row.dedup_key, row.seq);
      if (const auto queued = store::enqueue(database, row); !queued) return queued;
    }
    for (const auto& [key, text] : known) {
      if (const auto set = store::set_meta(database, key, text); !set) return set;
    }
    return {};
  };
  const auto done = [this, rows, at](const Result<void>& result) {
    parts_.loop.post([this, rows, at, result] {
      if (!result) return put_off(at, result.error().message);
      working_ = false;
      if (!rows->empty()) parts_.wake(*rows);
    });
  };
  if (!parts_.writer.submit(write, done)) put_off(at, "the disk cannot keep up");
}

void GoalKeeper::put_off(TimePoint at, const std::string& why) {
  working_ = false;
  next_look_ = at + kAgain;
  log::error("the goals cannot be worked out; it is tried again", {{"why", why}});
}

void GoalKeeper::show(const Request& request, const net::Respond& respond) const {
  const std::string& crm = request.part("crm");
  boost::json::array goals;
  for (const GoalProgress& one : goals_) {
    if (one.goal.crm == crm) goals.push_back(report::goal_json(one));
  }
  const bool known = !goals.empty() || !parts_.labels(crm).empty();
  if (!known) return respond(error_answer(404, "not_found", "there is no such CRM"));
  respond(json_answer({{"made_at", made_ ? boost::json::value(format_time(*made_)) : boost::json::value(nullptr)},
                       {"goals", std::move(goals)}}));
}

void GoalKeeper::add_route(Router& router) {
  router.add({"GET", "/api/v1/crms/{crm}/goals", AccessRole::viewer,
              [this](const Request& request, const net::Respond& respond) { show(request, respond); }});
}

}  // namespace crmpulse::collector
