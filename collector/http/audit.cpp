#include "collector/http/audit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/failure/failure.h"
#include "core/loop_thread.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxText = 256;

/// A descriptor that closes with the object.
class Open {
 public:
  Open(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Open() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Error failed(const std::string& file) {
  return Error{fmt::format("cannot write {}: {}", file, std::strerror(errno))};
}

/// Written by root at the command line, it stays the service's.
void give_to_owner_of(const std::string& state_dir, int descriptor) {
  struct stat folder{};
  if (::geteuid() != 0 || ::stat(state_dir.c_str(), &folder) != 0) return;
  if (::fchown(descriptor, folder.st_uid, folder.st_gid) != 0) return;
}

std::string line_of(const AuditEntry& entry) {
  json::object out{{"at", format_time(entry.at)},
                   {"who", one_line(entry.who, kMaxText)},
                   {"from", one_line(entry.from, kMaxText)},
                   {"action", one_line(entry.action, kMaxText)},
                   {"about", one_line(entry.about, kMaxText)},
                   {"result", one_line(entry.result, kMaxText)}};
  if (!entry.author.empty()) out["author"] = one_line(entry.author, kMaxText);
  return json::serialize(out) + "\n";
}

void read_lines(const std::string& file, std::vector<std::string>& lines) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
}

}  // namespace

Result<void> append_audit(const std::string& state_dir, const AuditEntry& entry, std::size_t max_file) {
  CRMPULSE_OFF_LOOP();
  const std::string file = state_dir + "/audit.jsonl";
  const std::string older = state_dir + "/audit.1.jsonl";
  const std::string line = line_of(entry);
  // The folder is the lock: whoever may write in it may open it, root at the command line and the service alike.
  const Open folder{state_dir, O_RDONLY | O_DIRECTORY};
  if (folder.descriptor() < 0 || ::flock(folder.descriptor(), LOCK_EX) != 0) return failed(file);
  struct stat found{};
  const bool there = ::lstat(file.c_str(), &found) == 0 && found.st_size > 0;
  if (there && static_cast<std::size_t>(found.st_size) + line.size() > max_file &&
      ::rename(file.c_str(), older.c_str()) != 0) {
    return failed(older);
  }
  const Open log{file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW};
  if (log.descriptor() < 0) return failed(file);
  give_to_owner_of(state_dir, log.descriptor());
  if (::write(log.descriptor(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) return failed(file);
  return {};
}

Result<json::array> newest_audit(const std::string& state_dir, std::size_t limit) {
  CRMPULSE_OFF_LOOP();
  std::vector<std::string> lines;
  read_lines(state_dir + "/audit.1.jsonl", lines);
  read_lines(state_dir + "/audit.jsonl", lines);
  json::array out;
  for (auto line = lines.rbegin(); line != lines.rend() && out.size() < limit; ++line) {
    boost::system::error_code error;
    json::value value = json::parse(*line, error);
    if (!error && value.is_object()) out.push_back(std::move(value));
  }
  return out;
}

std::string local_user() {
  const auto id = ::geteuid();
  const passwd* const found = ::getpwuid(id);
  std::string name = fmt::format("user {}", found == nullptr ? std::to_string(id) : std::string{found->pw_name});
  const char* const behind = std::getenv("SUDO_USER");
  if (behind != nullptr && *behind != '\0') name += fmt::format(" for {}", behind);
  return name;
}

}  // namespace crmpulse::collector
