#include "probes/auth/token_file.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/files/private_file.h"
#include "core/files/utf8_path.h"
#include "core/log.h"
#include "core/loop_thread.h"

namespace crmpulse::probes::auth {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kLargestFile = 128 * 1024;
constexpr std::string_view kFormat = "crmpulse token 1";

json::object as_json(const Token& token, const std::string& identity) {
  json::object values;
  for (const auto& [name, value] : token.values) values[name] = value;
  json::object out{{"format", kFormat},
                   {"identity", identity},
                   {"token", token.value.reveal()},
                   {"refresh", token.refresh.reveal()},
                   {"base_url", token.base_url},
                   {"obtained", unix_millis(token.obtained)},
                   {"values", std::move(values)}};
  if (!token.cookies.empty()) out["cookies"] = token.cookies.reveal();
  if (token.expires) out["expires"] = unix_millis(*token.expires);
  return out;
}

/// Throws boost::system::system_error or std::exception for what is not there or of another kind.
Token token_in(const json::object& object) {
  const auto text = [&](const char* name) { return json::value_to<std::string>(object.at(name)); };
  Token token;
  token.value = Secret{text("token")};
  token.refresh = Secret{text("refresh")};
  token.base_url = text("base_url");
  token.obtained = from_unix_millis(object.at("obtained").as_int64());
  for (const auto& [name, value] : object.at("values").as_object())
    token.values.emplace(std::string_view{name}, json::value_to<std::string>(value));
  if (const json::value* const cookies = object.if_contains("cookies"))
    token.cookies = Secret{json::value_to<std::string>(*cookies)};
  if (const json::value* const expires = object.if_contains("expires"))
    token.expires = from_unix_millis(expires->as_int64());
  return token;
}

Result<Token> parse(const std::string& text, const std::string& identity) {
  try {
    const json::value document = json::parse(text);
    const json::object& object = document.as_object();
    if (object.at("format").as_string() != kFormat) return Error{"it is of another format"};
    if (object.at("identity").as_string() != identity) return Error{"it belongs to another login"};
    return token_in(object);
  } catch (const std::exception&) {  // its text may quote the file
    return Error{"it is damaged"};
  }
}

void remove_file(const std::string& path) {
  CRMPULSE_OFF_LOOP();
  if (const auto removed = files::remove_file(path); !removed)
    log::warning("a token that nobody uses any more cannot be removed", {{"why", removed.error().message}});
}

constexpr std::string_view kEnding = ".json";
constexpr std::size_t kIdentityLength = 64;

/// The identity a file in the folder of tokens is of; empty: it is none of ours. `IDENTITY.json`, or
/// `IDENTITY.json.PID.new` while it is written.
std::string_view identity_in(std::string_view name) {
  if (name.size() < kIdentityLength + kEnding.size()) return {};
  const std::string_view identity = name.substr(0, kIdentityLength);
  if (identity.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
  return name.substr(kIdentityLength).starts_with(kEnding) ? identity : std::string_view{};
}

/// The program that was writing this file has ended.
bool is_left_over(std::string_view name) {
  constexpr std::string_view kFresh = ".new";
  std::string_view rest = name.substr(kIdentityLength + kEnding.size());
  if (!rest.starts_with('.') || !rest.ends_with(kFresh) || rest.size() <= kFresh.size() + 1) return false;
  rest = rest.substr(1, rest.size() - kFresh.size() - 1);
  int pid = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
  if (error != std::errc{} || end != rest.data() + rest.size() || pid <= 0) return false;
  return !files::is_running(pid);
}

}  // namespace

TokenFile::TokenFile(const std::string& state_dir, std::string identity) : identity_(std::move(identity)) {
  if (!state_dir.empty()) path_ = files::utf8(fs::path(state_dir) / "tokens" / (identity_ + ".json"));
}

std::optional<Token> TokenFile::read() const {
  std::error_code error;
  if (path_.empty() || fs::symlink_status(path_, error).type() == fs::file_type::not_found) return std::nullopt;
  CRMPULSE_OFF_LOOP();
  const Result<std::string> text = files::read_private(path_, kLargestFile);
  const Result<Token> token = text ? parse(*text, identity_) : Result<Token>{text.error()};
  if (token) return *token;
  log::warning("a kept token is not used; logging in anew", {{"file", path_}, {"why", token.error().message}});
  return std::nullopt;
}

void TokenFile::remove() const {
  if (!path_.empty()) remove_file(path_);
}

Result<void> TokenFile::write(const Token& token) const {
  if (path_.empty()) return {};
  CRMPULSE_OFF_LOOP();
  if (auto made = files::make_private_folder(files::utf8(fs::path(path_).parent_path())); !made) return made;
  const std::string fresh = fmt::format("{}.{}.new", path_, files::own_process_id());
  return files::replace_private(path_, fresh, json::serialize(as_json(token, identity_)));
}

void remove_other_tokens(const std::string& state_dir, const std::set<std::string>& identities) {
  if (state_dir.empty()) return;
  std::error_code error;
  const fs::path folder = fs::path(state_dir) / "tokens";
  if (!fs::is_directory(fs::symlink_status(folder, error))) return;  // not where a link leads
  std::vector<std::string> gone;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = files::utf8(entry->path().filename());
    const std::string_view identity = identity_in(name);
    if (identity.empty()) continue;
    const bool whole = name.size() == kIdentityLength + kEnding.size();
    if (whole ? !identities.contains(std::string{identity}) : is_left_over(name))
      gone.push_back(files::utf8(entry->path()));
  }
  for (const std::string& path : gone) remove_file(path);
  if (!gone.empty())
    log::info("tokens that nobody uses any more were removed", {{"files", fmt::to_string(gone.size())}});
}

}  // namespace crmpulse::probes::auth
