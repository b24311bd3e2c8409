#include "collector/engine/fold_guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <limits>
#include <utility>

#include "collector/engine/stored_meta.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr const char* kMeta = "records_set_aside";
/// Older ones are folded into the states, or gone from the journal.
constexpr std::size_t kMostKnown = 1000;
constexpr std::chrono::seconds kTellEvery{1};

/// Copies the record out of the journal, which forgets it one day.
Result<void> keep(store::Database& database, const std::string& state_dir, std::int64_t seq) {
  std::string body;
  auto read = store::read_journal(database, seq - 1, [&](const store::JournalRecord& record) {
    if (record.seq == seq) body = record.body;
    return false;
  });
  if (!read) return read;
  if (auto kept = store::set_aside(state_dir, fmt::format("record-{}", seq), body); !kept)
    log::error("a record that was set aside cannot be kept", {{"why", kept.error().message}});
  return {};
}

}  // namespace

FoldGuard::FoldGuard(EngineState& state, store::Writer& writer, WriteQueue& queue)
    : state_(state), writer_(writer), queue_(queue), mark_(state.settings().state_dir) {
  configure();
}

void FoldGuard::on_progress(std::function<void()> progress) {
  progress_ = std::move(progress);
  progress_told_ = std::chrono::steady_clock::now();
}

void FoldGuard::configure() {
  const LimitSettings& limits = state_.settings().limits;
  state_.samples.set_bound({limits.fold_time, [this] { tell_progress(); }});
  state_.census().configure(limits);
}

/// Known series are taken at any time, so the bound on memory is held by their windows, too: of what series and CRMs
/// leave of it.
void FoldGuard::bound_windows() {
  const std::uint64_t most = state_.settings().limits.memory;
  const std::uint64_t beside = state_.census().memory_beside_windows();
  const std::uint64_t left = most > beside ? most - beside : 0;
  state_.rules().bound_windows(most == 0 ? std::numeric_limits<std::size_t>::max() : left / Census::kEntryBytes);
  const auto [entries, refused] = state_.rules().window_use();
  state_.census().note_windows(entries);
  if (refused == windows_refused_) return;
  windows_refused_ = refused;
  if (std::exchange(windows_told_, true)) return;
  log::warning(
      "limits.memory is reached: windows grow no further, and where more samples come than usual some are not judged",
      {{"limits.memory", std::to_string(most)}, {"left_for_samples", std::to_string(left)}});
}

void FoldGuard::tell_progress() {
  const auto at = std::chrono::steady_clock::now();
  if (!progress_ || at - progress_told_ < kTellEvery) return;
  progress_told_ = at;
  progress_();
}

void FoldGuard::fold(std::int64_t seq, const std::function<bool()>& work) {
  if (passed_over_.contains(seq)) return state_.samples.set_folded_seq(std::max(state_.samples.folded_seq(), seq));
  bound_windows();
  if (!mark_.begin(seq)) return set_aside(seq, "the program ended in the middle of it, again and again");
  bool done = false;
  std::string why = "it takes longer than limits.fold_time";
  try {
    done = work();
  } catch (const std::exception& failure) {
    why = failure.what();
  }
  mark_.done();
  if (!done) set_aside(seq, why);
}

void FoldGuard::set_aside(std::int64_t seq, std::string_view why) {
  ++state_.stats.set_aside_records;
  state_.samples.set_folded_seq(std::max(state_.samples.folded_seq(), seq));
  passed_over_.insert(seq);
  if (passed_over_.size() > kMostKnown) passed_over_.erase(passed_over_.begin());
  log::error("a request that was stored cannot be folded; it is set aside",
             {{"record", std::to_string(seq)}, {"why", std::string{why}}});
  WriteSet changes;
  changes.meta[kMeta] = fmt::format("{}", fmt::join(passed_over_, ","));
  queue_.add(std::move(changes));
  const bool queued =
      writer_.submit([state_dir = state_.settings().state_dir,
                      seq](store::Database& database) { return keep(database, state_dir, seq); },
                     [](const Result<void>& kept) {
                       if (!kept)
                         log::error("a record that was set aside cannot be kept", {{"why", kept.error().message}});
                     });
  if (!queued)
    log::error("a record that was set aside cannot be kept", {{"why", "more is arriving than the disk takes"}});
}

Result<void> FoldGuard::load(store::Database& database) {
  auto stored = intact_meta(database, kMeta);
  if (!stored) return stored.error();
  std::string_view rest = stored->has_value() ? std::string_view{**stored} : std::string_view{};
  while (!rest.empty()) {
    std::int64_t seq = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), seq);
    if (error != std::errc{}) break;
    passed_over_.insert(seq);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  return {};
}

}  // namespace crmpulse::collector
