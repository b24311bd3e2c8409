#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "agent/settings/crm_settings.h"
#include "agent/setup/skeleton.h"
#include "agent/setup/steps/run.h"

namespace crmpulse::agent::setup {

namespace fs = std::filesystem;

namespace {

constexpr int kMostTries = 3;

/// What is known of a product that was named, not recognised.
Candidate candidate_named(const KnownRecipe& named) {
  Candidate candidate{.known = named, .version = {}, .schema = {}, .prefix = {}, .with = {}};
  if (named->signs && !named->signs->prefix.empty())
    candidate.prefix = named->recipe.parameter(named->signs->prefix)->default_text.value_or("");
  return candidate;
}

}  // namespace

std::string Run::title_of(const Candidate& candidate) const {
  return fmt::format(
      "{}: {}{}{}{}", candidate.known->recipe.name, words(candidate.known->recipe.title),
      candidate.version.empty() ? "" : fmt::format(", {}", candidate.version),
      candidate.schema.empty() || candidate.schema == "public" ? "" : fmt::format(", schema {}", candidate.schema),
      candidate.prefix.empty() ? "" : fmt::format(", tables {}…", candidate.prefix));
}

Step<void> Run::take(Recognition recognition, const KnownRecipe& named) {
  auto& found = recognition.found;
  for (const std::string& text : options_.with) {
    // Of several installations with prefixes of their own the one that is named.
    const auto pair = pair_of(text);
    std::erase_if(found, [&](const Candidate& one) {
      return pair && pair->first == one.known->signs->prefix && pair->second != one.prefix;
    });
  }
  if (named) std::erase_if(found, [&](const Candidate& one) { return one.known != named; });
  if (found.empty() && named) {
    tell("The signs of {} are not there; it is taken because you name it.", "没有发现 {} 的特征；按您的指定使用它。",
         named->recipe.name);
    candidate_ = candidate_named(named);
    return {};
  }
  if (found.empty()) return make_skeleton(recognition.near);
  std::vector<std::string> titles;
  for (const Candidate& one : found) titles.push_back(title_of(one));
  std::size_t chosen = 0;
  if (found.size() > 1) {
    if (!dialogue_.is_interactive())
      return unknown(say("there is more than one product at this address; name one with --recipe:\n  {}",
                         "该地址上有多个产品，请用 --recipe 指定一个：\n  {}", fmt::join(titles, "\n  ")));
    chosen = dialogue_.choose(say("There is more than one product here. Which one?", "这里有多个产品，请选择："),
                              titles, "--recipe");
    if (dialogue_.has_ended()) return stopped();
  }
  candidate_ = std::move(found[chosen]);
  tell("Found {}", "识别为 {}", titles[chosen]);
  if (!candidate_.fits)
    tell("The recipe is written for other versions: look at what the first probe says.",
         "此配方针对其他版本编写：请留意首次探测的结果。");
  return {};
}

Step<void> Run::make_skeleton(const std::vector<Resemblance>& near) {
  std::string why = say("no product that has a recipe is recognised here", "没有识别出任何已有配方的产品");
  for (const auto& one : near)
    why += say("\n  it resembles {}, but lacks {}", "\n  与 {} 相似，但缺少 {}", one.known->recipe.name, one.missing);
  const std::string hint =
      say("\n  name a recipe with --recipe (crmpulse-agent recipes lists them), or have one made of what is there with "
          "--skeleton",
          "\n  用 --recipe 指定配方（crmpulse-agent recipes 列出全部），或用 --skeleton 根据现有内容生成配方");
  if (!options_.skeleton) {
    if (!dialogue_.is_interactive()) return unknown(why + hint);
    out_ << why << '\n';
    if (!dialogue_.confirm(say("Make a recipe of what is there?", "根据现有内容生成配方？")))
      return unknown(hint.substr(3));
  }
  const std::string name = recipe_name_of(name_for(address_));
  auto text = skeleton_text(name);
  if (!text) return unknown(text.error().message);
  return use_skeleton(name, std::move(*text));
}

Result<std::string> Run::skeleton_text(const std::string& name) {
  if (database_) return database_skeleton(name, address_.dialect, tables_);
  net::ClientRequest request;
  request.url = address_.url;
  request.headers.emplace_back("Accept", "application/json");
  if (!options_.ca_file.empty()) request.tls.ca_file = fs::absolute(options_.ca_file).string();
  const net::ClientResponse response = fetch(client_, std::move(request));
  if (response.failure) return Error{response.failure->message};
  return web_skeleton(name, response.body);
}

Step<void> Run::use_skeleton(const std::string& name, std::string text) {
  const std::string folder = from_folder_of(fs::absolute(options_.config).string(), "recipes");
  skeleton_file_ = fmt::format("{}/{}.yaml", folder, name);
  std::error_code error;
  for (int number = 2; fs::exists(skeleton_file_, error); ++number)
    skeleton_file_ = fmt::format("{}/{}-{}.yaml", folder, name, number);
  auto draft = Draft::make(fmt::format("{}.yaml", name), text);
  if (!draft) return usage(draft.error().message);
  draft_.emplace(std::move(*draft));
  auto known = probes::load_described(draft_->file(), defaults_.recipe_dir);
  if (!known) return usage(to_string(known.error()));
  skeleton_ = std::move(text);
  recipes_.push_back(std::make_shared<const probes::DescribedRecipe>(std::move(*known)));
  sources_.push_back(skeleton_file_);
  candidate_ = candidate_named(recipes_.back());
  entry_.trial_recipe = draft_->file();
  tell("Made a recipe: {}", "已生成配方：{}", skeleton_file_);
  return {};
}

Step<void> Run::find_database() {
  auto named = named_recipe();
  if (!named) return named.error();
  if (auto opened = open_database(); !opened) return opened;
  auto tables = database_->tables();
  if (!tables) return unknown(tables.error().message);
  tables_ = std::move(*tables);
  if (tables_.empty()) {
    if (!*named) return unknown(empty_database());
    candidate_ = candidate_named(*named);
    return {};
  }
  auto recognition = recognise_database(*database_, tables_, recipes_);
  if (auto taken = take(std::move(recognition), *named); !taken) return taken;
  tell_tables();
  return {};
}

std::string Run::empty_database() {
  const std::string account = database_->account();
  if (address_.dialect != probes::Dialect::mysql)
    return say("the account {} sees no table in this database: it is empty; is it the right one?",
               "账号 {} 在该库中看不到任何表：库是空的；地址是否正确？", account);
  return say(
      "the account {} sees no table in this database: it is empty, or the account has no rights yet; name the "
      "product with --recipe to see the statements that grant them",
      "账号 {} 在该库中看不到任何表：库是空的，或者账号还没有权限；用 --recipe 指定产品，即可列出授权语句", account);
}

Step<void> Run::open_database() {
  password_ = address_.password;
  if (!options_.password_file.empty()) {
    auto read = config::secret_from_file(options_.password_file, config::SecretForm::password);
    if (!read) return usage(read.error().message);
    password_ = read->secret;
  }
  for (int tries = 0; tries < kMostTries; ++tries) {
    auto opened = Database::open(address_, password_);
    if (opened) {
      database_.emplace(std::move(*opened));
      return {};
    }
    const bool login = opened.error().message.starts_with("auth/");
    if (!login || !dialogue_.is_interactive()) {
      return unknown(fmt::format("{}{}", opened.error().message,
                                 login && password_.empty() ? say("; give the password with --password-file",
                                                                  "；请用 --password-file 给出密码")
                                                            : ""));
    }
    if (!password_.empty()) out_ << fmt::format("  {}\n", opened.error().message);
    password_ = dialogue_.ask_secret(
        say("Password of the monitoring account (is not shown)", "监控账号的密码（不显示）"), "--password-file");
    if (dialogue_.has_ended()) return stopped();
  }
  return unknown(say("the database does not accept this account and password", "数据库不接受该账号和密码"));
}

void Run::tell_tables() {
  std::vector<const SeenTable*> sized;
  for (const SeenTable& table : tables_)
    if (table.schema == candidate_.schema && table.rows.value_or(0) > 0 && is_asked(table.name))
      sized.push_back(&table);
  std::sort(sized.begin(), sized.end(), [](const auto* a, const auto* b) { return *a->rows > *b->rows; });
  if (sized.size() > 8) sized.resize(8);
  if (sized.empty()) return;
  std::vector<std::string> parts;
  for (const auto* table : sized) parts.push_back(fmt::format("{} ~{:.0f}", table->name, *table->rows));
  tell("Tables in use, with about how many rows: {}", "在用的表及大致行数：{}", fmt::join(parts, ", "));
}

bool Run::is_asked(const std::string& table) const {
  const probes::Recipe& recipe = candidate_.known->recipe;
  return std::any_of(recipe.measurements.begin(), recipe.measurements.end(), [&](const auto& measurement) {
    const std::string& text = measurement.query.text(address_.dialect);
    return text.find(table) != std::string::npos;
  });
}

Step<void> Run::find_web() {
  auto named = named_recipe();
  if (!named) return named.error();
  WebPlace place{address_.url, {}};
  if (!options_.ca_file.empty()) place.tls.ca_file = fs::absolute(options_.ca_file).string();
  auto recognition = recognise_web(client_, place, recipes_);
  if (!recognition) return unknown(recognition.error().message);
  address_.url = place.url;
  return take(std::move(*recognition), *named);
}

}  // namespace crmpulse::agent::setup
