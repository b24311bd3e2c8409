#include <filesystem>

#include "agent/join/system.h"
#include "core/files/utf8_path.h"

namespace crmpulse::agent {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "agent.token";

}  // namespace

/// `service install` makes the folder `secrets`; its access list lets in the service and administrators alone.
TokenPlace token_place(const std::string& folder) {
  std::error_code error;
  const fs::path secrets = fs::path{folder} / "secrets";
  const fs::path place = fs::is_directory(secrets, error) ? secrets : fs::path{folder};
  return {files::utf8(place / kName), ""};
}

std::string next_step(const std::string& config, bool /*by_credential*/, Language language) {
  return in_words(language,
                  "restart the service: crmpulse-agent service stop, then crmpulse-agent service start; or by hand: "
                  "crmpulse-agent run --config {}",
                  "重启服务：先 crmpulse-agent service stop，再 crmpulse-agent service start；或手动运行："
                  "crmpulse-agent run --config {}",
                  config);
}

}  // namespace crmpulse::agent
