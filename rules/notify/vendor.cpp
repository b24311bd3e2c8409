#include "rules/notify/vendor.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::rules {
namespace {

using namespace std::chrono_literals;

constexpr Duration kSuspicion = 60s;
/// A tenant that became poor waits so long for others: what its vendor has breaks them within a few seconds.
constexpr Duration kOthersFollow = 10s;
constexpr Duration kFresh = 5min;  ///< a source without data for so long says nothing any more
constexpr const char* kTogether = "crms";
constexpr std::uint32_t kKind = 1;  // tag

/// Another number whenever other instances have a major incident; 0: none has.
std::uint64_t print_of_majors(const Crm& crm) {
  std::uint64_t print = 0;
  for (const VendorReading& reading : crm.vendor) {
    if (is_set(reading.major_since))
      print = print * 31 + static_cast<std::uint64_t>(unix_millis(reading.major_since)) + 1;
  }
  return print;
}

/// A page that does not name its instance speaks of the one CRM.
std::string cause_of(const Crm& crm, const VendorReading& reading) {
  return reading.instance.empty() ? crm.name : reading.instance;
}

bool runs_for_everybody(std::string_view kind, const VendorOutage& settings) {
  return std::find(settings.kinds.begin(), settings.kinds.end(), kind) != settings.kinds.end();
}

std::size_t needed_of(std::size_t members, const VendorOutage& settings) {
  const auto share = static_cast<std::size_t>(std::ceil(settings.share * static_cast<double>(members) - 1e-9));
  return std::max(static_cast<std::size_t>(settings.crms), share);
}

template <class Poor>
std::size_t recent(const Poor& poor, TimePoint after, std::size_t enough) {
  std::size_t count = 0;
  for (auto it = poor.rbegin(); it != poor.rend() && it->first > after && count < enough; ++it) ++count;
  return count;
}

}  // namespace

void VendorWatch::align(const std::vector<ReceiverSpec>& receivers) {
  for (auto& [name, kind] : kinds_) rules::align(kind.told, receivers);
  nobody_told_.clear();
  rules::align(nobody_told_, receivers);
  look();
}

VendorWatch::Kind& VendorWatch::kind_of(std::string_view name) {
  if (const auto known = kinds_.find(name); known != kinds_.end()) return known->second;
  Kind& kind = kinds_[std::string{name}];
  kind.name = std::string{name};
  kind.told = nobody_told_;
  return kind;
}

void VendorWatch::leave(std::uint32_t number, const Enrolment& was) {
  Kind& kind = kind_of(was.kind);
  --kind.members;
  kind.poor.erase({was.poor_since, number});
  kind.majors.erase(number);
  kind.next = kUnset;
}

void VendorWatch::enrol(const Crm& crm) {
  if (!crm.known || !crm.started || crm.kind.empty()) return forget(crm);
  const TimePoint poor_since = crm.state == Level::poor ? crm.since : kUnset;
  const std::uint64_t majors = print_of_majors(crm);
  if (crm.number >= enrolled_.size()) enrolled_.resize(crm.number + 1);
  std::optional<Enrolment>& known = enrolled_[crm.number];
  if (known) {
    if (known->poor_since == poor_since && known->majors == majors && known->kind == crm.kind) return;
    leave(crm.number, *known);
  }
  Kind& kind = kind_of(crm.kind);
  ++kind.members;
  if (is_set(poor_since)) kind.poor.emplace(poor_since, crm.number);
  if (majors != 0) kind.majors.insert(crm.number);
  kind.next = kUnset;
  known = Enrolment{crm.kind, poor_since, majors};
}

void VendorWatch::forget(const Crm& crm) {
  if (crm.number >= enrolled_.size() || !enrolled_[crm.number]) return;
  leave(crm.number, *enrolled_[crm.number]);
  enrolled_[crm.number].reset();
}

void VendorWatch::restarted(TimePoint now) {
  counted_from_ = std::max(counted_from_, now);
  for (auto& [name, kind] : kinds_) kind.next = kUnset;
}

void VendorWatch::shift(Duration by) {
  for (auto& [name, kind] : kinds_) {
    if (kind.together) kind.together = shifted(*kind.together, by);
    for (auto& [instance, since] : kind.pages) since = shifted(since, by);
    kind.suspected_at = shifted(kind.suspected_at, by);
    kind.next = kind.next_message = kUnset;
  }
  counted_from_ = shifted(counted_from_, by);
}

void VendorWatch::look() {
  for (auto& [name, kind] : kinds_) kind.next_message = kUnset;
}

/// They fail together: begins with enough of them poor within the window, and goes on until fewer than half of what
/// it took are poor and say so with data that is not old.
bool VendorWatch::judge_together(Kind& kind, std::span<const std::unique_ptr<Crm>> crms, const VendorOutage& settings,
                                 TimePoint now) {
  const bool allowed = runs_for_everybody(kind.name, settings);
  const std::size_t needed = needed_of(kind.members, settings);
  if (!kind.together) {
    if (!allowed || recent(kind.poor, now - settings.window, needed) < needed) return false;
    kind.together = kind.poor.upper_bound({now - settings.window, ~std::uint32_t{0}})->first;
    kind.suspicion = Suspicion::none;
    return true;
  }
  std::size_t still = 0;
  for (const auto& [since, number] : kind.poor) {
    const TimePoint until = std::max(crms[number]->newest_data, counted_from_) + kFresh;
    if (until <= now) continue;
    ++still;
    kind.next = std::min(kind.next, until);
  }
  if (allowed && 2 * still >= needed) return false;
  kind.together.reset();
  return true;
}

bool VendorWatch::judge_pages(Kind& kind, std::span<const std::unique_ptr<Crm>> crms, TimePoint now) {
  std::map<std::string, TimePoint, std::less<>> pages;
  for (const std::uint32_t number : kind.majors) {
    for (const VendorReading& reading : crms[number]->vendor) {
      if (!is_set(reading.major_since)) continue;
      const std::string cause = cause_of(*crms[number], reading);
      const TimePoint heard = kind.pages.contains(cause) ? std::max(reading.at, counted_from_) : reading.at;
      const TimePoint until = heard + reading.patience();
      if (until <= now) continue;
      kind.next = std::min(kind.next, until);
      const auto [place, added] = pages.emplace(cause, reading.major_since);
      if (!added) place->second = std::min(place->second, reading.major_since);
    }
  }
  for (auto& [instance, since] : pages) {
    if (const auto before = kind.pages.find(instance); before != kind.pages.end()) since = before->second;
  }
  if (pages == kind.pages) return false;
  kind.pages = std::move(pages);
  return true;
}

bool VendorWatch::suspect(Kind& kind, const VendorOutage& settings, TimePoint now) {
  const auto crms = static_cast<std::size_t>(settings.crms);
  const bool allowed = runs_for_everybody(kind.name, settings);
  const bool many = allowed && !kind.together && recent(kind.poor, now - kSuspicion, crms) >= crms;
  const Suspicion before = kind.suspicion;
  if (!many) {
    kind.suspicion = Suspicion::none;
  } else if (before == Suspicion::none) {
    kind.suspicion = Suspicion::on;
    kind.suspected_at = now;
  } else if (now >= kind.suspected_at + kSuspicion) {
    kind.suspicion = Suspicion::spent;  // until the burst is over: nothing is held for ever
  }
  if (kind.suspicion == Suspicion::on) kind.next = std::min(kind.next, kind.suspected_at + kSuspicion);
  if (many) kind.next = std::min(kind.next, std::next(kind.poor.rbegin(), settings.crms - 1)->first + kSuspicion);
  return kind.suspicion != before;
}

std::vector<std::string> VendorWatch::update(std::span<const std::unique_ptr<Crm>> crms,
                                             const NotificationPolicy& settings, TimePoint now) {
  std::vector<std::string> changed;
  for (auto& [name, kind] : kinds_) {
    if (now < kind.next) continue;
    kind.next = kNever;
    const bool together = judge_together(kind, crms, settings.vendor_outage, now);
    const bool pages = judge_pages(kind, crms, now);
    if (together && kind.together) judge_together(kind, crms, settings.vendor_outage, now);  // for its deadline
    const bool suspected = suspect(kind, settings.vendor_outage, now);
    if (together || pages) kind.next_message = kUnset;
    if (together || pages || suspected) changed.push_back(name);
  }
  return changed;
}

bool VendorWatch::inhibits(const Crm& crm) const {
  const auto known = kinds_.find(crm.kind);
  if (known == kinds_.end()) return false;
  const Kind& kind = known->second;
  if (kind.together && *kind.together <= crm.since) return true;
  return std::any_of(crm.vendor.begin(), crm.vendor.end(), [&](const VendorReading& reading) {
    const auto page = kind.pages.find(cause_of(crm, reading));
    return page != kind.pages.end() && page->second <= crm.since;
  });
}

TimePoint VendorWatch::doubt(const Crm& crm, const VendorOutage& settings) const {
  const auto known = kinds_.find(crm.kind);
  if (known == kinds_.end()) return kUnset;
  const Kind& kind = known->second;
  if (kind.suspicion == Suspicion::on) return kind.suspected_at + kSuspicion;
  const bool may_be_first = crm.started && crm.state == Level::poor && kind.suspicion == Suspicion::none;
  const bool others = kind.members >= static_cast<std::size_t>(settings.crms);
  return may_be_first && others && runs_for_everybody(kind.name, settings) ? crm.since + kOthersFollow : kUnset;
}

std::vector<std::string> VendorWatch::causes_for(const Kind& kind, const Crm& crm) {
  std::vector<std::string> causes;
  if (kind.together) causes.emplace_back(kTogether);
  for (const VendorReading& reading : crm.vendor) {
    if (const auto page = kind.pages.find(cause_of(crm, reading)); page != kind.pages.end())
      causes.push_back(page->first);
  }
  return causes;
}

bool VendorWatch::tell(std::span<const std::unique_ptr<Crm>> crms, const std::vector<ReceiverSpec>& receivers,
                       const NotificationPolicy& settings, bool muted, TimePoint now, std::vector<Message>& messages) {
  bool told = false;
  for (auto& [name, kind] : kinds_) {
    if (now < kind.next_message) continue;
    kind.next_message = kNever;
    const bool knows =
        std::any_of(kind.told.begin(), kind.told.end(), [](const Notice& notice) { return notice.on(); });
    if (muted || (!knows && !kind.together && kind.pages.empty())) continue;
    std::vector<const Crm*> members;
    for (const auto& crm : crms) {
      if (crm && crm->started && crm->kind == name) members.push_back(crm.get());
    }
    for (std::size_t i = 0; i < receivers.size(); ++i)
      told = tell_one(kind, i, members, receivers[i], settings, now, messages) || told;
  }
  return told;
}

bool VendorWatch::tell_one(Kind& kind, std::size_t index, std::span<const Crm* const> members,
                           const ReceiverSpec& receiver, const NotificationPolicy& settings, TimePoint now,
                           std::vector<Message>& messages) {
  Notice& notice = kind.told[index];
  std::set<std::string> causes;
  std::vector<const Crm*> concerned;
  std::vector<const Crm*> unwell;
  bool news = false;
  for (const Crm* crm : members) {
    if (!matches(receiver.only, crm->labels)) continue;
    if (crm->state > Level::healthy) unwell.push_back(crm);
    const std::vector<std::string> own = causes_for(kind, *crm);
    if (own.empty()) continue;
    concerned.push_back(crm);
    causes.insert(own.begin(), own.end());
    const bool heard = std::any_of(own.begin(), own.end(), [&](const std::string& cause) {
      return std::find(notice.causes.begin(), notice.causes.end(), cause) != notice.causes.end();
    });
    news = news || (!heard && !crm->excused());
  }
  const bool ends = causes.empty() && notice.on();
  if (!ends && !news) {
    if (notice.on()) notice.causes.assign(causes.begin(), causes.end());
    return false;
  }
  TimePoint since = kind.together.value_or(kNever);
  for (const auto& [instance, at] : kind.pages) since = std::min(since, at);
  if (news && !notice.on()) {
    const TimePoint due = since + settings.group_wait_poor;
    if (now < due) {
      kind.next_message = std::min(kind.next_message, due);
      return false;
    }
  }
  Message message;
  message.at = now;
  message.receiver = notice.receiver;
  message.subject = "vendor/" + kind.name;
  message.type = ends ? Event::vendor_recovered : Event::vendor_outage;
  message.state = ends ? Level::healthy : Level::poor;
  message.previous = notice.on() ? Level::poor : Level::healthy;
  message.seq = notice.seq = next_seq(notice.seq, now);
  if (!ends) message.since = since;
  if (!ends) message.reason = kind.pages.empty() ? kTogether : "status_page";
  message.causes = ends ? notice.causes : std::vector<std::string>(causes.begin(), causes.end());
  list_crms(message, ends ? std::move(unwell) : std::move(concerned), now);
  messages.push_back(std::move(message));
  notice.causes.assign(causes.begin(), causes.end());
  return true;
}

TimePoint VendorWatch::deadline() const {
  TimePoint next = kNever;
  for (const auto& [name, kind] : kinds_) {
    if (is_set(kind.next)) next = std::min(next, kind.next);
    if (is_set(kind.next_message)) next = std::min(next, kind.next_message);
  }
  return next;
}

void VendorWatch::save(FieldWriter& out) const {
  for (const auto& [name, kind] : kinds_) out.add(kKind, kind);
}

void VendorWatch::load(FieldReader& in) {
  while (in.next()) {
    if (in.tag() != kKind) continue;
    Kind read;
    in.read(read);
    Kind& kind = kind_of(read.name);
    kind.together = read.together;
    kind.pages = std::move(read.pages);
    kind.suspicion = read.suspicion;
    kind.suspected_at = read.suspected_at;
    kind.told = std::move(read.told);
    kind.next = kUnset;
  }
}

}  // namespace crmpulse::rules
