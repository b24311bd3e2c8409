#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "config/node.h"
#include "config/secret_source.h"
#include "config/service/service_reach.h"
#include "config/service/unit.h"
#include "core/loop_thread.h"

namespace crmpulse::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "_file";
constexpr std::string_view kCredential = "_credential";
/// Everybody may read these: they hold certificates.
constexpr std::array<std::string_view, 3> kPublic{"ca_file", "cert_file", "client_ca_file"};

struct Account {
  uid_t user = 0;
  std::vector<gid_t> groups;
};

/// systemd takes an account of that name if there is one, else makes one up that owns nothing.
Account account_of(const ServiceUnit& unit) {
  constexpr uid_t kFirstDynamic = 61184;
  const passwd* const known = unit.user.empty() ? nullptr : ::getpwnam(unit.user.c_str());
  Account account{known != nullptr ? known->pw_uid : kFirstDynamic, {known != nullptr ? known->pw_gid : kFirstDynamic}};
  for (const std::string& name : unit.groups) {
    if (const group* const found = ::getgrnam(name.c_str())) account.groups.push_back(found->gr_gid);
  }
  return account;
}

/// What keeps the account from a file: the file itself or a folder on the way to it.
struct Barrier {
  std::string place;
  bool folder = false;
  unsigned mode = 0;
};

bool is_open_to(const struct stat& found, const Account& account, unsigned wanted) {
  const bool ours = std::find(account.groups.begin(), account.groups.end(), found.st_gid) != account.groups.end();
  const unsigned bits = found.st_uid == account.user ? found.st_mode >> 6U : ours ? found.st_mode >> 3U : found.st_mode;
  return (bits & wanted) == wanted;
}

std::optional<Barrier> barrier_at(const fs::path& place, const Account& account) {
  struct stat found{};
  if (::stat(place.c_str(), &found) != 0) return std::nullopt;
  const bool folder = S_ISDIR(found.st_mode);
  constexpr unsigned kEnter = 1;
  constexpr unsigned kRead = 4;
  if (is_open_to(found, account, folder ? kEnter : kRead)) return std::nullopt;
  if (::getxattr(place.c_str(), "system.posix_acl_access", nullptr, 0) > 0) return std::nullopt;
  return Barrier{place.string(), folder, found.st_mode & 07777U};
}

std::optional<Barrier> barrier_to(const std::string& file, const Account& account) {
  std::error_code error;
  // Behind links too: each folder on either way must be open.
  for (const fs::path& way : {fs::absolute(file, error).lexically_normal(), fs::weakly_canonical(file, error)}) {
    fs::path place;
    for (const fs::path& part : way) {
      place /= part;
      if (auto barrier = barrier_at(place, account)) return barrier;
    }
  }
  return std::nullopt;
}

bool is_below(const std::string& file, std::string_view folder) {
  return file.starts_with(folder) && file.size() > folder.size() && file[folder.size()] == '/';
}

/// One configuration on its way through the unit's eyes.
class Look {
 public:
  Look(const ServiceUnit& unit, const std::string& config)
      : unit_(unit),
        account_(account_of(unit)),
        config_(config),
        folder_(fs::absolute(config).parent_path()),
        credentials_((folder_ / kCredentialsFolder).string()) {}

  void at_file(const std::string& file) { tell("", file, ""); }

  void at_values(const Node& node, const std::string& path) {
    for (std::size_t i = 0; i < node.items.size(); ++i) at_values(node.items[i], fmt::format("{}[{}]", path, i));
    for (const auto& [key, value] : node.members) {
      const std::string inside = path.empty() ? key : fmt::format("{}.{}", path, key);
      at_values(value, inside);
      if (value.kind != Node::Kind::scalar || value.scalar.empty()) continue;
      const std::string where = fmt::format("{}:{}: {}: ", config_, value.line, inside);
      if (key.ends_with(kCredential)) at_credential(where, value.scalar);
      if (key.ends_with(kFile)) at_named(where, key, value.scalar);
    }
  }

  [[nodiscard]] std::vector<std::string> sentences() { return std::move(sentences_); }

 private:
  void at_named(const std::string& where, const std::string& key, const std::string& name) {
    const std::string file = (folder_ / name).lexically_normal().string();
    if (std::find(kPublic.begin(), kPublic.end(), key) != kPublic.end()) return tell(where, file, "");
    const std::string own = fs::path{file}.filename().string();
    tell(where, file,
         fmt::format("move it to {}/{} and write {}_credential: {}", credentials_, own,
                     key.substr(0, key.size() - kFile.size()), own));
  }

  /// `remedy` of a secret; what is none may be opened to everybody.
  void tell(const std::string& where, const std::string& file, const std::string& remedy) {
    if (const std::string hidden = hidden_by(file); !hidden.empty()) {
      sentences_.push_back(fmt::format("{}{} does not see {} ({}); {}", where, unit_.name, file, hidden,
                                       remedy.empty() ? "move it to /etc/crmpulse" : remedy));
      return;
    }
    if (is_own_state(file)) return;
    const auto barrier = barrier_to(file, account_);
    if (!barrier) return;
    const std::string closed = barrier->folder ? fmt::format(": the folder {} is closed to it", barrier->place) : "";
    const std::string opened = fmt::format("chmod a+{} {}", barrier->folder ? "x" : "r", barrier->place);
    sentences_.push_back(fmt::format("{}{} runs under an account of its own, which cannot read {}{} (mode {:04o}); {}",
                                     where, unit_.name, file, closed, barrier->mode, remedy.empty() ? opened : remedy));
  }

  /// systemd gives these folders to the account, with all that is in them, and shows them where it runs.
  [[nodiscard]] bool is_own_state(const std::string& file) const {
    return std::any_of(unit_.state.begin(), unit_.state.end(),
                       [&](const std::string& folder) { return is_below(file, folder); });
  }

  [[nodiscard]] std::string hidden_by(const std::string& file) const {
    const bool home = is_below(file, "/root") || is_below(file, "/home") || is_below(file, "/run/user");
    if (unit_.hides_homes && home) return "ProtectHome=";
    const bool temporary = is_below(file, "/tmp") || is_below(file, "/var/tmp");
    return unit_.private_tmp && temporary ? "PrivateTmp=" : "";
  }

  void at_credential(const std::string& where, const std::string& name) {
    const std::string kept = fmt::format("{}/{}", credentials_, name);
    std::error_code error;
    const auto file = fs::symlink_status(kept, error);
    const auto whole = std::pair{std::string{kCredentialsId}, credentials_};
    const bool folder = std::find(unit_.folders.begin(), unit_.folders.end(), whole) != unit_.folders.end();
    if (folder && fs::is_regular_file(file)) return;
    const auto& single = unit_.credentials;
    if (std::find(single.begin(), single.end(), name) != single.end()) return;
    if (folder && fs::is_symlink(file)) {
      sentences_.push_back(
          fmt::format("{}{} is a link, which systemd leaves out; put the file itself there", where, kept));
    } else {
      sentences_.push_back(
          fmt::format("{}nothing hands credential '{}' to {}; {}", where, name, unit_.name,
                      folder ? fmt::format("put it into {}", kept)
                             : fmt::format("its unit needs LoadCredential={}:{}", kCredentialsId, credentials_)));
    }
  }

  const ServiceUnit& unit_;
  Account account_;
  std::string config_;
  fs::path folder_;
  std::string credentials_;
  std::vector<std::string> sentences_;
};

}  // namespace

std::vector<std::string> unreadable_for_service(const std::string& program, const std::string& config,
                                                const std::vector<std::string>& more) {
  CRMPULSE_OFF_LOOP();
  // The service itself: it has them.
  if (std::getenv("CREDENTIALS_DIRECTORY") != nullptr) return {};
  const auto unit = find_unit(program);
  std::error_code error;
  if (!unit || !unit->has_account() || !fs::equivalent(unit->config, config, error)) return {};
  Look look{*unit, config};
  look.at_file(config);
  for (const std::string& file : more) look.at_file(file);
  if (const auto document = load_file(config)) look.at_values(document->root, "");
  return look.sentences();
}

}  // namespace crmpulse::config
