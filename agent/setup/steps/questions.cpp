#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "agent/settings/crm_edit.h"
#include "agent/settings/names.h"
#include "agent/setup/steps/run.h"
#include "config/zone.h"
#include "probes/recipe_file/arguments.h"

namespace crmpulse::agent::setup {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNewShipUrl = "http://127.0.0.1:9460/api/v1/write";

std::vector<std::string> items_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (comma > at) out.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

}  // namespace

Step<void> Run::name_it() {
  const auto fault = [&](const std::string& name) -> std::optional<std::string> {
    if (const auto wrong = name_fault(name, "crm")) return wrong;
    if (is_taken(name))
      return say("there is a CRM named '{}' already in {}; give this one another name",
                 "{1} 中已有名为“{0}”的 CRM；请换一个名称", name, options_.config);
    return std::nullopt;
  };
  if (!options_.name.empty()) {
    if (const auto wrong = fault(options_.name)) return usage(fmt::format("--name {}: {}", options_.name, *wrong));
    entry_.name = options_.name;
    return {};
  }
  std::string proposed = name_for(address_);
  for (int number = 2; is_taken(proposed); ++number) proposed = fmt::format("{}-{}", name_for(address_), number);
  entry_.name = dialogue_.ask(say("Name of this CRM", "这个 CRM 的名称"), proposed, "--name", fault);
  if (dialogue_.has_ended()) return stopped();
  return {};
}

bool Run::is_taken(const std::string& name) const {
  if (!file_) return false;
  const auto document = config::load_text(*file_, options_.config);
  if (!document || document->root.kind != config::Node::Kind::mapping) return false;
  for (const config::Member& member : document->root.members) {
    if (member.first != "crms") continue;
    for (const config::Node& crm : member.second.items)
      for (const config::Member& key : crm.members)
        if (key.first == "name" && key.second.scalar == name) return true;
  }
  return false;
}

Step<void> Run::all_used() const {
  const probes::Recipe& recipe = candidate_.known->recipe;
  const auto is_secret = [&](const std::string& key) {
    const auto same = [&](const EntrySecret& secret) { return secret.key == key; };
    return std::any_of(entry_.with_secrets.begin(), entry_.with_secrets.end(), same) ||
           std::any_of(entry_.auth_secrets.begin(), entry_.auth_secrets.end(), same);
  };
  for (const std::string& text : options_.secrets) {
    const auto pair = pair_of(text);
    if (pair && !is_secret(pair->first))
      return usage(fmt::format("--secret {}: neither the recipe {} nor its login has a secret '{}'", text, recipe.name,
                               pair->first));
  }
  if (!options_.password_file.empty() && !is_secret("password"))
    return usage(fmt::format("--password-file: neither the recipe {} nor its login has a password", recipe.name));
  if (!options_.objects.empty() && recipe.parameter("objects") == nullptr)
    return usage(fmt::format("--objects: the recipe {} has no parameter 'objects'", recipe.name));
  if (flow_ == nullptr && (!options_.flow.empty() || !options_.auth.empty()))
    return usage(fmt::format("--flow, --auth: the recipe {} has no login", recipe.name));
  return {};
}

Step<void> Run::fill_in() {
  const probes::Recipe& recipe = candidate_.known->recipe;
  entry_.recipe = source_of(candidate_.known);
  if (auto parameters = fill_parameters(recipe); !parameters) return parameters;
  if (auto login = fill_login(recipe); !login) return login;
  if (auto used = all_used(); !used) return used;
  if (!options_.ca_file.empty() && address_.is_web) entry_.ca_file = fs::absolute(options_.ca_file).string();
  return fill_hours();
}

void Run::put(const std::string& name, const std::string& value) {
  const probes::Parameter* const parameter = candidate_.known->recipe.parameter(name);
  if (parameter != nullptr && parameter->type == probes::ParameterType::list) {
    std::erase_if(entry_.lists, [&](const auto& one) { return one.first == name; });
    entry_.lists.emplace_back(name, items_of(value));
    return;
  }
  std::erase_if(entry_.with, [&](const auto& one) { return one.first == name; });
  entry_.with.emplace_back(name, value);
}

bool Run::has(const std::string& name) const {
  const auto same = [&](const auto& one) { return one.first == name; };
  return std::any_of(entry_.with.begin(), entry_.with.end(), same) ||
         std::any_of(entry_.lists.begin(), entry_.lists.end(), same);
}

Step<void> Run::fill_parameters(const probes::Recipe& recipe) {
  const auto& signs = candidate_.known->signs;
  const std::string address = address_.is_web && signs ? signs->address : "url";
  const probes::Parameter* const takes = recipe.parameter(address);
  if (takes != nullptr && takes->required) put(address, address_.url);
  for (const auto& [name, value] : candidate_.with) put(name, value);
  for (const std::string& text : options_.with) {
    const auto pair = pair_of(text);
    if (!pair) return usage(fmt::format("--with {}: must be PARAMETER=VALUE", text));
    if (recipe.parameter(pair->first) == nullptr)
      return usage(fmt::format("--with {}: the recipe {} has no parameter of that name", text, recipe.name));
    put(pair->first, pair->second);
  }
  for (const probes::Parameter& parameter : recipe.parameters) {
    if (!parameter.required || has(parameter.name) || parameter.type == probes::ParameterType::secret) continue;
    const auto fault = [&](const std::string& value) { return probes::fault_of(parameter, value); };
    const std::string value = dialogue_.ask(fmt::format("{} ({})", parameter.name, words(parameter.help)), std::nullopt,
                                            fmt::format("--with {}=…", parameter.name), fault);
    if (dialogue_.has_ended()) return stopped();
    if (!value.empty()) put(parameter.name, value);
  }
  return fill_parameter_secrets(recipe);
}

Step<void> Run::fill_parameter_secrets(const probes::Recipe& recipe) {
  for (const probes::Parameter& parameter : recipe.parameters) {
    if (parameter.type != probes::ParameterType::secret) continue;
    auto given = secret_given(parameter.name);
    if (!given) return given.error();
    if (!*given && parameter.name == "password" && !password_.empty()) *given = password_;
    if (!*given && parameter.required)
      *given = dialogue_.ask_secret(words(parameter.help), fmt::format("--secret {}=FILE", parameter.name));
    if (dialogue_.has_ended()) return stopped();
    if (*given && !(*given)->empty()) entry_.with_secrets.push_back(entry_secret(parameter.name, std::move(**given)));
  }
  return {};
}

Step<void> Run::fill_hours() {
  const auto fault = [&](const std::string& text) -> std::optional<std::string> {
    if (text == "none" || hours_of(text)) return std::nullopt;
    return say("write it as mon-fri 08:00-18:00, or none", "请写成 mon-fri 08:00-18:00 的形式，或 none");
  };
  if (!options_.hours.empty()) {
    if (const auto wrong = fault(options_.hours)) return usage(fmt::format("--hours {}: {}", options_.hours, *wrong));
  }
  const std::string text =
      !options_.hours.empty()
          ? options_.hours
          : dialogue_.ask(say("When do its people work? none: the collector learns it",
                              "使用者何时工作？填 none 则由采集器自行学习"),
                          dialogue_.is_interactive() ? "mon-fri 08:00-18:00" : "none", "--hours", fault);
  if (dialogue_.has_ended()) return stopped();
  entry_.hours = hours_of(text);
  if (!entry_.hours) return {};
  const auto zone_fault = [&](const std::string& zone) -> std::optional<std::string> {
    const auto loaded = config::load_zone(zone);
    return loaded ? std::nullopt : std::optional{loaded.error().message};
  };
  if (!options_.zone.empty()) {
    if (const auto wrong = zone_fault(options_.zone)) return usage(fmt::format("--zone {}: {}", options_.zone, *wrong));
  }
  const std::string own = own_zone();
  entry_.hours->zone = !options_.zone.empty()
                           ? options_.zone
                           : dialogue_.ask(say("In which time zone?", "所在时区？"),
                                           own.empty() ? std::nullopt : std::optional{own}, "--zone", zone_fault);
  if (dialogue_.has_ended()) return stopped();
  return {};
}

Step<void> Run::all_told() {
  if (!file_) {
    const std::string url = !options_.collector_url.empty()
                                ? options_.collector_url
                                : dialogue_.ask(say("Where is the collector?", "采集器的地址？"),
                                                std::string{kNewShipUrl}, "--collector-url");
    before_ = new_agent_yaml(yaml_value(url));
  } else {
    before_ = *file_;
  }
  if (dialogue_.has_ended()) return stopped();
  if (!dialogue_.missing().empty())
    return usage(say("nobody is at the terminal to be asked; still needed: {}", "没有可供询问的终端；还需要给出：{}",
                     fmt::join(dialogue_.missing(), ", ")));
  trial_.emplace(options_.config, before_, defaults_);
  return {};
}

}  // namespace crmpulse::agent::setup
