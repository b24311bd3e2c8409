#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <vector>

#include "collector/backtest.h"
#include "collector/commands.h"
#include "collector/configuration.h"
#include "collector/journal_samples.h"

namespace crmpulse::collector {
namespace {

int wrong(const Problems& problems) {
  fmt::print(stderr, "{}\n", to_string(problems));
  return 2;
}

int wrong(std::string_view message) {
  fmt::print(stderr, "{}\n", message);
  return 2;
}

struct Inputs {
  std::string state_dir;  ///< of the configuration, when there is one
  Ruleset ruleset;
  std::vector<rules::ReceiverSpec> receivers;
};

boost::system::result<Inputs, Problems> load_inputs(const BacktestOptions& options) {
  Inputs inputs;
  std::vector<std::string> rules = options.rules;
  if (!options.config.empty()) {
    auto settings = load_settings(options.config);
    if (!settings) return settings.error();
    if (rules.empty()) rules = settings->rules;
    inputs.receivers = receiver_specs(settings->receivers);
    inputs.state_dir = settings->state_dir;
  }
  auto ruleset = config::load_rules(rules);
  if (!ruleset) return ruleset.error();
  inputs.ruleset = std::move(*ruleset);
  if (options.receivers.empty()) return inputs;
  auto receivers = load_receiver_settings(options.receivers);
  if (!receivers) return receivers.error();
  inputs.receivers = receiver_specs(*receivers);
  return inputs;
}

template <class Source>
int run(const Inputs& inputs, Source& source) {
  const auto done = run_backtest(inputs.ruleset, inputs.receivers, source, std::cout);
  std::cout.flush();
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().message);
  return 2;
}

int run_journal(const Inputs& inputs, const BacktestOptions& options) {
  const auto from = parse_time(options.from);
  const auto to = parse_time(options.to);
  if (!from || !to) return wrong("--from and --to must be times such as 2026-11-21T09:00:00Z");
  auto database = store::open_collector_reader(inputs.state_dir);
  if (!database) return wrong(database.error().message);
  JournalSamples samples{*database, *from, *to};
  const BacktestSource source = [&samples] { return samples.next(); };
  return run(inputs, source);
}

}  // namespace

int backtest(const BacktestOptions& options) {
  const bool from_journal = options.samples.empty();
  if (options.rules.empty() && options.config.empty()) return wrong("backtest needs --rules FILE or --config FILE");
  if (from_journal && options.config.empty())
    return wrong("backtest needs --samples FILE, or --config FILE --from T --to T");
  auto inputs = load_inputs(options);
  if (!inputs) return wrong(inputs.error());
  std::ios::sync_with_stdio(false);
  if (from_journal) return run_journal(*inputs, options);
  if (options.samples == "-") return run<std::istream>(*inputs, std::cin);
  std::ifstream file{options.samples};
  if (!file) return wrong(fmt::format("{}: cannot be read", options.samples));
  return run<std::istream>(*inputs, file);
}

}  // namespace crmpulse::collector
