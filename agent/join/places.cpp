#include "agent/join/places.h"

#include <filesystem>

#include "agent/join/system.h"
#include "config/node.h"
#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/files/utf8_path.h"

namespace crmpulse::agent {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoCrms = "crms: []\n";

Result<void> try_file(const std::string& file) {
  const std::string trial = file + ".joining";
  if (auto made = files::create_private(trial); !made) return made;
  return files::remove_file(trial);
}

}  // namespace

JoinPlaces places_beside(const std::string& config) {
  const fs::path file = fs::absolute(config).lexically_normal();
  const fs::path folder = file.parent_path();
  const TokenPlace token = token_place(files::utf8(folder));
  return {files::utf8(file), files::utf8(folder / "collector-ca.pem"), token.file, token.credential};
}

Result<std::string> present_configuration(const std::string& config) {
  std::error_code error;
  if (!fs::exists(config, error)) return std::string{kNoCrms};
  return files::read_whole(config, config::kMaxDocumentBytes);
}

ShipEdit edit_for(const JoinPlaces& places, const std::string& url, const std::string& agent, bool own_authority) {
  ShipEdit edit;
  edit.url = url + "/api/v1/write";
  if (own_authority) edit.ca_file = places.ca_file;
  if (places.credential.empty())
    edit.token_file = places.token_file;
  else
    edit.token_credential = places.credential;
  edit.agent_name = agent;
  return edit;
}

Result<void> check_writable(const JoinPlaces& places) {
  for (const std::string& file : {places.config, places.token_file})
    if (auto tried = try_file(file); !tried) return tried;
  return {};
}

PassingFile::~PassingFile() {
  if (!file_.empty()) static_cast<void>(files::remove_file(file_));
}

Result<void> PassingFile::write(std::string file, const std::string& text) {
  file_ = std::move(file);
  return files::replace_public(file_, text);
}

}  // namespace crmpulse::agent
