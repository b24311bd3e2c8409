#pragma once
// The governors of all CRMs: kept over reloads, and with a folder also over restarts.

#include <map>
#include <memory>
#include <string>

#include "agent/quota/governor.h"
#include "agent/settings/targets.h"

namespace crmpulse::agent {

/// What a CRM's settings and recipe say to its governor. `per_day` is what the recipe's allowance comes to.
[[nodiscard]] Governor::Options governor_options(const CrmSettings& crm, const probes::Target& target);

/// Owns the governor of each CRM. Used by one thread. Writes one small file per CRM that has an allowance, each
/// replaced whole.
class Governors {
 public:
  /// Keeps nothing on disk if `folder` is empty.
  explicit Governors(std::string folder) : folder_(std::move(folder)) {}
  ~Governors() { save_all(); }

  /// Sets the CRMs, in this order. Keeps what was known of them, forgets the others.
  void configure(const std::vector<CrmSettings>& crms, const Targets& targets, TimePoint now);
  [[nodiscard]] Governor* find(std::string_view crm);
  /// Writes the governor's memory if enough has happened since the last time.
  void save(const std::string& crm, Governor& governor);
  /// Calls save() for all governors.
  void save_changed();
  /// Writes every governor that has changed.
  void save_all();

 private:
  void write(const std::string& crm, Governor& governor);
  [[nodiscard]] std::string file_of(std::string_view crm) const;

  std::string folder_;
  std::map<std::string, std::unique_ptr<Governor>, std::less<>> governors_;
  bool failing_ = false;  ///< the folder cannot be written; said once
};

/// Writes a governor's memory as text, and reads it back. Returns nullopt if the text is malformed.
[[nodiscard]] std::string encode_memory(const Governor::Memory& memory);
[[nodiscard]] std::optional<Governor::Memory> decode_memory(std::string_view text);

}  // namespace crmpulse::agent
