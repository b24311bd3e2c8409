#include <fmt/ranges.h>

#include <algorithm>

#include "agent/setup/objects.h"
#include "agent/setup/rights.h"
#include "agent/setup/steps/run.h"

namespace crmpulse::agent::setup {

namespace {

constexpr int kMostTries = 3;
constexpr std::string_view kVersionMetric = "crm_info";

/// The version that a measurement told, with the release it belongs to; empty if none did.
std::string version_in(const CrmReport& report) {
  for (const probes::Reading& reading : report.readings) {
    for (const Sample& sample : reading.samples) {
      const std::string_view version = sample.labels.get("version");
      if (sample.metric != kVersionMetric || version.empty()) continue;
      const std::string_view release = sample.labels.get("release");
      return release.empty() ? std::string{version} : fmt::format("{} ({})", version, release);
    }
  }
  return {};
}

/// The parameter without which the recipe does not ask for the version; null if it has none.
const probes::Parameter* asks_for_version(const probes::Recipe& recipe) {
  const auto tells = [](const probes::SampleSpec& sample) { return sample.metric == kVersionMetric; };
  for (const probes::Measurement& measurement : recipe.measurements)
    if (!measurement.when.empty() && std::any_of(measurement.samples.begin(), measurement.samples.end(), tells))
      return recipe.parameter(measurement.when);
  return nullptr;
}

}  // namespace

Step<void> Run::check_rights() {
  if (!database_ || address_.dialect == probes::Dialect::sqlite) return {};
  while (true) {
    const MissingRights missing = missing_rights(*database_, candidate_, entry_.with);
    for (const std::string& note : missing.notes) out_ << fmt::format("  {}\n", note);
    if (missing.statements.empty()) {
      tell("The account may read all that the recipe asks.", "该账号可以读取配方所需的全部数据。");
      return {};
    }
    tell("The account lacks rights. As the owner of the database, in it:",
         "该账号缺少权限。请以数据库所有者身份在该库中执行：");
    out_ << '\n';
    for (const std::string& statement : missing.statements) out_ << fmt::format("  {};\n", statement);
    out_ << '\n' << std::flush;
    if (options_.without_rights) return {};
    if (!dialogue_.is_interactive())
      return unknown(say("rights are missing: run the statements above and try again, or go on with --without-rights",
                         "缺少权限：请执行上面的语句后重试，或用 --without-rights 继续"));
    const std::string answer = dialogue_.ask(
        say("Enter: they are run, look again; s: go on without them", "执行完后按回车重新检查；输入 s 则不授权继续"),
        "", "");
    if (dialogue_.has_ended()) return stopped();
    if (answer == "s" || answer == "S") return {};
  }
}

Step<void> Run::try_it() {
  if (auto lives = try_login(); !lives) return lives;
  choose_objects();
  return probe_all();
}

Step<void> Run::try_login() {
  for (int tries = 1;; ++tries) {
    auto made = trial_->make(entry_);
    if (!made) return usage(to_string(made.error()));
    const probes::Reading reading = Trial::liveness(*made);
    if (!reading.failure) {
      made_.emplace(std::move(*made));
      return {};
    }
    const Failure& failure = *reading.failure;
    const std::string why =
        fmt::format("{}/{}: {}", to_string(failure.stage), to_string(failure.reason), failure.message);
    const bool again = dialogue_.is_interactive() && probes::is_of_login(reading) && tries < kMostTries &&
                       flow_ != nullptr && !entry_.auth_secrets.empty();
    if (!again) return unknown(say("the first measurement fails: {}", "首个测量项失败：{}", why));
    out_ << fmt::format("  {}\n", why);
    entry_.auth.clear();
    entry_.auth_secrets.clear();
    for (const probes::auth::Field& field : flow_->fields) {
      auto filled = field.secret ? fill_secret(field) : fill_text(field);
      if (!filled) return filled;
    }
    put_into_environment(entry_);
  }
}

void Run::choose_objects() {
  const probes::Recipe& recipe = candidate_.known->recipe;
  if (recipe.transport != probes::Transport::http) return;
  if (!options_.objects.empty() && recipe.parameter("objects") != nullptr)
    put("objects", fmt::format("{}", fmt::join(options_.objects, ",")));
  for (const std::string& parameter : object_parameters(recipe)) {
    if (has(parameter)) continue;
    const std::vector<std::string>& items = *recipe.parameter(parameter)->default_list;
    const auto make = [&](const std::string& name, const std::string& item) -> std::unique_ptr<probes::Target> {
      CrmEntry one = entry_;
      one.lists.emplace_back(name, std::vector{item});
      auto made = trial_->make(one);
      return made ? std::move(made->targets.front()) : nullptr;
    };
    const ObjectLook look = look_at_objects(recipe, parameter, items, make);
    for (const auto& [item, why] : look.left_out)
      tell("{}: {} is left out: {}", "{}：略去 {}：{}", parameter, item, why);
    if (!look.left_out.empty() && !look.used.empty()) entry_.lists.emplace_back(parameter, look.used);
    if (look.used.size() != items.size() || parameter == "objects")
      tell("{}: {}", "{}：{}", parameter, fmt::join(look.used, ", "));
  }
}

Step<void> Run::probe_all() {
  auto made = trial_->make(entry_);
  if (!made) return usage(to_string(made.error()));
  tell("Trying each measurement once …", "正在逐一试运行各测量项……");
  CrmReport report = Trial::probe(*made);
  for (const probes::Reading& reading : report.readings) {
    if (!reading.failure || reading.measurement == report.liveness) continue;
    const Failure& failure = *reading.failure;
    if (failure.reason != Reason::permission && failure.reason != Reason::missing) continue;
    entry_.off.emplace_back(reading.measurement,
                            fmt::format("{}: {}", to_string(failure.reason), one_line(failure.message, 120)));
    tell("{} cannot be measured and is switched off: {}", "{} 无法测量，已关闭：{}", reading.measurement,
         failure.message);
  }
  std::erase_if(report.readings, [&](const probes::Reading& reading) {
    return std::any_of(entry_.off.begin(), entry_.off.end(),
                       [&](const auto& off) { return off.first == reading.measurement; });
  });
  if (!entry_.off.empty()) made = trial_->make(entry_);
  if (!made) return usage(to_string(made.error()));
  if (const auto problems = trial_->judge(report, *made)) return usage(to_string(*problems));
  made_.emplace(std::move(*made));
  report_ = std::move(report);
  tell_version();
  return {};
}

void Run::tell_version() {
  if (!candidate_.version.empty() || !skeleton_.empty()) return;
  if (const std::string version = version_in(report_); !version.empty()) {
    tell("Version: {}", "版本：{}", version);
    return;
  }
  const probes::Parameter* const parameter = asks_for_version(candidate_.known->recipe);
  if (parameter != nullptr && !has(parameter->name))
    tell("Version: not asked for. --with {}=true: {}", "版本：未查询。--with {}=true：{}", parameter->name,
         words(parameter->help));
  else
    tell("Version: not told by it", "版本：该产品未提供");
}

}  // namespace crmpulse::agent::setup
