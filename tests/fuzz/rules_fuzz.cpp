// A rules file, and the judge under whatever rules were accepted: samples of every kind, silence, a restart.
#include <cmath>

#include "config/rules_file.h"
#include "rules/engine.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file.h"

using namespace crmpulse;

namespace {

using namespace std::chrono_literals;

void check(const rules::Outcome& outcome) {
  for (const rules::StateChange& change : outcome.changes)
    fuzz::require(change.status.state >= Level::healthy && change.status.state <= Level::poor);
}

void judge(const Ruleset& ruleset) {
  rules::Engine engine{ruleset, {{"chat", Level::sub_healthy, {}}, {"pager", Level::poor, {}}}};
  std::vector<rules::Engine::SeriesId> series;
  for (const Rule& rule : ruleset.rules) {
    Labels labels{{"crm", "acme"}, {"kind", "sample"}, {"agent", "a"}};
    for (const LabelMatch& match : rule.measure.where) {
      if (!match.any_of.empty()) labels.set(match.name, match.any_of.front());
    }
    series.push_back(engine.bind(rule.measure.metric, labels));
  }
  constexpr double kValues[] = {0, 1, -1, 1e9, 0.5, 1e-9, INFINITY};
  TimePoint now = from_unix_millis(1'700'000'000'000);
  for (int turn = 0; turn < 40; ++turn) {
    now += turn % 13 == 0 ? Duration{600s} : Duration{15s};
    for (const auto id : series) {
      if (id != rules::Engine::kNoSeries)
        engine.fold(id, now, kValues[static_cast<std::size_t>(turn) % std::size(kValues)], now);
    }
    check(engine.step(now));
    if (turn == 20) engine.restarted(now);
  }
  const std::string saved = engine.save("acme");
  if (!saved.empty()) fuzz::require(engine.load("acme", saved).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file{fuzz::text_of(data, size)};
  const auto ruleset = config::load_rules({file.path()});
  if (!ruleset) {
    fuzz::require(!ruleset.error().empty());
    return 0;
  }
  constexpr std::size_t kMost = 20;  // rules that are judged: the rest is the same again
  Ruleset some = *ruleset;
  if (some.rules.size() > kMost) some.rules.erase(some.rules.begin() + kMost, some.rules.end());
  judge(some);
  return 0;
}
