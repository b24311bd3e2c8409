#pragma once
// What others write while the collector runs: tokens, requests to forget a CRM, renewed certificates.

#include <optional>
#include <string>
#include <vector>

#include "collector/forget_requests.h"
#include "collector/http/tokens.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

/// What one look has found.
struct FolderNews {
  Tokens::Read tokens = std::optional<std::vector<Token>>{};
  std::vector<ForgetRequest> forget;
  int damaged_files = 0;                        ///< set aside in state_dir, and not removed yet
  std::optional<net::TlsResult> certificate{};  ///< renewed
};

/// Belongs to the file thread.
class FolderWatch {
 public:
  FolderWatch(std::string state_dir, std::shared_ptr<TokenStore> tokens)
      : state_dir_(std::move(state_dir)), tokens_(std::move(tokens)) {}
  /// Sets the certificate to watch. Its present state counts as known.
  void follow(const net::TlsFiles& files);
  /// Waits for the disk.
  [[nodiscard]] FolderNews look();

 private:
  std::string state_dir_;
  std::shared_ptr<TokenStore> tokens_;
  std::optional<net::TlsFiles> files_;
  net::TlsWatch watch_;
};

}  // namespace crmpulse::collector
