#include "collector/http/tokens.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>

#include "collector/http/token_file.h"
#include "core/secret.h"
#include "core/text/printable.h"
#include "core/time/clock.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kPrefix = "crmp_";

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxCrm = 1024;  ///< as long as a label's value may be

bool is_name(std::string_view name, std::size_t most) {
  return !name.empty() && name.size() <= most && is_printable(name);
}
bool is_crm_name(std::string_view name) {
  return is_name(name, kMaxCrm);
}

bool is_valid(const Token& token) {
  return !token.expires || *token.expires > wall_now();
}

}  // namespace

std::optional<TokenFault> token_fault(const std::string& name, AccessRole role, const TokenTerms& terms) {
  if (!is_name(name, kMaxName)) return TokenFault{"name", "a token's name must be 1 to 64 printable characters"};
  if (!terms.agent.empty() && !is_name(terms.agent, kMaxName))
    return TokenFault{"agent", "an agent's name must be 1 to 64 printable characters"};
  if (!terms.agent.empty() && role != AccessRole::ingest)
    return TokenFault{"agent", "only a token of role ingest can be bound to an agent"};
  if (!terms.crms.empty() && role != AccessRole::ingest)
    return TokenFault{"crms", "only a token of role ingest can be bound to CRMs"};
  if (!std::all_of(terms.crms.begin(), terms.crms.end(), is_crm_name))
    return TokenFault{"crms", "a CRM's name must be 1 to 1024 printable characters"};
  return std::nullopt;
}

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

Tokens::Tokens(const std::string& state_dir) : Tokens(std::make_shared<TokenFile>(state_dir)) {}

Result<void> Tokens::take(Read read) {
  if (!read) {
    fault_ = read.error().message;
    return read.error();
  }
  fault_.reset();
  known_ = true;
  if (!*read) return {};
  by_hash_.clear();
  by_name_.clear();
  for (Token& token : **read) {
    auto kept = std::make_shared<const Token>(std::move(token));
    by_hash_.insert_or_assign(kept->hash, kept);
    by_name_.insert_or_assign(kept->name, std::move(kept));
  }
  return {};
}

/// By the digest: how long that takes says nothing about a secret that is not known already.
std::shared_ptr<const Token> Tokens::find(std::string_view secret) const {
  if (secret.empty()) return nullptr;
  const auto found = by_hash_.find(net::hex(net::sha256(secret)));
  if (found == by_hash_.end()) return nullptr;
  return is_valid(*found->second) ? found->second : nullptr;
}

std::shared_ptr<const Token> Tokens::find_named(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() && is_valid(*found->second) ? found->second : nullptr;
}

Result<std::string> create_token(TokenStore& store, const std::string& name, AccessRole role, const TokenTerms& terms) {
  if (auto fault = token_fault(name, role, terms)) return Error{std::move(fault->why)};
  std::string random(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) != 1)
    return Error{"the system gives no random numbers"};
  std::string secret = std::string{kPrefix} + net::hex(random);
  const auto add = [&](std::vector<Token>& tokens) -> Result<void> {
    const bool taken =
        std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) { return token.name == name; });
    if (taken) return Error{fmt::format("there is a token '{}' already", name)};
    tokens.push_back({name, role, net::hex(net::sha256(secret)), wall_now(), terms.agent, terms.expires, terms.crms});
    return {};
  };
  if (auto kept = store.update(add); !kept) return kept.error();
  return secret;
}

Result<void> allow_crms(TokenStore& store, const std::string& name, const std::vector<std::string>& crms) {
  if (crms.empty() || !std::all_of(crms.begin(), crms.end(), is_crm_name))
    return Error{"a CRM's name must be 1 to 1024 printable characters"};
  return store.update([&](std::vector<Token>& tokens) -> Result<void> {
    const auto found =
        std::find_if(tokens.begin(), tokens.end(), [&](const Token& token) { return token.name == name; });
    if (found == tokens.end()) return Error{fmt::format("there is no token '{}'", name)};
    if (found->role != AccessRole::ingest) return Error{"only a token of role ingest can be bound to CRMs"};
    for (const std::string& crm : crms) {
      if (std::find(found->crms.begin(), found->crms.end(), crm) == found->crms.end()) found->crms.push_back(crm);
    }
    return {};
  });
}

Result<void> revoke_token(TokenStore& store, const std::string& name) {
  return store.update([&](std::vector<Token>& tokens) -> Result<void> {
    if (std::erase_if(tokens, [&](const Token& token) { return token.name == name; }) == 0)
      return Error{fmt::format("there is no token '{}'", name)};
    return {};
  });
}

Result<std::string> create_token(const std::string& state_dir, const std::string& name, AccessRole role,
                                 const TokenTerms& terms) {
  TokenFile file{state_dir};
  return create_token(file, name, role, terms);
}

Result<std::vector<Token>> list_tokens(const std::string& state_dir) {
  auto tokens = TokenFile{state_dir}.read_if_changed();
  if (!tokens) return tokens.error();
  return std::move(**tokens);
}

Result<void> revoke_token(const std::string& state_dir, const std::string& name) {
  TokenFile file{state_dir};
  return revoke_token(file, name);
}

}  // namespace crmpulse::collector
