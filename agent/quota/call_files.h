#pragma once
// The counted calls of CRMs on disk: one small file for each CRM with an allowance, replaced whole.

#include <optional>
#include <string>
#include <string_view>

#include "agent/quota/governor.h"

namespace crmpulse::agent {

/// Used by one thread at a time, never by a loop's.
class CallFiles {
 public:
  explicit CallFiles(std::string folder) : folder_(std::move(folder)) {}

  /// Returns what was written about the CRM, nullopt if nothing was or the file is malformed (the log says so).
  [[nodiscard]] std::optional<Governor::Memory> read(const std::string& crm) const;
  /// A failure is logged once, until a file is written again.
  void write(const std::string& crm, const Governor::Memory& memory);

 private:
  [[nodiscard]] std::string file_of(std::string_view crm) const;

  std::string folder_;
  bool failing_ = false;  ///< the folder cannot be written
};

/// Writes a governor's memory as text, and reads it back. Returns nullopt if the text is malformed.
[[nodiscard]] std::string encode_memory(const Governor::Memory& memory);
[[nodiscard]] std::optional<Governor::Memory> decode_memory(std::string_view text);

}  // namespace crmpulse::agent
