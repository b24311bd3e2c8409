#pragma once
// Which CRMs of agent.yaml are one account at their vendor: what it allows, they share.

#include <string>
#include <vector>

#include "agent/quota/governor.h"
#include "agent/settings/targets.h"

namespace crmpulse::agent {

/// Entries of one address and one identity. A database, and a CRM that nobody in particular asks, are accounts by
/// themselves.
struct Account {
  std::string name;                ///< no two have the same
  std::vector<std::size_t> crms;   ///< places in agent.yaml, ascending
  std::vector<std::size_t> first;  ///< of each: its first run among those of the account's governor
};

/// `targets` are those of `crms`, in the same order.
[[nodiscard]] std::vector<Account> accounts_of(const std::vector<CrmSettings>& crms, const Targets& targets);

/// What the settings and recipes of an account's CRMs say to its governor: all their runs, the smallest of what is said
/// about the allowance and of our shares of it. `per_day` is what the recipe's allowance comes to.
[[nodiscard]] Governor::Options governor_options(const Account& account, const std::vector<CrmSettings>& crms,
                                                 const Targets& targets);

}  // namespace crmpulse::agent
