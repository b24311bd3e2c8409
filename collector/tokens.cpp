#include "collector/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "collector/digest.h"
#include "core/clock.h"
#include "core/secret.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::string_view kPrefix = "crmp_";

std::string reason() {
  return std::strerror(errno);
}

/// Creates the state folder and holds its lock against another `token` command until it goes.
class Lock {
 public:
  explicit Lock(const std::string& state_dir) {
    std::error_code ignored;
    std::filesystem::create_directories(state_dir, ignored);
    descriptor_ = ::open((state_dir + "/tokens.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~Lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  [[nodiscard]] bool held() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

bool is_printable(std::string_view name) {
  constexpr std::size_t kMaxName = 64;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= kMaxName && std::none_of(name.begin(), name.end(), control);
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
    if (const json::value* expires = object.if_contains("expires")) {
      const auto time = parse_time(std::string_view{expires->as_string()});
      if (!time) return Error{"a token's `expires` is no time"};
      token.expires = *time;
    }
  } catch (const std::exception& broken) {
    return Error{fmt::format("a token cannot be read: {}", broken.what())};
  }
  return token;
}

Result<std::vector<Token>> read_tokens(const std::string& file) {
  std::vector<Token> tokens;
  std::ifstream in{file, std::ios::binary};
  if (!in) return tokens;
  std::ostringstream text;
  text << in.rdbuf();
  boost::system::error_code error;
  const json::value parsed = json::parse(text.str(), error);
  if (error || !parsed.is_array())
    return Error{fmt::format("{} is damaged; restore it or delete it and create the tokens anew", file)};
  for (const json::value& value : parsed.get_array()) {
    auto token = token_from(value);
    if (!token) return Error{fmt::format("{}: {}", file, token.error().message)};
    tokens.push_back(std::move(*token));
  }
  return tokens;
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
    if (token.expires) one["expires"] = format_time(*token.expires);
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

std::string_view to_string(AccessRole role) {
  switch (role) {
    case AccessRole::ingest: return "ingest";
    case AccessRole::viewer: return "viewer";
    case AccessRole::operator_: return "operator";
    case AccessRole::admin: return "admin";
  }
  return "viewer";
}

std::optional<AccessRole> role_from(std::string_view name) {
  for (const AccessRole role : {AccessRole::ingest, AccessRole::viewer, AccessRole::operator_, AccessRole::admin}) {
    if (to_string(role) == name) return role;
  }
  return std::nullopt;
}

bool covers(AccessRole held, AccessRole needed) {
  if (held == needed || held == AccessRole::admin) return true;
  return held == AccessRole::operator_ && needed == AccessRole::viewer;
}

Result<void> Tokens::refresh() {
  struct stat found{};
  std::string version;
  if (::stat(file_.c_str(), &found) == 0) {
    version = fmt::format("{}/{}/{}.{}", found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
  }
  if (version == version_) return {};
  auto tokens = read_tokens(file_);
  if (!tokens) return tokens.error();
  tokens_ = std::move(*tokens);
  version_ = version;
  return {};
}

const Token* Tokens::find(std::string_view secret) const {
  const std::string hash = hex(sha256(secret));
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    if (equal_in_constant_time(token.hash, hash)) found = &token;
  }
  return found != nullptr && found->expires && *found->expires <= wall_now() ? nullptr : found;
}

Result<std::string> create_token(const std::string& state_dir, const std::string& name, AccessRole role,
                                 const TokenTerms& terms) {
  if (!is_printable(name)) return Error{"a token's name is 1 to 64 characters that can be printed"};
  if (!terms.agent.empty() && !is_printable(terms.agent))
    return Error{"an agent's name is 1 to 64 characters that can be printed"};
  if (!terms.agent.empty() && role != AccessRole::ingest)
    return Error{"only a token of role ingest belongs to an agent"};
  const Lock lock{state_dir};
  if (!lock.held()) return Error{fmt::format("cannot write in {}", state_dir)};
  auto tokens = read_tokens(state_dir + "/tokens.json");
  if (!tokens) return tokens.error();
  const bool taken =
      std::any_of(tokens->begin(), tokens->end(), [&](const Token& token) { return token.name == name; });
  if (taken) return Error{fmt::format("there is a token '{}' already", name)};
  std::string random(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) != 1) {
    return Error{"the system gives no random numbers"};
  }
  std::string secret = std::string{kPrefix} + hex(random);
  tokens->push_back({name, role, hex(sha256(secret)), wall_now(), terms.agent, terms.expires});
  if (auto written = write_tokens(state_dir, *tokens); !written) return written.error();
  return {boost::system::in_place_value, std::move(secret)};
}

Result<std::vector<Token>> list_tokens(const std::string& state_dir) {
  return read_tokens(state_dir + "/tokens.json");
}

Result<void> revoke_token(const std::string& state_dir, const std::string& name) {
  const Lock lock{state_dir};
  if (!lock.held()) return Error{fmt::format("cannot write in {}", state_dir)};
  auto tokens = read_tokens(state_dir + "/tokens.json");
  if (!tokens) return tokens.error();
  if (std::erase_if(*tokens, [&](const Token& token) { return token.name == name; }) == 0) {
    return Error{fmt::format("there is no token '{}'", name)};
  }
  return write_tokens(state_dir, *tokens);
}

}  // namespace crmpulse::collector
