#include "collector/backtest/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "collector/backtest/backtest.h"
#include "collector/backtest/reader.h"
#include "collector/backtest/stored_samples.h"
#include "collector/backtest/summary.h"
#include "collector/configuration/configuration.h"
#include "collector/message/compose.h"
#include "collector/notice/notice.h"
#include "collector/text/json_text.h"
#include "collector/text/progress.h"
#include "config/data_dir.h"
#include "config/zone.h"
#include "core/text/printable.h"
#include "core/text/say.h"

namespace crmpulse::collector {
namespace {

int wrong(const Problems& problems) {
  say(stderr, "{}\n", to_string(problems));
  return 2;
}

int wrong(std::string_view message) {
  say(stderr, "{}\n", message);
  return 2;
}

struct Inputs {
  std::string state_dir;  ///< of the configuration, when there is one
  Configuration configuration;
  std::vector<rules::ReceiverSpec> receivers;
};

/// Texts of remedies: the configuration's, else the shipped ones; without any a message names none.
config::Remedies load_texts(std::vector<std::string> files) {
  if (files.empty()) {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    files = {config::data_dir(program.parent_path().string(), CRMPULSE_DATA_DIR) + "/rules/remedies.yaml"};
  }
  auto remedies = config::load_remedies(files);
  return remedies ? std::move(*remedies) : config::Remedies{};
}

boost::system::result<Inputs, Problems> load_inputs(const BacktestOptions& options) {
  Inputs inputs;
  Settings& settings = inputs.configuration.settings;
  if (!options.config.empty()) {
    auto loaded = load_settings(options.config);
    if (!loaded) return loaded.error();
    settings = std::move(*loaded);
    inputs.receivers = receiver_specs(settings.receivers);
    inputs.state_dir = settings.state_dir;
  }
  auto ruleset = config::load_rules(options.rules.empty() ? settings.rules : options.rules);
  if (!ruleset) return ruleset.error();
  inputs.configuration.ruleset = std::move(*ruleset);
  inputs.configuration.remedies = load_texts(settings.remedies);
  if (options.receivers.empty()) return inputs;
  auto receivers = load_receiver_settings(options.receivers);
  if (!receivers) return receivers.error();
  inputs.receivers = receiver_specs(*receivers);
  return inputs;
}

/// The sentences that would be sent; whose fault it is cannot be told without evidence.
Bilingual words_of(const rules::Message& message, const Configuration& configuration, const ZonePtr& zone) {
  const Message told = compose(message, {Language::en, zone}, {.remedies = configuration.remedies});
  return {notice_of(told, {Language::en, zone}).text, notice_of(told, {Language::zh, zone}).text};
}

bool failed(const BacktestOptions& options, const BacktestOutcome& outcome) {
  if (options.fail_on == "message") return outcome.messages > 0;
  if (options.fail_on == "poor") return outcome.worst >= Level::poor;
  return options.fail_on == "sub_healthy" && outcome.worst >= Level::sub_healthy;
}

/// How far it has come, of how much; of 0 it is not known.
using HowFar = std::function<std::pair<std::uint64_t, std::uint64_t>(const BacktestBatch& newest)>;

/// Lines of changes that go to the same terminal are progress enough.
bool wants_progress(const BacktestOptions& options) {
  return !options.summary.empty() || !is_terminal(stdout);
}

BacktestBatches told(const BacktestBatches& batches, const HowFar& how_far, Progress& progress) {
  return [&batches, &how_far, &progress] {
    auto batch = batches();
    if (batch.has_value() && batch->has_value()) {
      const auto [done, all] = how_far(**batch);
      progress.update(done, all);
    }
    return batch;
  };
}

int run(const Inputs& inputs, const BacktestOptions& options, const BacktestBatches& batches, const HowFar& how_far) {
  ZonePtr zone = inputs.configuration.settings.time_zone;
  if (!options.zone.empty() || !zone) {
    auto named = config::load_zone(options.zone.empty() ? "UTC" : options.zone);
    if (!named) return wrong(named.error().message);
    zone = std::make_shared<const Zone>(std::move(*named));
  }
  BacktestSummary summary{zone,
                          [&](const rules::Message& message) { return words_of(message, inputs.configuration, zone); }};
  const bool lines = options.summary.empty();
  PrintableOutput out{std::cout};
  const BacktestOutput output{lines ? &out : nullptr, lines ? nullptr : &summary, nullptr};
  Progress progress{"backtest"};
  const auto done = run_backtest(inputs.configuration.ruleset, inputs.receivers,
                                 wants_progress(options) ? told(batches, how_far, progress) : batches, output);
  progress.clear();
  if (done && options.summary == "text") out << summary.text();
  if (done && options.summary == "json") out << to_text(summary.json()) << '\n';
  out.flush();
  if (!done) return wrong(done.error().message);
  return failed(options, *done) ? 1 : 0;
}

/// `bytes` of the input; 0: not known.
int run_lines(const Inputs& inputs, const BacktestOptions& options, std::istream& in, std::uint64_t bytes) {
  JsonBatches lines{in};
  std::uint64_t events = 0;
  return run(
      inputs, options, [&lines] { return lines.next(); },
      [&](const BacktestBatch& newest) -> std::pair<std::uint64_t, std::uint64_t> {
        events += newest.events.size();
        const auto at = bytes == 0 ? std::streamoff{-1} : std::streamoff{in.tellg()};
        if (at < 0) return {bytes == 0 ? events : bytes, bytes};  // behind its end it has no place any more
        return {static_cast<std::uint64_t>(at), bytes};
      });
}

int run_stored(const Inputs& inputs, const BacktestOptions& options) {
  const auto from = parse_time(options.from);
  const auto to = parse_time(options.to);
  if (!from || !to) return wrong("--from and --to must be times such as 2026-11-21T09:00:00Z");
  auto database = store::open_collector_reader(inputs.state_dir);
  if (!database) return wrong(database.error().message);
  StoredSamples samples{*database, *from, *to};
  return run(
      inputs, options, [&samples] { return samples.next(); },
      [&](const BacktestBatch& newest) -> std::pair<std::uint64_t, std::uint64_t> {
        const Duration done = newest.events.back().at - *from;
        return {static_cast<std::uint64_t>(std::max(done, Duration{0}).count()),
                static_cast<std::uint64_t>(std::max(*to - *from, Duration{1}).count())};
      });
}

}  // namespace

int backtest(const BacktestOptions& options) {
  const bool from_store = options.samples.empty();
  if (options.rules.empty() && options.config.empty()) return wrong("backtest needs --rules FILE or --config FILE");
  if (from_store && options.config.empty())
    return wrong("backtest needs --samples FILE, or --config FILE --from T --to T");
  auto inputs = load_inputs(options);
  if (!inputs) return wrong(inputs.error());
  std::ios::sync_with_stdio(false);
  if (from_store) return run_stored(*inputs, options);
  if (options.samples == "-") return run_lines(*inputs, options, std::cin, 0);
  std::ifstream file{options.samples};
  if (!file) return wrong(fmt::format("{}: cannot be read", options.samples));
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(options.samples, error);
  return run_lines(*inputs, options, file, error ? 0 : bytes);
}

}  // namespace crmpulse::collector
