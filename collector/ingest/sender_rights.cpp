#include "collector/ingest/sender_rights.h"

#include <algorithm>

namespace crmpulse::collector {
namespace {

/// Tokens are made by hand; beyond that many they are numbered anew, and series checked anew.
constexpr std::size_t kMostNumbers = 10'000;
constexpr char kSeparator = '\0';

std::string text_of(const Token& token) {
  std::string text = token.hash + kSeparator + token.agent;
  for (const std::string& crm : token.crms) (text += kSeparator) += crm;
  return text;
}

}  // namespace

void SenderRights::begin(const Token* token, TimePoint now) {
  token_ = token;
  now_ = now;
  number_ = 0;
  if (token == nullptr || (token->agent.empty() && token->crms.empty())) return;
  if (numbers_.size() >= kMostNumbers) numbers_.clear();
  const auto [known, fresh] = numbers_.try_emplace(text_of(*token), 0);
  if (fresh) known->second = ++newest_;
  number_ = known->second;
}

SenderRights::Verdict SenderRights::check(std::string_view crm, std::string_view agent) const {
  if (number_ == 0) return Verdict::allowed;
  const Token& token = *token_;
  if (!token.agent.empty() && !agent.empty() && agent != token.agent) return Verdict::other_agent;
  if (crm.empty()) return Verdict::allowed;
  if (!token.crms.empty()) {
    const bool given = std::find(token.crms.begin(), token.crms.end(), crm) != token.crms.end();
    return given ? Verdict::allowed : Verdict::other_crm;
  }
  return engine_.may_be_fed_by(token.agent, crm, now_ - kHeldFor) ? Verdict::allowed : Verdict::other_crm;
}

}  // namespace crmpulse::collector
