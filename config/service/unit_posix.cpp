#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

#include "config/service/unit.h"
#include "core/loop_thread.h"

namespace crmpulse::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhite = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t from = std::min(text.find_first_not_of(kWhite), text.size());
  text.remove_prefix(from);
  return text.substr(0, text.find_last_not_of(kWhite) + 1);
}

/// Earlier ones win.
std::vector<fs::path> unit_folders() {
  const char* const given = std::getenv("SYSTEMD_UNIT_PATH");
  std::string_view rest = given != nullptr && *given != '\0'
                              ? given
                              : "/etc/systemd/system:/run/systemd/system:/usr/local/lib/systemd/system:/usr/lib/"
                                "systemd/system:/lib/systemd/system";
  std::vector<fs::path> folders;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0) folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return folders;
}

bool is_yes(std::string_view value) {
  return value == "yes" || value == "true" || value == "on" || value == "1";
}

/// `run --config FILE` and `--config=FILE`.
std::string config_of(std::string_view command) {
  constexpr std::string_view kOption = "--config";
  const std::size_t at = command.find(kOption);
  if (at == std::string_view::npos) return {};
  std::string_view value = command.substr(at + kOption.size());
  if (value.starts_with('=')) value.remove_prefix(1);
  value = trimmed(value);
  value = value.substr(0, value.find_first_of(kWhite));
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) value = value.substr(1, value.size() - 2);
  return std::string{value};
}

/// `ID`, `ID:FILE`, `ID:FOLDER`.
void add_credential(ServiceUnit& unit, std::string_view value) {
  const std::size_t colon = value.find(':');
  const std::string id{value.substr(0, colon)};
  std::error_code error;
  const fs::path place{colon == std::string_view::npos ? std::string_view{} : value.substr(colon + 1)};
  if (fs::is_directory(place, error)) {
    unit.folders.emplace_back(id, place.lexically_normal().string());
  } else {
    unit.credentials.push_back(id);
  }
}

void add_words(std::vector<std::string>& words, std::string_view value) {
  while (!(value = trimmed(value)).empty()) {
    const std::size_t end = std::min(value.find_first_of(kWhite), value.size());
    words.emplace_back(value.substr(0, end));
    value.remove_prefix(end);
  }
}

/// `NAME`, `NAME:LINK`; the service sees them below /var/lib, whatever lies behind.
void add_state(ServiceUnit& unit, std::string_view value) {
  std::vector<std::string> names;
  add_words(names, value);
  for (const std::string& name : names) unit.state.push_back("/var/lib/" + name.substr(0, name.find(':')));
}

void take(ServiceUnit& unit, std::string_view key, std::string_view value) {
  if (key == "ExecStart") unit.config = config_of(value);
  if (key == "User") unit.user = value;
  if (key == "Group" || key == "SupplementaryGroups") add_words(unit.groups, value);
  if (key == "StateDirectory") add_state(unit, value);
  if (key == "DynamicUser") unit.dynamic_user = is_yes(value);
  if (key == "ProtectHome") unit.hides_homes = is_yes(value) || value == "tmpfs";
  if (key == "PrivateTmp") unit.private_tmp = is_yes(value);
  const bool loads = key == "LoadCredential" || key == "LoadCredentialEncrypted";
  const bool sets = key == "SetCredential" || key == "SetCredentialEncrypted";
  if (sets) unit.credentials.emplace_back(value.substr(0, value.find(':')));
  if (!loads) return;
  if (!value.empty()) return add_credential(unit, value);
  unit.credentials.clear();
  unit.folders.clear();
}

void read_into(ServiceUnit& unit, const fs::path& file) {
  std::ifstream stream{file};
  std::string text;
  bool service = false;
  for (std::string line; std::getline(stream, line);) {
    text += line;
    if (text.ends_with('\\')) {
      text.back() = ' ';
      continue;
    }
    const std::string whole = std::exchange(text, {});
    const std::string_view said = trimmed(whole);
    if (said.starts_with('[')) service = said == "[Service]";
    const std::size_t equals = said.find('=');
    if (!service || equals == std::string_view::npos || said.starts_with('#') || said.starts_with(';')) continue;
    take(unit, trimmed(said.substr(0, equals)), trimmed(said.substr(equals + 1)));
  }
}

/// By name; of two with the same name the one in the earlier folder.
std::map<std::string, fs::path> drop_ins(const std::vector<fs::path>& folders, const std::string& name) {
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder / (name + ".d"), error}) {
      if (entry.path().extension() == ".conf") found.emplace(entry.path().filename().string(), entry.path());
    }
  }
  return found;
}

}  // namespace

std::optional<ServiceUnit> find_unit(const std::string& program) {
  CRMPULSE_OFF_LOOP();
  ServiceUnit unit;
  unit.name = program + ".service";
  const std::vector<fs::path> folders = unit_folders();
  const auto holds = [&unit](const fs::path& folder) {
    std::error_code error;
    return fs::is_regular_file(folder / unit.name, error);
  };
  const auto where = std::find_if(folders.begin(), folders.end(), holds);
  if (where == folders.end()) return std::nullopt;
  read_into(unit, *where / unit.name);
  for (const auto& [name, file] : drop_ins(folders, unit.name)) read_into(unit, file);
  return unit;
}

}  // namespace crmpulse::config
