#pragma once
// The governors of all accounts: kept over reloads, and with somebody who saves them also over restarts.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/quota/accounts.h"
#include "agent/quota/governor.h"

namespace crmpulse::agent {

/// Owns the governor of each account, which all its CRMs share. Used by one thread, which does not wait for the disk.
class Governors {
 public:
  /// What was saved, by CRM.
  using Memories = std::map<std::string, Governor::Memory, std::less<>>;
  /// Writes one CRM's memory elsewhere, in the order of the calls; calls `saved` afterwards on this thread, also when
  /// it failed.
  using Save = std::function<void(const std::string& crm, Governor::Memory memory, std::function<void()> saved)>;

  /// Saves nothing if `save` is empty.
  explicit Governors(Save save = {}) : save_(std::move(save)) {}
  ~Governors() { save_all(); }
  Governors(const Governors&) = delete;
  Governors& operator=(const Governors&) = delete;

  /// Sets the CRMs. Keeps what was known of their accounts (of a CRM, when its account got another name: a changed
  /// password), begins new ones with what is in `memories`, forgets the others.
  void configure(const std::vector<CrmSettings>& crms, const Targets& targets, const Memories& memories, TimePoint now);
  [[nodiscard]] Governor* find(std::string_view crm);
  /// Returns which of its governor's runs is the CRM's first.
  [[nodiscard]] std::size_t first_run(std::string_view crm) const;
  [[nodiscard]] std::set<std::string, std::less<>> names() const;
  /// Saves the governor's memory if enough has happened since the last time. Calls `then` when all that it must not
  /// forget is saved, at once if it is already.
  void save(const std::string& crm, Governor& governor, std::function<void()> then);
  /// Saves each governor with which enough has happened.
  void save_changed();
  /// Saves every governor that has changed.
  void save_all();

 private:
  /// An account's governor, and whose it is. Each of its CRMs has a copy of its memory: any of them may go.
  struct Shared {
    std::string account;
    std::vector<std::string> crms;
    std::unique_ptr<Governor> governor;
  };
  struct Member {
    std::shared_ptr<Shared> shared;
    std::size_t first_run = 0;
  };
  [[nodiscard]] std::shared_ptr<Shared> known(const Account& account, const std::vector<CrmSettings>& crms,
                                              const std::set<std::string>& wanted) const;
  void write(const std::vector<std::string>& crms, const std::string& account, Governor& governor,
             std::function<void()> then);

  Save save_;
  std::vector<std::shared_ptr<Shared>> accounts_;
  std::map<std::string, Member, std::less<>> members_;  ///< by CRM
  std::map<std::string, int> writing_;                  ///< writes under way, by the first CRM of the account
};

}  // namespace crmpulse::agent
