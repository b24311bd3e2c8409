#include "agent/setup/steps/run.h"

#include <algorithm>
#include <filesystem>

#include "agent/settings/crm_settings.h"
#include "config/suggest.h"
#include "core/words/locale.h"

namespace crmpulse::agent::setup {

namespace fs = std::filesystem;

std::optional<std::pair<std::string, std::string>> pair_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

Run::Run(const SetupOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err)
    : options_(options),
      defaults_(defaults),
      out_(out),
      err_(err),
      terminal_(make_terminal()),
      language_(spoken_language(options.language)),
      dialogue_(*terminal_, out, language_, options.yes) {}

Step<void> Run::steps() {
  if (auto ready = read_file(); !ready) return ready;
  if (auto read = read_address(); !read) return read;
  load_recipes();
  if (auto found = address_.is_web ? find_web() : find_database(); !found) return found;
  if (auto named = name_it(); !named) return named;
  if (auto filled = fill_in(); !filled) return filled;
  if (auto complete = all_told(); !complete) return complete;
  put_into_environment(entry_);
  if (auto able = check_rights(); !able) return able;
  if (auto lives = try_it(); !lives) return lives;
  return write();
}

Step<void> Run::read_file() {
  if (!options_.dry_run) {
    if (const auto fault = not_writable(options_.config)) return usage(fault->message);
  }
  auto text = text_of_file(options_.config);
  if (!text) return usage(text.error().message);
  file_ = std::move(*text);
  if (!file_) return {};
  const auto document = config::load_text(*file_, options_.config);
  if (!document) return usage(to_string(document.error()));
  return {};
}

Step<void> Run::read_address() {
  std::string text = options_.address;
  if (text.empty()) {
    text = dialogue_.ask(
        say("Address of the CRM (https://…, postgresql://user@host/database, mysql://…, or a SQLite file)",
            "CRM 的地址（https://…、postgresql://用户@主机/数据库、mysql://… 或 SQLite 文件）"),
        std::nullopt, "URL");
    if (text.empty())
      return usage(say("setup needs the address of the CRM: crmpulse-agent setup URL",
                       "请给出 CRM 的地址：crmpulse-agent setup URL"));
  }
  auto address = setup::read_address(text);
  if (!address) return usage(address.error().message);
  address_ = std::move(*address);
  if (!address_.password.empty())
    tell("The password in the address is taken out of it; it may still stand in your shell's history.",
         "地址中的密码已被取出单独保存；它可能还留在 shell 的历史记录里。");
  return {};
}

void Run::load_recipes() {
  const auto settings = load_settings(options_.config, defaults_);  // it may name a folder of its own
  const std::string folder = settings ? settings->recipe_dir : defaults_.recipe_dir;
  const auto load = [&](const std::string& name) {
    auto known = probes::load_described(name, folder);
    if (known)
      recipes_.push_back(std::make_shared<const probes::DescribedRecipe>(std::move(*known)));
    else
      err_ << fmt::format("warning: {}\n", to_string(known.error()));
    if (known) sources_.push_back(name);
  };
  for (const std::string& name : probes::list_recipes(folder)) load(name);
  const std::string own = from_folder_of(fs::absolute(options_.config).string(), "recipes");
  for (const std::string& name : probes::list_recipes(own)) load(own + "/" + name + ".yaml");
}

std::string Run::source_of(const KnownRecipe& known) const {
  const auto found = std::find(recipes_.begin(), recipes_.end(), known);
  return sources_.at(static_cast<std::size_t>(found - recipes_.begin()));
}

Step<KnownRecipe> Run::named_recipe() {
  if (options_.recipe.empty()) return KnownRecipe{};
  for (std::size_t i = 0; i < recipes_.size(); ++i)
    if (sources_[i] == options_.recipe || recipes_[i]->recipe.name == options_.recipe) return recipes_[i];
  const bool path = options_.recipe.find('/') != std::string::npos || options_.recipe.ends_with(".yaml");
  if (!path) {
    std::vector<std::string> names;
    for (const KnownRecipe& known : recipes_) names.push_back(known->recipe.name);
    return usage(fmt::format("there is no recipe '{}'{}", options_.recipe, config::suggestion(options_.recipe, names)));
  }
  auto known = probes::load_described(options_.recipe, defaults_.recipe_dir);
  if (!known) return usage(to_string(known.error()));
  recipes_.push_back(std::make_shared<const probes::DescribedRecipe>(std::move(*known)));
  sources_.push_back(fs::absolute(options_.recipe).lexically_normal().string());
  return recipes_.back();
}

Stop Run::stopped() const {
  return unknown(say("nothing was written", "未写入任何内容"));
}

}  // namespace crmpulse::agent::setup
