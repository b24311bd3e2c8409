#include "collector/trouble/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace crmpulse::collector {
namespace {

using namespace std::chrono_literals;

/// A trouble that nobody was told of is forgotten when it was gone for so long: until then it is the same one.
constexpr Duration kForget = 2min;
constexpr int kMostDoublings = 5;
constexpr std::size_t kMostNames = 10;
constexpr std::uint32_t kEntry = 2;  // tag

/// `a, b, c and 9 more`
std::string names_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i) out += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMostNames) out += fmt::format(", … ({})", names.size());
  return out;
}

/// Those of a kind that are more than a few, as one.
std::vector<Trouble> together(const std::vector<Trouble>& wrong) {
  std::map<TroubleKind, std::vector<std::string>> names;
  for (const Trouble& trouble : wrong) {
    if (!trouble.subject.empty()) names[trouble.kind].push_back(trouble.subject);
  }
  std::vector<Trouble> out;
  for (const auto& [kind, subjects] : names) {
    if (subjects.size() > TroubleWatch::kSeveral) out.push_back({kind, "", names_of(subjects)});
  }
  return out;
}

}  // namespace

Duration TroubleWatch::patience(TroubleKind kind) {
  switch (kind) {
    case TroubleKind::damaged:
    case TroubleKind::certificate:
    case TroubleKind::token:
    case TroubleKind::authority:
    case TroubleKind::agent_damaged:
    case TroubleKind::agent_dropped: return 30s;
    case TroubleKind::disk: return 1min;
    case TroubleKind::tokens: return 2min;
    case TroubleKind::samples_left_out:
    case TroubleKind::agent_refused: return 5min;
    case TroubleKind::receiver:
    case TroubleKind::renewal:
    case TroubleKind::collector_clock:
    case TroubleKind::agent_clock: return 10min;
  }
  return 10min;
}

Duration TroubleWatch::quiet(const Entry& entry) {
  return std::min(kQuiet * (1 << std::min(entry.returns, kMostDoublings)), kLongestQuiet);
}

void TroubleWatch::see(const Trouble& trouble, TimePoint now) {
  const Key key{trouble.kind, trouble.subject};
  auto known = entries_.find(key);
  if (known == entries_.end()) {
    if (entries_.size() >= kMost) return;
    known = entries_.emplace(key, Entry{trouble.kind, trouble.subject, {}, now, now, {}, false, 0, true}).first;
  }
  Entry& entry = known->second;
  if (entry.ended != TimePoint{}) {
    entry.ended = {};
    entry.since = now;
    ++entry.returns;
  }
  entry.detail = trouble.detail;
  entry.seen = now;
  entry.present = true;
}

bool TroubleWatch::judge(Entry& entry, bool covered, TimePoint now, bool muted, std::vector<Telling>& out) {
  if (entry.present) {
    if (entry.told || covered || muted || now - entry.since < patience(entry.kind)) return true;
    entry.told = true;
    out.push_back({{entry.kind, entry.subject, entry.detail}, entry.since, false});
    return true;
  }
  if (entry.told) {
    if (muted || now - entry.seen < quiet(entry)) return true;
    entry.told = false;
    entry.ended = now;
    out.push_back({{entry.kind, entry.subject, entry.detail}, entry.since, true});
    return true;
  }
  return entry.ended != TimePoint{} ? now - entry.ended < kDay : now - entry.seen < kForget;
}

std::vector<TroubleWatch::Telling> TroubleWatch::look(const std::vector<Trouble>& wrong, TimePoint now, bool muted) {
  for (auto& [key, entry] : entries_) entry.present = false;
  const std::vector<Trouble> several = together(wrong);
  std::set<TroubleKind> covered;
  for (const Trouble& trouble : several) {
    covered.insert(trouble.kind);
    see(trouble, now);
  }
  for (const Trouble& trouble : wrong) see(trouble, now);
  std::vector<Telling> out;
  for (auto known = entries_.begin(); known != entries_.end();) {
    const bool is_covered = covered.contains(known->second.kind) && !known->second.subject.empty();
    known = judge(known->second, is_covered, now, muted, out) ? std::next(known) : entries_.erase(known);
  }
  return out;
}

std::vector<TroubleWatch::Present> TroubleWatch::all() const {
  std::vector<Present> out;
  std::set<TroubleKind> singles;
  for (const auto& [key, entry] : entries_) {
    if (!entry.subject.empty()) singles.insert(entry.kind);
  }
  for (const auto& [key, entry] : entries_) {
    const bool group = entry.subject.empty() && singles.contains(entry.kind);
    if (entry.present && entry.ended == TimePoint{} && !group)
      out.push_back({{entry.kind, entry.subject, entry.detail}, entry.since, entry.told});
  }
  std::stable_sort(out.begin(), out.end(), [](const Present& a, const Present& b) { return a.since < b.since; });
  return out;
}

std::string TroubleWatch::save() const {
  return write_document([this](FieldWriter& out) {
    for (const auto& [key, entry] : entries_) {
      if (entry.told || entry.ended != TimePoint{}) out.add(kEntry, entry);
    }
  });
}

void TroubleWatch::load(std::string_view bytes, TimePoint now) {
  std::map<Key, Entry> loaded;
  const bool whole = read_document(bytes, [&](FieldReader& in) {
    while (in.next()) {
      if (in.tag() != kEntry) continue;
      Entry entry;
      in.read(entry);
      entry.seen = now;
      entry.present = entry.told;
      if (loaded.size() < kMost) loaded.insert_or_assign(Key{entry.kind, entry.subject}, entry);
    }
  });
  if (whole) entries_ = std::move(loaded);
}

void TroubleWatch::shift(Duration by) {
  for (auto& [key, entry] : entries_) {
    entry.since += by;
    entry.seen += by;
    if (entry.ended != TimePoint{}) entry.ended += by;
  }
}

}  // namespace crmpulse::collector
