#include "probes/run_http.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "probes/exchange_call.h"
#include "probes/exchange_request.h"
#include "probes/recipe_reader.h"
#include "probes/reduce.h"
#include "probes/values.h"

namespace crmpulse::probes {
namespace {

/// One exchange with the item of its `for`.
struct Asked {
  const Exchange* exchange;
  std::string item;
};

std::vector<Asked> asked_of(const Measurement& measurement, const Arguments& arguments) {
  std::vector<Asked> out;
  for (const Exchange& exchange : measurement.exchanges) {
    if (exchange.each_of.first.empty()) {
      out.push_back({&exchange, {}});
    } else {
      for (const std::string& item : arguments.list(exchange.each_of.second)) out.push_back({&exchange, item});
    }
  }
  return out;
}

using TextVisitor = std::function<void(std::string_view text, bool filter)>;

void visit(const config::Node& node, const TextVisitor& see) {
  see(node.scalar, false);
  for (const config::Node& item : node.items) visit(item, see);
  for (const config::Member& member : node.members) {
    see(member.first, false);
    visit(member.second, see);
  }
}

/// Every text of an exchange that may hold ${}; `filter` when it is a condition of OData.
void visit(const Exchange& exchange, const TextVisitor& see) {
  const HttpCall& call = exchange.call;
  see(call.url, false);
  see(call.body, false);
  for (const auto& entry : call.query) see(entry.second, entry.first == "$filter" || entry.first == "$apply");
  for (const TextPairs* pairs : {&call.headers, &call.form, &call.expect_at}) {
    for (const auto& entry : *pairs) see(entry.second, false);
  }
  if (call.json) visit(*call.json, see);
  for (const auto* columns : {&exchange.columns, &exchange.save}) {
    for (const Column& column : *columns) see(column.text, false);
  }
  for (const SampleSpec& spec : exchange.samples) {
    for (const auto& label : spec.labels) see(label.second, false);
  }
}

/// The names an exchange's texts use.
std::vector<std::string> names_of(const Exchange& exchange) {
  std::vector<std::string> out;
  visit(exchange, [&](std::string_view text, bool) {
    if (text.find("${") == std::string_view::npos) return;
    for (std::string& name : names_in(text)) out.push_back(std::move(name));
  });
  return out;
}

bool saves(const Exchange& exchange, std::string_view name) {
  return std::any_of(exchange.save.begin(), exchange.save.end(),
                     [&](const Column& column) { return column.name == name; });
}

bool saves(const Measurement& measurement, std::string_view name) {
  return std::any_of(measurement.exchanges.begin(), measurement.exchanges.end(),
                     [&](const Exchange& exchange) { return saves(exchange, name); });
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
        asked_(asked_of(measurement, spec_->arguments)) {}

  void go_on() {
    while (next_ < asked_.size() && !can_ask(*asked_[next_].exchange)) ++next_;
    if (next_ == asked_.size()) return finish();
    if (measurement_.batch) return ask_batch();
    const Asked& asked = asked_[next_++];
    exchanger_->run(*asked.exchange, variables_of(asked), deadline_, false,
                    [self = shared_from_this()](ExchangeResult result) {
                      const bool stop = wants_peace(result);
                      self->take(std::move(result));
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
    for (; next_ < asked_.size() && items.size() < most; ++next_) {
      // What needs a value of this batch waits for the next one.
      const std::vector<std::string> names = names_of(*asked_[next_].exchange);
      const bool waits = std::any_of(items.begin(), items.end(), [&](const BatchItem& item) {
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& name) { return saves(*item.exchange, name); });
      });
      if (waits) break;
      if (can_ask(*asked_[next_].exchange)) items.push_back({asked_[next_].exchange, variables_of(asked_[next_])});
    }
    exchanger_->run_batch(std::move(items), deadline_,
                          [self = shared_from_this()](std::vector<ExchangeResult> results) {
                            const bool stop = std::any_of(results.begin(), results.end(), wants_peace);
                            for (ExchangeResult& result : results) self->take(std::move(result));
                            if (stop) {
                              self->finish();
                            } else {
                              self->go_on();
                            }
                          });
  }

  void take(ExchangeResult result) {
    for (const auto& [name, seconds] : result.phases) add_phase(found_.phases, name, seconds);
    found_.duration += result.duration;
    found_.calls += result.calls;
    found_.rows_truncated += result.rows_truncated;
    if (result.wait) found_.wait = std::max(found_.wait.value_or(Duration{}), *result.wait);
    if (result.login && !found_.login) found_.login = std::move(result.login);
    if (result.failure && !found_.failure) found_.failure = std::move(result.failure);
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
        fail(Reason::missing, fmt::format("'{}' was not in any answer", spec.column));
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

  /// Every answer tells the allowance: once is enough. Anything else told twice is a fault of the recipe.
  void settle_samples() {
    std::set<std::pair<std::string_view, const Labels&>> seen;
    std::vector<Sample> out;
    out.reserve(found_.samples.size());
    for (Sample& sample : found_.samples) {
      if (seen.emplace(sample.metric, sample.labels).second) {
        out.push_back(sample);
      } else if (!is_signal(sample.metric)) {
        fail(Reason::bad_content, fmt::format("several requests give {} the same labels", sample.metric));
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
  std::size_t next_ = 0;
  Found found_;
};

}  // namespace

void run_http(const std::shared_ptr<HttpExchanger>& exchanger, const std::shared_ptr<const TargetSpec>& spec,
              const Measurement& measurement, TimePoint now, SteadyTime deadline, std::function<void(Found)> done) {
  std::make_shared<HttpRun>(exchanger, spec, measurement, now, deadline, std::move(done))->go_on();
}

std::vector<const Exchange*> exchanges_of(const Measurement& measurement) {
  std::vector<const Exchange*> out;
  for (const Exchange& exchange : measurement.exchanges) out.push_back(&exchange);
  for (const Step& step : measurement.steps) {
    if (step.exchange) out.push_back(&*step.exchange);
  }
  if (measurement.sweep) out.push_back(&*measurement.sweep);
  return out;
}

namespace {

/// Does the name stand unquoted in a query?
bool stands_in_query(const Recipe& recipe, const Exchange& exchange, const std::string& name) {
  Scope scope{recipe};
  scope.names.emplace(name, ParameterType::string);
  bool found = false;
  visit(exchange, [&](std::string_view text, bool filter) {
    const std::vector<std::string> names = names_in(text);
    if (!(filter || is_select(text)) || std::find(names.begin(), names.end(), name) == names.end()) return;
    for (const std::string& fault :
         template_faults(scope, filter ? fmt::format("select {}", text) : std::string{text}, Place::text)) {
      if (fault.starts_with("${" + name + "} is a text")) found = true;
    }
  });
  return found;
}

/// Stand-ins for what only a run knows.
Variables stand_ins(const TargetSpec& spec, const Measurement& measurement) {
  Variables out = start_variables("0123456789abcdef", TimePoint{std::chrono::hours{24 * 365 * 50}});
  for (const auto* exchange : exchanges_of(measurement)) {
    for (const Column& column : exchange->save) out.insert_or_assign(column.name, "1");
  }
  for (const auto& known : scope_of(*spec.recipe).names) out.insert_or_assign(known.first, "1");
  out.insert_or_assign("id", "1");
  add_access(out, {{}, "https://crm.invalid", {}, 0}, spec.arguments);
  return out;
}

}  // namespace

std::vector<std::string> request_faults(const TargetSpec& spec, const Measurement& measurement) {
  std::vector<std::string> faults;
  Variables variables = stand_ins(spec, measurement);
  const Values values{*spec.recipe,
                      spec.arguments,
                      "0123456789abcdef",
                      std::string{spec.labels.get("agent")},
                      TimePoint{std::chrono::hours{24 * 365 * 50}},
                      &variables};
  const auto check = [&](const Exchange& exchange) {
    const auto request = fill_in(exchange.call, exchange.next, Page{}, values);
    if (!request) faults.push_back(request.error().message);
  };
  for (const Exchange* exchange : exchanges_of(measurement)) {
    const auto& [name, list] = exchange->each_of;
    if (name.empty()) {
      check(*exchange);
      continue;
    }
    const bool bare = stands_in_query(*spec.recipe, *exchange, name);
    for (const std::string& item : spec.arguments.list(list)) {
      if (bare && !is_identifier(item))
        faults.push_back(fmt::format("{}: '{}' stands in a query: only letters, digits, _ and dots", list, item));
      variables.insert_or_assign(name, item);
      check(*exchange);
    }
  }
  return faults;
}

int planned_calls(const Recipe& recipe, const Measurement& measurement, const Arguments& arguments) {
  if (!measurement.steps.empty()) return static_cast<int>(measurement.steps.size());
  if (measurement.exchanges.empty()) return 1;
  const std::vector<Asked> all = asked_of(measurement, arguments);
  const auto asked = static_cast<int>(
      std::count_if(all.begin(), all.end(), [](const Asked& one) { return !one.exchange->call.free; }));
  if (!measurement.batch) return asked;
  const int most = recipe.batch ? recipe.batch->most : 1;
  return (asked + most - 1) / most;
}

}  // namespace crmpulse::probes
