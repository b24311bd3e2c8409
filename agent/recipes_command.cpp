#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>

#include "agent/commands.h"
#include "agent/print/rights_text.h"
#include "agent/print/text_table.h"
#include "agent/print/words.h"
#include "core/words/clock.h"
#include "probes/auth/flows.h"
#include "probes/recipe_file/load.h"

namespace crmpulse::agent {
namespace {

const char* name_of(probes::ParameterType type) {
  constexpr std::array kNames{"string",   "secret",     "url",    "integer", "number",
                              "duration", "identifier", "prefix", "boolean", "list"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string spoken_to(const probes::Recipe& recipe) {
  if (recipe.transport == probes::Transport::http) return "http";
  std::vector<std::string_view> dialects;
  for (const auto dialect : recipe.dialects) dialects.push_back(probes::to_string(dialect));
  return fmt::format("sql: {}", fmt::join(dialects, ", "));
}

std::string parameters_text(const probes::Recipe& recipe, const Words& words) {
  TextTable table{
      {{words("name", "名称")}, {words("type", "类型")}, {words("default", "默认值")}, {words("meaning", "含义")}}};
  for (const auto& parameter : recipe.parameters) {
    const bool secret = parameter.type == probes::ParameterType::secret;
    std::string help = words(parameter.help);
    if (secret) help += words(" (as _file, _env or _credential)", "（写成 _file、_env 或 _credential）");
    if (!parameter.choices.empty()) help += fmt::format(" [{}]", fmt::join(parameter.choices, " | "));
    table.add({parameter.name, name_of(parameter.type),
               parameter.required ? words("required", "必填") : parameter.default_text.value_or(""), help});
  }
  return table.empty() ? std::string{}
                       : fmt::format("\n{}\n{}", words("Parameters (under `with:`)", "参数（写在 `with:` 下）"),
                                     table.text("  "));
}

/// Metric names with their fixed labels' place left to the samples themselves.
std::string metrics_of(const probes::Measurement& measurement) {
  if (!measurement.transaction.empty()) return "crm_transaction_success, crm_transaction_duration_seconds";
  std::set<std::string> metrics;
  if (measurement.liveness) metrics.insert("crm_up");
  for (const auto& sample : measurement.samples) metrics.insert(sample.metric);
  for (const auto& exchange : measurement.exchanges) {
    for (const auto& sample : exchange.samples) metrics.insert(sample.metric);
  }
  return fmt::format("{}", fmt::join(metrics, ", "));
}

std::string measurements_text(const probes::Recipe& recipe, const Words& words) {
  TextTable table{{{words("measurement", "测量项")},
                   {words("interval", "间隔")},
                   {words("operation", "操作")},
                   {words("only with", "适用条件")},
                   {words("samples", "样本")}}};
  for (const auto& measurement : recipe.measurements) {
    table.add({measurement.id,
               measurement.interval ? span_text(*measurement.interval, words.chinese ? Language::zh : Language::en)
                                    : std::string{words("the CRM's", "按 CRM 配置")},
               measurement.operation, measurement.when, metrics_of(measurement)});
  }
  return fmt::format("\n{}\n{}", words("Measurements", "测量项"), table.text("  "));
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string template_text(const probes::Template& text) {
  std::string out = indented(text.any, "      ");
  for (const auto& [dialect, query] : text.by_dialect) {
    out += fmt::format("      {}:\n{}", probes::to_string(dialect), indented(query, "        "));
  }
  return out;
}

/// `GET /query?q=SELECT …`, and what of it a reader should know.
std::string exchange_text(const probes::Exchange& exchange, const Words& words) {
  const probes::HttpCall& call = exchange.call;
  std::string out = fmt::format("      {} {}", call.method, call.url);
  for (std::size_t i = 0; i < call.query.size(); ++i)
    out += fmt::format("{}{}={}", i == 0 && call.url.find('?') == std::string::npos ? '?' : '&', call.query[i].first,
                       call.query[i].second);
  std::replace(out.begin(), out.end(), '\n', ' ');
  if (!exchange.each_of.first.empty())
    out += fmt::format("  [{} {}]", words("for each of", "遍历"), exchange.each_of.second);
  if (exchange.next) out += fmt::format("  [{} {}]", words("pages, at most", "分页，最多"), exchange.pages);
  if (!call.auth)
    out += words("  [without login]", "  [不登录]");
  else if (call.free)
    out += words("  [not counted]", "  [不计入配额]");
  return out + '\n';
}

std::string measurement_calls(const probes::Measurement& measurement, const Words& words) {
  std::string out;
  for (const probes::Exchange& exchange : measurement.exchanges) out += exchange_text(exchange, words);
  if (!measurement.query.empty()) out += template_text(measurement.query);
  for (const auto& step : measurement.steps) {
    out += fmt::format("    {}\n", step.step);
    out += step.exchange ? exchange_text(*step.exchange, words)
                         : template_text(step.statement.empty() ? step.query : step.statement);
  }
  return out;
}

std::string calls_text(const probes::Recipe& recipe, const Words& words) {
  std::string out = fmt::format("\n{}\n", words("Calls", "调用"));
  for (const auto& measurement : recipe.measurements) {
    out += fmt::format("  {}{}\n", measurement.id,
                       measurement.batch ? words(" (packed into one call)", "（合并为一次调用）") : "");
    out += measurement_calls(measurement, words);
  }
  return out;
}

/// The ways to log in, each with what a user gives under `auth:`.
std::string logins_text(const probes::Recipe& recipe, const Words& words) {
  if (recipe.auth.flows.empty()) return {};
  TextTable table{
      {{words("flow", "登录方式")}, {words("key", "键")}, {"", TextTable::Align::left}, {words("meaning", "含义")}}};
  for (const probes::AuthFlow& offered : recipe.auth.flows) {
    const probes::auth::Flow* flow = probes::auth::find_flow(offered.flow);
    if (flow == nullptr || flow->fields.empty()) {
      table.add({offered.flow, "", "", ""});
      continue;
    }
    bool first = true;
    for (const probes::auth::Field& field : flow->fields) {
      std::string help = words(field.help);
      if (field.secret) help += words(" (as _file, _env or _credential)", "（写成 _file、_env 或 _credential）");
      table.add(
          {first ? offered.flow : "", std::string{field.name}, field.required ? words("required", "必填") : "", help});
      first = false;
    }
  }
  return fmt::format("\n{}\n{}", words("Login (under `auth:`)", "登录（写在 `auth:` 下）"), table.text("  "));
}

/// What a user may write under `checks:`, and what it asks.
std::string checks_text(const probes::Recipe& recipe, const Words& words) {
  if (recipe.checks.empty()) return {};
  constexpr std::array<std::pair<std::string_view, const char*>, 5> kForms{{{"complete", "OBJECT.FIELD"},
                                                                            {"unique", "OBJECT.FIELD"},
                                                                            {"valid", "OBJECT.FIELD as FORMAT"},
                                                                            {"fresh", "OBJECT 14d"},
                                                                            {"orphan", "OBJECT.FIELD"}}};
  std::string out =
      fmt::format("\n{}\n", words("Checks of data quality (under `checks:`)", "数据质量检查（写在 `checks:` 下）"));
  for (const probes::Check& check : recipe.checks) {
    const auto form = std::find_if(kForms.begin(), kForms.end(), [&](const auto& f) { return f.first == check.kind; });
    std::string written = form == kForms.end() ? "" : form->second;
    if (!check.object.empty() && written.starts_with("OBJECT")) written.replace(0, 6, check.object);
    if (const auto place = written.find("FORMAT"); place != std::string::npos) written.replace(place, 6, check.format);
    out += fmt::format("  {}: {}\n{}", check.kind, written, measurement_calls(check.measurement, words));
  }
  return out;
}

std::string allowance_text(const probes::Recipe& recipe, const Words& words) {
  if (!recipe.allowance) return {};
  return fmt::format("\n{}\n  {}: {} {}\n", words("Allowance", "配额"), recipe.allowance->name,
                     recipe.allowance->per_day, words("calls a day", "次调用/天"));
}

std::string endings_text(const probes::Recipe& recipe, const Words& words) {
  if (recipe.endings.empty()) return {};
  TextTable table{{{words("API", "API")},
                   {words("ends", "终止日期")},
                   {words("only with", "适用条件")},
                   {words("source", "来源")}}};
  for (const probes::Ending& ending : recipe.endings) {
    std::string condition = ending.parameter;
    if (ending.above) condition += fmt::format(" > {}", *ending.above);
    if (ending.below) condition += fmt::format(" < {}", *ending.below);
    if (!ending.value.empty()) condition += fmt::format(": {}", ending.value);
    table.add({ending.api, ending.on ? ending.on_text : words("not announced", "尚未公布"), condition, ending.source});
  }
  return fmt::format("\n{}\n{}", words("Ends of the vendor's APIs", "厂商 API 的终止日期"), table.text("  "));
}

std::string not_measured_text(const probes::Recipe& recipe, const Words& words) {
  if (recipe.not_measured.empty()) return {};
  std::string out = fmt::format("\n{}\n", words("Not measured", "不测量的维度"));
  for (const auto& [dimension, why] : recipe.not_measured) out += fmt::format("  {}: {}\n", dimension, words(why));
  return out;
}

int show(const RecipesOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err) {
  const auto known = probes::list_recipes(defaults.recipe_dir);
  const bool is_path = options.name.find('/') != std::string::npos || options.name.ends_with(".yaml");
  if (!is_path && std::find(known.begin(), known.end(), options.name) == known.end()) {
    err << fmt::format("there is no recipe '{}' in {}; known: {}\n", options.name, defaults.recipe_dir,
                       fmt::join(known, ", "));
    return kExitUsage;
  }
  const auto recipe = probes::load_recipe(options.name, defaults.recipe_dir);
  if (!recipe) {
    err << to_string(recipe.error()) << '\n';
    return kExitUsage;
  }
  const Words words{options.chinese};
  out << recipe->name << words(": ", "：") << words(recipe->title) << words(" (", "（") << spoken_to(*recipe)
      << words(")\n", "）\n") << parameters_text(*recipe, words) << logins_text(*recipe, words)
      << allowance_text(*recipe, words) << measurements_text(*recipe, words) << checks_text(*recipe, words)
      << endings_text(*recipe, words) << rights_text(*recipe, options.chinese) << not_measured_text(*recipe, words)
      << calls_text(*recipe, words);
  return kExitOk;
}

}  // namespace

int recipes_command(const RecipesOptions& options, const SettingsDefaults& defaults, std::ostream& out,
                    std::ostream& err) {
  if (!options.name.empty()) return show(options, defaults, out, err);
  const Words words{options.chinese};
  TextTable table{{{words("recipe", "配方")},
                   {words("for", "适用于")},
                   {words("transport", "传输方式")},
                   {words("measurements", "测量项"), TextTable::Align::right}}};
  bool broken = false;
  for (const std::string& name : probes::list_recipes(defaults.recipe_dir)) {
    const auto recipe = probes::load_recipe(name, defaults.recipe_dir);
    if (!recipe) {
      err << to_string(recipe.error()) << '\n';
      broken = true;
      continue;
    }
    table.add({recipe->name, words(recipe->title), spoken_to(*recipe), fmt::to_string(recipe->measurements.size())});
  }
  if (table.empty())
    err << fmt::format("there are no recipes in {}\n", defaults.recipe_dir);
  else
    out << table.text();
  return broken || table.empty() ? kExitFailed : kExitOk;
}

}  // namespace crmpulse::agent
