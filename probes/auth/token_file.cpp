#include "probes/auth/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/log.h"
#include "core/loop_thread.h"

namespace crmpulse::probes::auth {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kLargestFile = 128 * 1024;
constexpr std::string_view kFormat = "crmpulse token 1";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }

 private:
  int number_;
};

Error because(std::string_view what, const std::string& file) {
  return Error{fmt::format("cannot {} {}: {}", what, file, std::generic_category().message(errno))};
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<std::string> read_private(const std::string& path) {
  CRMPULSE_OFF_LOOP();
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.open()) return because("open", path);
  struct stat about{};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return Error{"it is not a regular file"};
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (about.st_uid != ::geteuid() && about.st_uid != 0))
    return Error{"others can write to it"};
  std::string text(kLargestFile, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + length, text.size() - length);
    if (got < 0) return because("read", path);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

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
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    log::warning("a token that nobody uses any more cannot be removed", {{"why", because("remove", path).message}});
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
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

Result<void> replace(const std::string& path, std::string_view text) {
  CRMPULSE_OFF_LOOP();
  const std::string fresh = fmt::format("{}.{}.new", path, ::getpid());
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return because("create", fresh);
    if (::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), text) || ::fsync(file.get()) != 0) {
      const Error error = because("write", fresh);
      ::unlink(fresh.c_str());
      return error;
    }
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    const Error error = because("replace", path);
    ::unlink(fresh.c_str());
    return error;
  }
  const Descriptor folder(::open(fs::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.open()) (void)::fsync(folder.get());
  return {};
}

}  // namespace

TokenFile::TokenFile(const std::string& state_dir, std::string identity) : identity_(std::move(identity)) {
  if (!state_dir.empty()) path_ = (fs::path(state_dir) / "tokens" / (identity_ + ".json")).string();
}

std::optional<Token> TokenFile::read() const {
  std::error_code error;
  if (path_.empty() || fs::symlink_status(path_, error).type() == fs::file_type::not_found) return std::nullopt;
  const Result<std::string> text = read_private(path_);
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
  const fs::path folder = fs::path(path_).parent_path();
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return because("create", folder.string());
  if (::chmod(folder.c_str(), 0700) != 0) return because("protect", folder.string());
  return replace(path_, json::serialize(as_json(token, identity_)));
}

void remove_other_tokens(const std::string& state_dir, const std::set<std::string>& identities) {
  if (state_dir.empty()) return;
  std::error_code error;
  const fs::path folder = fs::path(state_dir) / "tokens";
  if (!fs::is_directory(fs::symlink_status(folder, error))) return;  // not where a link leads
  std::vector<std::string> gone;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::string_view identity = identity_in(name);
    if (identity.empty()) continue;
    const bool whole = name.size() == kIdentityLength + kEnding.size();
    if (whole ? !identities.contains(std::string{identity}) : is_left_over(name))
      gone.push_back(entry->path().string());
  }
  for (const std::string& path : gone) remove_file(path);
  if (!gone.empty())
    log::info("tokens that nobody uses any more were removed", {{"files", fmt::to_string(gone.size())}});
}

}  // namespace crmpulse::probes::auth
