#include "collector/report/sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "collector/receivers/base/receiver.h"
#include "collector/report/format/words.h"
#include "core/log.h"
#include "core/text/percent.h"

namespace crmpulse::collector {
namespace {

using report::PeriodKind;

constexpr Duration kLook{std::chrono::seconds{30}};
constexpr Duration kRetry{std::chrono::minutes{10}};

PeriodKind kind_of(ReportSchedule::Period period) {
  switch (period) {
    case ReportSchedule::Period::week: return PeriodKind::week;
    case ReportSchedule::Period::quarter: return PeriodKind::quarter;
    case ReportSchedule::Period::year: return PeriodKind::year;
    case ReportSchedule::Period::month: break;
  }
  return PeriodKind::month;
}

/// The instant at which the clock of the zone shows `at` on the first day behind the period.
TimePoint due_at(const report::Period& period, std::chrono::minutes at, const ZonePtr& zone) {
  const TimePoint begin = period.to + at;
  if (!zone) return begin;
  return begin + zone->offset_at(period.to) - zone->offset_at(begin);
}

std::string link_of(const std::string& external_url, const report::Report& made, Language language) {
  if (external_url.empty()) return {};
  return fmt::format("{}/reports/{}?period={}&lang={}", external_url, percent_encoded(made.crm), made.period.id,
                     language == Language::zh ? "zh" : "en");
}

const ReceiverSettings* find_receiver(const Settings& settings, const std::string& name) {
  const auto found = std::find_if(settings.receivers.begin(), settings.receivers.end(),
                                  [&](const ReceiverSettings& one) { return one.name == name; });
  return found == settings.receivers.end() ? nullptr : &*found;
}

Message message_of(const report::Report& made, const ReportSchedule& schedule, const Settings& settings,
                   const ReceiverSettings& receiver) {
  Message message;
  message.type = Event::report;
  message.at = made.made;
  message.language = schedule.language;
  message.subject = made.crm;
  message.kind = made.kind;
  message.about = made.period.id;
  message.link = link_of(settings.external_url, made, schedule.language);
  message.text = {report::summary(made, Language::en), report::summary(made, Language::zh)};
  if (receiver.receiver && receiver.receiver->attaches()) {
    message.attachment =
        Attachment{report::file_name(made, report::Format::html), std::string{report::media_type(report::Format::html)},
                   report::html(made, schedule.language)};
  }
  return message;
}

}  // namespace

std::vector<ReportSender::Job> ReportSender::due(TimePoint now) const {
  std::vector<Job> out;
  const auto configuration = configuration_();
  const Settings& settings = configuration->settings;
  for (const ReportSchedule& schedule : settings.reports) {
    const PeriodKind kind = kind_of(schedule.period);
    // Until its time of day the period before is the last one that is due.
    report::Period period = report::last_ended(kind, now, settings.time_zone);
    if (due_at(period, schedule.at, settings.time_zone) > now)
      period = report::period_before(period, settings.time_zone);
    for (const std::string& crm : schedule.crms) {
      const std::string key = fmt::format("report_sent/{}/{}/{}", schedule.receiver, to_string(kind), crm);
      const auto sent = sent_.find(key);
      if (sent != sent_.end() && sent->second == period.id) continue;
      const auto waits = put_off_.find(key);
      if (waits == put_off_.end() || waits->second <= now) out.push_back({schedule, crm, period, key});
    }
  }
  return out;
}

void ReportSender::tick(TimePoint now) {
  CRMPULSE_ON_LOOP(loop_);
  if (working_ || now < next_look_) return;
  std::vector<Job> jobs = due(now);
  if (jobs.empty() || configuration_()->settings.mute) {
    next_look_ = now + kLook;
    return;
  }
  begin(std::move(jobs.front()), now);
}

void ReportSender::begin(Job job, TimePoint now) {
  working_ = true;
  if (!sent_.contains(job.key)) return learn(job);
  make(std::move(job), now);
}

/// What was sent last; an entry nobody has seen before counts as served until now.
void ReportSender::learn(const Job& job) {
  auto known = std::make_shared<std::string>();
  const auto read = [key = job.key, id = job.period.id, known](store::Database& database) -> Result<void> {
    const auto stored = store::get_meta(database, key);
    if (!stored) return stored.error();
    *known = stored->value_or(id);
    if (*stored) return {};
    return store::set_meta(database, key, id);
  };
  const auto done = [this, key = job.key, known](const Result<void>& result) {
    loop_.post([this, key, known, result] {
      working_ = false;
      if (result) sent_[key] = *known;
    });
  };
  if (!writer_.submit(read, done)) working_ = false;
}

void ReportSender::put_off(const Job& job, TimePoint now, const std::string& why) {
  working_ = false;
  put_off_[job.key] = now + kRetry;
  log::error("a report could not be sent; it is tried again",
             {{"crm", job.crm}, {"receiver", job.schedule.receiver}, {"period", job.period.id}, {"why", why}});
}

void ReportSender::make(Job job, TimePoint now) {
  report::ReportRequest request{job.crm, job.period, std::nullopt, now};
  const auto done = [this, job, now](const Result<report::Report>& made) {
    if (!made) return put_off(job, now, made.error().message);
    enqueue(job, *made);
  };
  if (!make_(std::move(request), done)) put_off(job, now, "too many reports at once");
}

void ReportSender::enqueue(const Job& job, const report::Report& made) {
  const auto configuration = configuration_();
  const ReceiverSettings* receiver = find_receiver(configuration->settings, job.schedule.receiver);
  // Reloaded meanwhile.
  if (receiver == nullptr) {
    working_ = false;
    return;
  }
  auto row = std::make_shared<store::OutboxRow>();
  row->receiver = job.schedule.receiver;
  row->dedup_key = "report/" + job.crm;
  row->event = Event::report;
  row->body = stored_message(message_of(made, job.schedule, configuration->settings, *receiver));
  row->created = row->not_before = made.made;
  const auto write = [row, key = job.key, id = job.period.id](store::Database& database) -> Result<void> {
    const auto last = store::newest_seq(database, row->dedup_key);
    if (!last) return last.error();
    row->seq = *last + 1;
    row->id = message_id(row->created, row->receiver, row->dedup_key, row->seq);
    if (const auto queued = store::enqueue(database, *row); !queued) return queued;
    return store::set_meta(database, key, id);
  };
  const auto done = [this, row, job](const Result<void>& result) {
    loop_.post([this, row, job, result] {
      if (!result) return put_off(job, row->created, result.error().message);
      working_ = false;
      sent_[job.key] = job.period.id;
      put_off_.erase(job.key);
      wake_({*row});
    });
  };
  if (!writer_.submit(write, done)) put_off(job, row->created, "the disk cannot keep up");
}

}  // namespace crmpulse::collector
