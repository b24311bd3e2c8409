#include "probes/http/run_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "probes/http/exchange_call.h"
#include "probes/rows/reduce.h"
#include "probes/rows/values.h"

namespace crmpulse::probes {
namespace {

bool saves(const Exchange& exchange, std::string_view name) {
  return std::any_of(exchange.save.begin(), exchange.save.end(),
                     [&](const Column& column) { return column.name == name; });
}

bool saves(const Measurement& measurement, std::string_view name) {
  return std::any_of(measurement.exchanges.begin(), measurement.exchanges.end(),
                     [&](const Exchange& exchange) { return saves(exchange, name); });
}

/// A sample of the recipe's own has this name.
bool gives(const Measurement& measurement, std::string_view metric) {
  const auto named = [&](const SampleSpec& spec) { return spec.metric == metric; };
  return std::any_of(measurement.samples.begin(), measurement.samples.end(), named) ||
         std::any_of(measurement.exchanges.begin(), measurement.exchanges.end(), [&](const Exchange& exchange) {
           return std::any_of(exchange.samples.begin(), exchange.samples.end(), named);
         });
}

/// The CRM has had enough: asking on would make it worse.
bool wants_peace(const ExchangeResult& result) {
  if (result.wait) return true;
  if (!result.failure) return false;
  const Reason reason = result.failure->reason;
  return reason == Reason::rate_limited || reason == Reason::quota || reason == Reason::skipped;
}

class HttpRun : public std::enable_shared_from_this<HttpRun> {
 public:
  HttpRun(std::shared_ptr<HttpExchanger> exchanger, std::shared_ptr<const TargetSpec> spec,
          const Measurement& measurement, TimePoint now, SteadyTime deadline, std::function<void(Found)> done)
      : exchanger_(std::move(exchanger)),
        spec_(std::move(spec)),
        measurement_(measurement),
        deadline_(deadline),
        done_(std::move(done)),
        variables_(start_variables(new_run_id(), now)),
        asked_(asked_of(measurement, spec_->arguments)),
        hands_on_(std::any_of(measurement.exchanges.begin(), measurement.exchanges.end(),
                              [](const Exchange& exchange) { return !exchange.save.empty(); })) {}

  void go_on() {
    while (next_ < asked_.size() && !can_ask(*asked_[next_].exchange)) ++next_;
    if (next_ == asked_.size()) return finish();
    if (measurement_.batch) return ask_batch();
    const Asked& asked = asked_[next_++];
    exchanger_->run(*asked.exchange, variables_of(asked), deadline_, false,
                    [self = shared_from_this(), item = asked.item](ExchangeResult result) {
                      const bool stop = wants_peace(result);
                      self->take(std::move(result), item);
                      if (stop) {
                        self->finish();
                      } else {
                        self->go_on();
                      }
                    });
  }

 private:
  /// Not when it needs a value that was not saved.
  [[nodiscard]] bool can_ask(const Exchange& exchange) const {
    if (!hands_on_) return true;
    const std::vector<std::string> names = names_of(exchange);
    return std::none_of(names.begin(), names.end(), [&](const std::string& name) {
      return saves(measurement_, name) && variables_.find(name) == variables_.end();
    });
  }

  [[nodiscard]] Variables variables_of(const Asked& asked) const {
    Variables out = variables_;
    if (!asked.exchange->each_of.first.empty()) out.insert_or_assign(asked.exchange->each_of.first, asked.item);
    return out;
  }

  void ask_batch() {
    const auto most = static_cast<std::size_t>(spec_->recipe->batch->most);
    std::vector<BatchItem> items;
    std::vector<std::string> of;
    for (; next_ < asked_.size() && items.size() < most; ++next_) {
      // What needs a value of this batch waits for the next one.
      const std::vector<std::string> names = names_of(*asked_[next_].exchange);
      const bool waits = std::any_of(items.begin(), items.end(), [&](const BatchItem& item) {
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& name) { return saves(*item.exchange, name); });
      });
      if (waits) break;
      if (!can_ask(*asked_[next_].exchange)) continue;
      items.push_back({asked_[next_].exchange, variables_of(asked_[next_])});
      of.push_back(asked_[next_].item);
    }
    exchanger_->run_batch(std::move(items), deadline_,
                          [self = shared_from_this(), of = std::move(of)](std::vector<ExchangeResult> results) {
                            const bool stop = std::any_of(results.begin(), results.end(), wants_peace);
                            for (std::size_t i = 0; i < results.size(); ++i)
                              self->take(std::move(results[i]), i < of.size() ? of[i] : std::string{});
                            if (stop) {
                              self->finish();
                            } else {
                              self->go_on();
                            }
                          });
  }

  /// `item` of the list that the exchange is asked for; empty: it is asked once.
  void take(ExchangeResult result, const std::string& item) {
    for (const auto& [name, seconds] : result.phases) add_phase(found_.phases, name, seconds);
    found_.duration += result.duration;
    found_.calls += result.calls;
    found_.rows_truncated += result.rows_truncated;
    for (Warning& warning : result.warnings) {
      if (!item.empty()) warning.text = one_line(fmt::format("{}: {}", item, warning.text));
      found_.warnings.push_back(std::move(warning));
    }
    if (result.wait) found_.wait = std::max(found_.wait.value_or(Duration{}), *result.wait);
    if (result.login && !found_.login) found_.login = std::move(result.login);
    if (result.failure && !found_.failure) {
      found_.failure = std::move(result.failure);
      found_.login_failed = result.login_failed;
      found_.login_told = result.login_failed && !found_.login;
    }
    for (Sample& sample : result.samples) found_.samples.push_back(std::move(sample));
    for (auto& [name, text] : result.saved) variables_.insert_or_assign(name, std::move(text));
  }

  [[nodiscard]] std::optional<double> saved_number(const std::string& name) const {
    const auto saved = variables_.find(name);
    return saved == variables_.end() ? std::nullopt : number_of(Cell{false, std::nullopt, saved->second});
  }

  /// The failure that a saved value is not there or no number, unless the run has failed already.
  void fail(Reason reason, std::string message) {
    if (!found_.failure) found_.failure = Failure{Stage::content, reason, one_line(message)};
  }

  [[nodiscard]] std::optional<double> value_of(const SampleSpec& spec) {
    if (!spec.ratio.first.empty()) {
      const auto part = saved_number(spec.ratio.first);
      const auto whole = saved_number(spec.ratio.second);
      return part && whole && *whole != 0 ? std::optional{*part / *whole} : std::nullopt;
    }
    const auto saved = variables_.find(spec.column);
    if (saved == variables_.end()) {
      if (spec.on_null == OnNull::failure)
        fail(Reason::missing,
             fmt::format("'{}' was not in any answer; if it may be, write `null: skip` in the sample of {}",
                         spec.column, spec.metric));
      return spec.on_null == OnNull::zero && !found_.failure ? std::optional{0.0} : std::nullopt;
    }
    const auto number = saved_number(spec.column);
    if (!number) fail(Reason::bad_content, fmt::format("'{}' is not a number", spec.column));
    return number;
  }

  void add_saved_samples() {
    const Values values{
        *spec_->recipe, spec_->arguments, variables_.find(kRunId)->second, std::string{spec_->labels.get("agent")},
        TimePoint{},    &variables_};
    for (const SampleSpec& spec : measurement_.samples) {
      const auto value = value_of(spec);
      if (!value) continue;
      Sample sample{spec.metric, spec_->labels, *value * spec.scale, {}};
      for (const auto& [name, text] : spec.labels) {
        const Result<std::string> label = expand(text, values, Place::text);
        if (label) sample.labels.set(name, one_line(*label, kMaxLabelBytes));
      }
      found_.samples.push_back(std::move(sample));
    }
  }

  /// Every answer tells the allowance: the newest counts, unless the recipe reads it itself. Anything else told twice
  /// is a fault of the recipe.
  void settle_samples() {
    std::map<std::pair<std::string_view, const Labels&>, std::size_t> seen;
    std::vector<Sample> out;
    out.reserve(found_.samples.size());
    for (const Sample& sample : found_.samples) {
      const auto [place, is_new] = seen.try_emplace({sample.metric, sample.labels}, out.size());
      if (is_new) {
        out.push_back(sample);
      } else if (!is_signal(sample.metric)) {
        fail(Reason::bad_content, fmt::format("several requests give {} the same labels", sample.metric));
      } else if (!gives(measurement_, sample.metric)) {
        out[place->second] = sample;
      }
    }
    found_.samples = std::move(out);
  }

  void finish() {
    add_saved_samples();
    settle_samples();
    const auto done = std::move(done_);
    done(std::move(found_));
  }

  const std::shared_ptr<HttpExchanger> exchanger_;
  const std::shared_ptr<const TargetSpec> spec_;
  const Measurement& measurement_;
  const SteadyTime deadline_;
  std::function<void(Found)> done_;
  Variables variables_;
  const std::vector<Asked> asked_;
  const bool hands_on_;  ///< some exchange saves a value
  std::size_t next_ = 0;
  Found found_;
};

}  // namespace

void run_http(const std::shared_ptr<HttpExchanger>& exchanger, const std::shared_ptr<const TargetSpec>& spec,
              const Measurement& measurement, TimePoint now, SteadyTime deadline, std::function<void(Found)> done) {
  std::make_shared<HttpRun>(exchanger, spec, measurement, now, deadline, std::move(done))->go_on();
}

}  // namespace crmpulse::probes
