#include "collector/http/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "core/files/posix.h"
#include "core/files/state_lock.h"
#include "core/loop_thread.h"
#include "core/time/time.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostBytes = 16UL * 1024 * 1024;

std::string reason() {
  return std::strerror(errno);
}

Result<Token> token_from(const json::value& value) {
  Token token;
  try {
    const json::object& object = value.as_object();
    const std::optional<AccessRole> role = role_from(std::string_view{object.at("role").as_string()});
    const auto created = parse_time(std::string_view{object.at("created").as_string()});
    if (!role || !created) return Error{"a token has no role or no time"};
    token = {std::string{object.at("name").as_string()},
             *role,
             std::string{object.at("sha256").as_string()},
             *created,
             "",
             std::nullopt};
    if (const json::value* agent = object.if_contains("agent")) token.agent = std::string_view{agent->as_string()};
    if (const json::value* crms = object.if_contains("crms")) {
      for (const json::value& crm : crms->as_array()) token.crms.emplace_back(crm.as_string());
    }
    if (const json::value* expires = object.if_contains("expires")) {
      const auto time = parse_time(std::string_view{expires->as_string()});
      if (!time) return Error{"a token's `expires` is not a time"};
      token.expires = *time;
    }
    if (const json::value* invited = object.if_contains("invited")) token.invited = invited->as_bool();
    if (const json::value* replaces = object.if_contains("replaces")) {
      for (const json::value& name : replaces->as_array()) token.replaces.emplace_back(name.as_string());
    }
  } catch (const std::exception& broken) {
    return Error{fmt::format("a token cannot be read: {}", broken.what())};
  }
  return token;
}

Result<std::vector<Token>> parse_tokens(const std::string& file, const std::string& text) {
  std::vector<Token> tokens;
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  if (error || !parsed.is_array())
    return Error{fmt::format("{} is damaged; restore it or delete it and create the tokens anew", file)};
  for (const json::value& value : parsed.get_array()) {
    auto token = token_from(value);
    if (!token) return Error{fmt::format("{}: {}", file, token.error().message)};
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

std::string version_of(const struct stat& found) {
  // The time of the last change of anything: also of its permissions.
  return fmt::format("{}/{}/{}.{}", found.st_ino, found.st_size, found.st_ctim.tv_sec, found.st_ctim.tv_nsec);
}

Result<void> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Error{reason()};
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return Error{reason()};
  return {};
}

/// Replaces the file at once; it belongs to whom the state folder belongs, so that the service may read it.
Result<void> write_tokens(const std::string& state_dir, const std::vector<Token>& tokens) {
  json::array out;
  for (const Token& token : tokens) {
    json::object one{{"name", token.name},
                     {"role", to_string(token.role)},
                     {"sha256", token.hash},
                     {"created", format_time(token.created)}};
    if (!token.agent.empty()) one["agent"] = token.agent;
    if (!token.crms.empty()) one["crms"] = json::array(token.crms.begin(), token.crms.end());
    if (token.expires) one["expires"] = format_time(*token.expires);
    if (token.invited) one["invited"] = true;
    if (!token.replaces.empty()) one["replaces"] = json::array(token.replaces.begin(), token.replaces.end());
    out.push_back(std::move(one));
  }
  const std::string file = state_dir + "/tokens.json";
  const std::string fresh = file + ".new";
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return Error{fmt::format("cannot write {}: {}", fresh, reason())};
  struct stat folder{};
  if (::geteuid() == 0 && ::stat(state_dir.c_str(), &folder) == 0 &&
      ::fchown(descriptor, folder.st_uid, folder.st_gid) != 0) {
    ::close(descriptor);
    return Error{fmt::format("cannot give {} to the owner of {}: {}", fresh, state_dir, reason())};
  }
  Result<void> written = write_all(descriptor, json::serialize(out) + "\n");
  ::close(descriptor);
  if (!written) return Error{fmt::format("cannot write {}: {}", fresh, written.error().message)};
  if (::rename(fresh.c_str(), file.c_str()) != 0) return Error{fmt::format("cannot replace {}: {}", file, reason())};
  return {};
}

}  // namespace

/// The file's text; nothing when it is not there.
Result<std::optional<std::string>> TokenFile::read() const {
  // A pipe in its place is not waited for.
  const files::Descriptor file{::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat found{};
  if (file.get() < 0 && errno == ENOENT && ::lstat(file_.c_str(), &found) != 0 && errno == ENOENT)
    return std::optional<std::string>{};
  if (file.get() < 0) return Error{fmt::format("{} cannot be opened: {}", file_, reason())};
  if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return Error{fmt::format("{} is not a file", file_)};
  std::string text;
  std::array<char, 65536> piece{};
  while (text.size() <= kMostBytes) {
    const ssize_t bytes = ::read(file.get(), piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return Error{fmt::format("{} cannot be read: {}", file_, reason())};
    if (bytes == 0) return std::optional{std::move(text)};
    text.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  return Error{fmt::format("{} is larger than 16 MiB", file_)};
}

Result<std::optional<std::vector<Token>>> TokenFile::read_if_changed() {
  CRMPULSE_OFF_LOOP();
  struct stat found{};
  std::string version;
  // What is not clear here is when it is opened.
  if (::stat(file_.c_str(), &found) == 0) version = version_of(found);
  if (version_ == version && !version.empty()) return std::optional<std::vector<Token>>{};
  auto text = read();
  if (!text) return text.error();
  if (!*text && version_ == "") return std::optional<std::vector<Token>>{};
  auto tokens = *text ? parse_tokens(file_, **text) : Result<std::vector<Token>>{std::vector<Token>{}};
  if (!tokens) return tokens.error();
  version_ = *text ? version : std::string{};
  return std::optional{std::move(*tokens)};
}

Result<void> TokenFile::update(const Change& change) {
  CRMPULSE_OFF_LOOP();
  const files::StateLock lock{state_dir_, "tokens.lock"};
  if (!lock.held()) return Error{fmt::format("cannot write in {}: {}", state_dir_, reason())};
  const auto text = read();
  if (!text) return Error{fmt::format("{}; nothing was changed", text.error().message)};
  auto tokens = *text ? parse_tokens(file_, **text) : Result<std::vector<Token>>{std::vector<Token>{}};
  if (!tokens) return Error{fmt::format("{}; nothing was changed", tokens.error().message)};
  if (auto changed = change(*tokens); !changed) return changed;
  return write_tokens(state_dir_, *tokens);
}

std::optional<std::string> TokenFile::hidden_from_service() const {
  struct stat file{};
  struct stat folder{};
  if (::stat(file_.c_str(), &file) != 0 || ::stat(state_dir_.c_str(), &folder) != 0) return std::nullopt;
  const bool readable = (file.st_uid == folder.st_uid && (file.st_mode & S_IRUSR) != 0) || folder.st_uid == 0 ||
                        (file.st_gid == folder.st_gid && (file.st_mode & S_IRGRP) != 0) ||
                        (file.st_mode & S_IROTH) != 0;
  if (readable) return std::nullopt;
  return fmt::format("the service cannot read {0}: it belongs to another user; run: chown --reference={1} {0}", file_,
                     state_dir_);
}

}  // namespace crmpulse::collector
