#include "collector/audit.h"

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

#include "core/failure.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxText = 256;

/// The open file, locked against other writers; closes with the object.
class Locked {
 public:
  explicit Locked(const std::string& file) {
    descriptor_ = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~Locked() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
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
  return json::serialize(out) + "\n";
}

void read_lines(const std::string& file, std::vector<std::string>& lines) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
}

}  // namespace

Result<void> append_audit(const std::string& state_dir, const AuditEntry& entry, std::size_t max_file) {
  const std::string file = state_dir + "/audit.jsonl";
  const std::string older = state_dir + "/audit.1.jsonl";
  const std::string line = line_of(entry);
  // Twice when the file was full, or was moved away by another process between opening and locking it.
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Locked locked{file};
    struct stat held{};
    struct stat named{};
    if (locked.descriptor() < 0 || ::fstat(locked.descriptor(), &held) != 0) return failed(file);
    if (::stat(file.c_str(), &named) != 0 || named.st_ino != held.st_ino) continue;
    if (held.st_size > 0 && static_cast<std::size_t>(held.st_size) + line.size() > max_file) {
      if (::rename(file.c_str(), older.c_str()) != 0) return failed(older);
      continue;
    }
    give_to_owner_of(state_dir, locked.descriptor());
    const ssize_t written = ::write(locked.descriptor(), line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) return failed(file);
    return {};
  }
  return Error{fmt::format("cannot write {}: it does not stay", file)};
}

Result<json::array> newest_audit(const std::string& state_dir, std::size_t limit) {
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
