#include "agent/quota/governors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace crmpulse::agent {
namespace {

using Calls = std::array<std::int32_t, kParts>;

/// Copies of the account's own memory say the same, some of them of a little earlier; other memories are of calls made
/// while their CRM was an account by itself.
Governor::Memory merged(const std::vector<const Governor::Memory*>& memories, const std::string& account) {
  std::map<std::int64_t, Calls> copied;
  std::map<std::int64_t, Calls> others;
  Governor::Memory out;
  for (const Governor::Memory* memory : memories) {
    const bool is_copy = !memory->account.empty() && memory->account == account;
    for (const CallLedger::Slot& slot : memory->slots) {
      Calls& calls = (is_copy ? copied : others)[slot.number];
      for (std::size_t part = 0; part < kParts; ++part)
        calls[part] = is_copy ? std::max(calls[part], slot.calls[part]) : calls[part] + slot.calls[part];
    }
    if (memory->limit) out.limit = std::min(*memory->limit, out.limit.value_or(*memory->limit));
    out.penalty = std::max(out.penalty, memory->penalty);
    out.paused_until = std::max(out.paused_until, memory->paused_until);
  }
  for (const auto& [number, calls] : others) {
    Calls& sum = copied[number];
    for (std::size_t part = 0; part < kParts; ++part) sum[part] += calls[part];
  }
  for (const auto& [number, calls] : copied) out.slots.push_back({number, calls});
  return out;
}

}  // namespace

/// `wanted`: the accounts there will be; what one of them has belongs to no other.
std::shared_ptr<Governors::Shared> Governors::known(const Account& account, const std::vector<CrmSettings>& crms,
                                                    const std::set<std::string>& wanted) const {
  for (const auto& shared : accounts_) {
    if (shared->account == account.name) return shared;
  }
  for (const std::size_t index : account.crms) {
    const auto member = members_.find(crms[index].name);
    if (member != members_.end() && !wanted.contains(member->second.shared->account)) return member->second.shared;
  }
  return nullptr;
}

void Governors::configure(const std::vector<CrmSettings>& crms, const Targets& targets, const Memories& memories,
                          TimePoint now) {
  const std::vector<Account> accounts = accounts_of(crms, targets);
  std::set<std::string> wanted;
  for (const Account& account : accounts) wanted.insert(account.name);
  std::vector<std::shared_ptr<Shared>> next;
  std::map<std::string, Member, std::less<>> members;
  for (const Account& account : accounts) {
    Governor::Options options = governor_options(account, crms, targets);
    auto shared = std::make_shared<Shared>(Shared{account.name, {}, {}});
    std::vector<const Governor::Memory*> remembered;
    for (std::size_t i = 0; i < account.crms.size(); ++i) {
      const std::string& crm = crms[account.crms[i]].name;
      shared->crms.push_back(crm);
      members[crm] = {shared, account.first[i]};
      if (const auto memory = memories.find(crm); memory != memories.end()) remembered.push_back(&memory->second);
    }
    const auto before = known(account, crms, wanted);
    if (before && before->governor) {
      shared->governor = std::move(before->governor);
      shared->governor->configure(std::move(options));
    } else {
      shared->governor = std::make_unique<Governor>(std::move(options));
      if (!remembered.empty() && shared->governor->backs_off())
        shared->governor->restore(merged(remembered, account.name), now);
    }
    next.push_back(std::move(shared));
  }
  save_all();
  accounts_ = std::move(next);
  members_ = std::move(members);
}

Governor* Governors::find(std::string_view crm) {
  const auto found = members_.find(crm);
  return found == members_.end() ? nullptr : found->second.shared->governor.get();
}

std::size_t Governors::first_run(std::string_view crm) const {
  const auto found = members_.find(crm);
  return found == members_.end() ? 0 : found->second.first_run;
}

std::set<std::string, std::less<>> Governors::names() const {
  std::set<std::string, std::less<>> out;
  for (const auto& [crm, member] : members_) out.insert(crm);
  return out;
}

/// While a write is under way the next one follows it: what is made meanwhile must not be forgotten either.
void Governors::save(const std::string& crm, Governor& governor, std::function<void()> then) {
  const auto member = members_.find(crm);
  const std::vector<std::string> crms = member == members_.end() ? std::vector{crm} : member->second.shared->crms;
  if (!governor.worth_saving() && !writing_.contains(crms.front())) return then();
  write(crms, member == members_.end() ? std::string{} : member->second.shared->account, governor, std::move(then));
}

void Governors::save_changed() {
  for (const auto& shared : accounts_) {
    if (shared->governor && shared->governor->worth_saving())
      write(shared->crms, shared->account, *shared->governor, [] {});
  }
}

void Governors::save_all() {
  for (const auto& shared : accounts_) {
    if (shared->governor && shared->governor->changed()) write(shared->crms, shared->account, *shared->governor, [] {});
  }
}

void Governors::write(const std::vector<std::string>& crms, const std::string& account, Governor& governor,
                      std::function<void()> then) {
  governor.saved();
  if (!save_ || !governor.backs_off()) return then();
  Governor::Memory memory = governor.memory();
  if (crms.size() > 1) memory.account = account;
  ++writing_[crms.front()];
  // The last one's turn: they are written in order.
  for (std::size_t i = 0; i + 1 < crms.size(); ++i) save_(crms[i], memory, [] {});
  save_(crms.back(), std::move(memory), [this, first = crms.front(), then = std::move(then)] {
    if (const auto found = writing_.find(first); --found->second == 0) writing_.erase(found);
    then();
  });
}

}  // namespace crmpulse::agent
