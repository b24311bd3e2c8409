#pragma once
// `tokens.json` of the state folder: a file of its own, because `token create` runs beside the service and collector.db
// must have one writing connection.

#include <optional>
#include <string>
#include <vector>

#include "collector/http/token_store.h"

namespace crmpulse::collector {

class TokenFile final : public TokenStore {
 public:
  explicit TokenFile(std::string state_dir) : state_dir_(std::move(state_dir)), file_(state_dir_ + "/tokens.json") {}

  /// Returns no tokens if there is no file, and an error if it cannot be opened, read or understood.
  [[nodiscard]] Result<std::optional<std::vector<Token>>> read_if_changed() override;
  /// Creates the state folder if needed. The file gets the folder's owner.
  [[nodiscard]] Result<void> update(const Change& change) override;
  /// Returns why the service, which owns the state folder, cannot read the file though this process can; nullopt if it
  /// can.
  [[nodiscard]] std::optional<std::string> hidden_from_service() const;

 private:
  [[nodiscard]] Result<std::optional<std::string>> read() const;

  std::string state_dir_;
  std::string file_;
  std::optional<std::string> version_;  ///< inode, size and time of the file read; empty: it was not there
};

}  // namespace crmpulse::collector
