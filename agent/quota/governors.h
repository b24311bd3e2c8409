#pragma once
// The governors of all CRMs: kept over reloads, and with somebody who saves them also over restarts.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/quota/governor.h"
#include "agent/settings/targets.h"

namespace crmpulse::agent {

/// What a CRM's settings and recipe say to its governor. `per_day` is what the recipe's allowance comes to.
[[nodiscard]] Governor::Options governor_options(const CrmSettings& crm, const probes::Target& target);

/// Owns the governor of each CRM. Used by one thread, which does not wait for the disk.
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

  /// Sets the CRMs, in this order. Keeps what was known of them, begins new ones with what is in `memories`, forgets
  /// the others.
  void configure(const std::vector<CrmSettings>& crms, const Targets& targets, const Memories& memories, TimePoint now);
  [[nodiscard]] Governor* find(std::string_view crm);
  [[nodiscard]] std::set<std::string, std::less<>> names() const;
  /// Saves the governor's memory if enough has happened since the last time. Calls `then` when all that it must not
  /// forget is saved, at once if it is already.
  void save(const std::string& crm, Governor& governor, std::function<void()> then);
  /// Saves each governor with which enough has happened.
  void save_changed();
  /// Saves every governor that has changed.
  void save_all();

 private:
  void write(const std::string& crm, Governor& governor, std::function<void()> then);

  Save save_;
  std::map<std::string, std::unique_ptr<Governor>, std::less<>> governors_;
  std::map<std::string, int> writing_;  ///< writes under way, by CRM
};

}  // namespace crmpulse::agent
