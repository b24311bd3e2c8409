#include "collector/http/tokens.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

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

Result<std::string> new_secret() {
  std::string random(32, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) != 1)
    return Error{"the system gives no random numbers"};
  return std::string{kPrefix} + net::hex(random);
}

bool has_name(const std::vector<Token>& tokens, std::string_view name) {
  return std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) { return token.name == name; });
}

std::string free_name(const std::vector<Token>& tokens, const std::string& agent) {
  constexpr std::size_t kMostDigits = 6;
  std::string name = agent;
  for (int number = 2; has_name(tokens, name); ++number)
    name = fmt::format("{}.{}", agent.substr(0, kMaxName - kMostDigits), number);
  return name;
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
  auto secret = new_secret();
  if (!secret) return secret;
  const auto add = [&](std::vector<Token>& tokens) -> Result<void> {
    if (has_name(tokens, name)) return Error{fmt::format("there is a token '{}' already", name)};
    tokens.push_back({name, role, net::hex(net::sha256(*secret)), wall_now(), terms.agent, terms.expires, terms.crms});
    return {};
  };
  if (auto kept = store.update(add); !kept) return kept.error();
  return secret;
}

Result<InvitedToken> create_invited_token(TokenStore& store, const std::string& agent,
                                          const std::vector<std::string>& crms) {
  auto secret = new_secret();
  if (!secret) return secret.error();
  InvitedToken made{"", std::move(*secret), {}};
  const auto add = [&](std::vector<Token>& tokens) -> Result<void> {
    Token token{free_name(tokens, agent),
                AccessRole::ingest,
                net::hex(net::sha256(made.secret)),
                wall_now(),
                agent,
                std::nullopt};
    token.crms = crms;
    token.invited = true;
    for (const Token& one : tokens) {
      if (!one.invited || one.agent != agent) continue;
      token.replaces.push_back(one.name);
      if (crms.empty()) token.crms = one.crms;
    }
    made.name = token.name;
    made.replaces = token.replaces;
    tokens.push_back(std::move(token));
    return {};
  };
  if (auto kept = store.update(add); !kept) return kept.error();
  return made;
}

Result<std::vector<std::string>> revoke_replaced(TokenStore& store, const std::string& name) {
  std::vector<std::string> revoked;
  const auto revoke = [&](std::vector<Token>& tokens) -> Result<void> {
    const auto own = std::find_if(tokens.begin(), tokens.end(), [&](const Token& token) { return token.name == name; });
    if (own == tokens.end()) return {};
    const std::vector<std::string> replaced = std::exchange(own->replaces, {});
    const std::string agent = own->agent;
    // A name may have been given to another token since.
    std::erase_if(tokens, [&](const Token& token) {
      const bool goes = token.invited && token.agent == agent &&
                        std::find(replaced.begin(), replaced.end(), token.name) != replaced.end();
      if (goes) revoked.push_back(token.name);
      return goes;
    });
    return {};
  };
  if (auto kept = store.update(revoke); !kept) return kept.error();
  return revoked;
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
