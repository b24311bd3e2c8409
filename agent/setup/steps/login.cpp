#include <fmt/ranges.h>

#include <algorithm>

#include "agent/setup/steps/run.h"

namespace crmpulse::agent::setup {

Step<std::optional<Secret>> Run::secret_given(const std::string& key) {
  std::string file = key == "password" ? options_.password_file : "";
  for (const std::string& text : options_.secrets) {
    const auto pair = pair_of(text);
    if (!pair) return usage(fmt::format("--secret {}: must be KEY=FILE", text));
    if (pair->first == key) file = pair->second;
  }
  if (file.empty()) return std::optional<Secret>{};
  auto read = config::secret_from_file(file, form_of(key));
  if (!read) return usage(read.error().message);
  if (read->warning) err_ << fmt::format("warning: {}\n", *read->warning);
  return std::optional{std::move(read->secret)};
}

config::SecretForm Run::form_of(std::string_view key) {
  if (key.ends_with("private_key")) return config::SecretForm::pem;
  return key.ends_with("password") ? config::SecretForm::password : config::SecretForm::token;
}

EntrySecret Run::entry_secret(const std::string& key, Secret value) const {
  return {key, std::move(value), fmt::format("{}.{}", entry_.name, key)};
}

Step<const probes::auth::Flow*> Run::choose_flow(const probes::Recipe& recipe) {
  const auto& flows = recipe.auth.flows;
  std::vector<std::string> names;
  for (const probes::AuthFlow& flow : flows) names.push_back(flow.flow);
  if (names.empty()) return static_cast<const probes::auth::Flow*>(nullptr);
  if (!options_.flow.empty()) {
    if (std::find(names.begin(), names.end(), options_.flow) == names.end())
      return usage(fmt::format("--flow {}: the recipe {} has {}", options_.flow, recipe.name, fmt::join(names, ", ")));
    return probes::auth::find_flow(options_.flow);
  }
  if (recipe.auth.optional && !dialogue_.is_interactive()) return static_cast<const probes::auth::Flow*>(nullptr);
  std::vector<std::string> choices = names;
  if (recipe.auth.optional) choices.push_back(say("none", "不登录"));
  const std::size_t chosen = dialogue_.choose(say("How does it log in?", "用哪种方式登录？"), choices,
                                              fmt::format("--flow ({})", fmt::join(names, ", ")));
  if (dialogue_.has_ended()) return stopped();
  return chosen < names.size() ? probes::auth::find_flow(names[chosen]) : nullptr;
}

Step<void> Run::fill_login(const probes::Recipe& recipe) {
  auto flow = choose_flow(recipe);
  if (!flow) return flow.error();
  if (*flow == nullptr) return {};
  if (recipe.auth.flows.size() > 1 || recipe.auth.optional) entry_.flow = (*flow)->name;
  flow_ = *flow;
  for (const probes::auth::Field& field : (*flow)->fields) {
    auto filled = field.secret ? fill_secret(field) : fill_text(field);
    if (!filled) return filled;
  }
  for (const std::string& text : options_.auth) {
    const auto pair = pair_of(text);
    const auto same = [&](const probes::auth::Field& field) {
      return pair && field.name == pair->first && !field.secret;
    };
    if (std::none_of((*flow)->fields.begin(), (*flow)->fields.end(), same))
      return usage(fmt::format("--auth {}: must be KEY=VALUE with a key of the flow {}", text, (*flow)->name));
  }
  return {};
}

Step<void> Run::fill_text(const probes::auth::Field& field) {
  const std::string key{field.name};
  for (const std::string& text : options_.auth) {
    const auto pair = pair_of(text);
    if (!pair || pair->first != key) continue;
    entry_.auth.emplace_back(*pair);
    return {};
  }
  if (!field.required) return {};
  const std::string value =
      dialogue_.ask(fmt::format("{} ({})", key, words(field.help)), std::nullopt, fmt::format("--auth {}=…", key));
  if (dialogue_.has_ended()) return stopped();
  if (!value.empty()) entry_.auth.emplace_back(key, value);
  return {};
}

Step<void> Run::fill_secret(const probes::auth::Field& field) {
  const std::string key{field.name};
  auto given = secret_given(key);
  if (!given) return given.error();
  if (!*given && !field.required) return {};
  if (!*given) {
    auto asked = ask_for(field);
    if (!asked) return asked.error();
    *given = std::move(*asked);
  }
  if (*given && !(*given)->empty()) entry_.auth_secrets.push_back(entry_secret(key, std::move(**given)));
  return {};
}

Step<Secret> Run::ask_for(const probes::auth::Field& field) {
  const std::string option = fmt::format("--secret {}=FILE", field.name);
  if (form_of(field.name) == config::SecretForm::pem) {
    const std::string file = dialogue_.ask(say("File with {} ({})", "{} 所在文件（{}）", field.name, words(field.help)),
                                           std::nullopt, option);
    if (file.empty()) return dialogue_.has_ended() ? Step<Secret>{stopped()} : Step<Secret>{Secret{}};
    auto read = config::secret_from_file(file, config::SecretForm::pem);
    if (!read) return usage(read.error().message);
    return std::move(read->secret);
  }
  Secret secret =
      dialogue_.ask_secret(say("{} ({}; is not shown)", "{}（{}；不显示）", field.name, words(field.help)), option);
  if (dialogue_.has_ended()) return stopped();
  return secret;
}

}  // namespace crmpulse::agent::setup
