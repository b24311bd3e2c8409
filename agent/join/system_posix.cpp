#include <fmt/format.h>

#include <filesystem>

#include "agent/join/system.h"
#include "config/secret_source.h"

namespace crmpulse::agent {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "agent.token";

}  // namespace

/// The packages and `make install` make the folder of the credentials.
TokenPlace token_place(const std::string& folder) {
  std::error_code error;
  const fs::path credentials = fs::path{folder} / config::kCredentialsFolder;
  if (fs::is_directory(credentials, error)) return {(credentials / kName).string(), kName};
  return {(fs::path{folder} / kName).string(), ""};
}

std::string next_step(const std::string& config, bool by_credential, Language language) {
  std::error_code error;
  if (!fs::is_directory("/run/systemd/system", error))
    return in_words(language, "start the agent, or send it SIGHUP: crmpulse-agent run --config {}",
                    "启动探针，或向它发送 SIGHUP：crmpulse-agent run --config {}", config);
  if (by_credential) return "systemctl restart crmpulse-agent";
  return "systemctl reload-or-restart crmpulse-agent";
}

}  // namespace crmpulse::agent
