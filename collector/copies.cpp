// `backup` and `restore`: a copy of all that a collector knows, in one file, and its way back.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include "collector/commands.h"
#include "collector/configuration/settings.h"
#include "collector/text/progress.h"
#include "core/files/posix.h"
#include "core/files/private_file.h"
#include "core/text/say.h"
#include "store/collector/collector_store.h"
#include "store/collector/copy.h"

namespace crmpulse::collector {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStore = "collector.db";
constexpr std::string_view kTokens = "tokens.json";
/// Of the state folder, beside the store.
constexpr std::array<std::string_view, 3> kCompanions{kTokens, "audit.1.jsonl", "audit.jsonl"};
constexpr std::size_t kPiece = 1UL << 20U;

int not_valid(const Problems& problems) {
  say(stderr, "{}\n", to_string(problems));
  return 2;
}

int not_done(const Error& error) {
  say(stderr, "{}\n", error.message);
  return 1;
}

Error because(std::string_view what, const fs::path& file) {
  return files::because(what, file.string());
}

int opened_file(const fs::path& file, int flags) {
  return ::open(file.c_str(), flags | O_CLOEXEC, 0600);
}

/// A file, or the names in a folder.
Result<void> sync(const fs::path& file) {
  const files::Descriptor opened{opened_file(file, O_RDONLY)};
  if (!opened.is_open() || ::fsync(opened.get()) != 0) return because("sync", file);
  return {};
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path{"."};
}

/// Those that are there; a copy without tokens is a copy of a collector that had none.
Result<store::Companions> read_companions(const std::string& state_dir) {
  store::Companions out;
  for (const std::string_view name : kCompanions) {
    const fs::path file = fs::path{state_dir} / name;
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    std::ifstream in{file, std::ios::binary};
    std::string content{std::istreambuf_iterator<char>{in}, {}};
    if (!in) return Error{fmt::format("{} cannot be read", file.string())};
    out.emplace(name, std::move(content));
  }
  return out;
}

Result<void> copy_store(const std::string& state_dir, const fs::path& partial) {
  auto database = store::open_collector_reader(state_dir);
  if (!database) return database.error();
  const auto companions = read_companions(state_dir);
  if (!companions) return companions.error();
  Progress progress{"copying the store"};
  if (auto copied = store::write_copy(*database, partial.string(), *companions,
                                      [&](std::uint64_t done, std::uint64_t all) { progress.update(done, all); });
      !copied)
    return copied;
  return sync(partial);
}

/// What of a restore is not whole goes when this goes.
class Unfinished {
 public:
  explicit Unfinished(fs::path folder) : folder_(std::move(folder)) {}
  ~Unfinished() {
    std::error_code ignored;
    if (!done_) fs::remove_all(folder_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void done() { done_ = true; }

 private:
  fs::path folder_;
  bool done_ = false;
};

/// Where the store is to lie: of a link what it points to, also if that is not there.
fs::path place_of(const std::string& state_dir) {
  std::error_code error;
  fs::path place{state_dir};
  if (fs::is_symlink(place, error)) place = folder_of(place) / fs::read_symlink(place, error);
  place = fs::weakly_canonical(place, error);
  return place.has_filename() ? place : place.parent_path();
}

Result<void> check_place(const fs::path& place) {
  std::error_code error;
  if (!fs::exists(place, error)) return {};
  if (!fs::is_directory(place, error)) return Error{fmt::format("state_dir {} is not a folder", place.string())};
  const std::string lock = (place / kStore).string() + ".lock";
  if (fs::exists(lock, error)) {
    const auto taken = files::FileLock::try_take(lock);
    if (!taken) return taken.error();
    if (!*taken) {
      return Error{
          fmt::format("a collector uses {}: stop it first (systemctl stop crmpulse-collector)", place.string())};
    }
  }
  const bool empty = fs::is_empty(place, error);
  if (error) return Error{fmt::format("{} cannot be read: {}", place.string(), error.message())};
  if (empty) return {};
  return Error{
      fmt::format("{0} is not empty, and restore overwrites nothing: move it away first (mv {0} {0}.before), "
                  "then restore again",
                  place.string())};
}

/// The file itself, or `collector.db` of a folder.
Result<fs::path> source_of(const std::string& given) {
  std::error_code error;
  fs::path file{given};
  if (fs::is_directory(file, error)) file /= kStore;
  if (!fs::is_regular_file(file, error)) return Error{fmt::format("{} is not a file", file.string())};
  const auto log = fs::file_size(file.string() + "-wal", error);
  if (!error && log > 0) {
    return Error{
        fmt::format("{0} is a store in use, or one that was not stopped in order ({0}-wal): make a copy of it "
                    "with `crmpulse-collector backup`",
                    file.string())};
  }
  return file;
}

Result<void> copy_bytes(const fs::path& from, const fs::path& to) {
  const files::Descriptor in{opened_file(from, O_RDONLY)};
  if (!in.is_open()) return because("open", from);
  const files::Descriptor out{opened_file(to, O_WRONLY | O_CREAT | O_EXCL)};
  if (!out.is_open()) return because("create", to);
  std::error_code error;
  const std::uint64_t all = fs::file_size(from, error);
  Progress progress{"restoring"};
  std::string piece(kPiece, '\0');
  for (std::uint64_t done = 0; true;) {
    const ssize_t got = ::read(in.get(), piece.data(), piece.size());
    if (got < 0) return because("read", from);
    if (got == 0) break;
    for (ssize_t at = 0; at < got;) {
      const ssize_t put = ::write(out.get(), piece.data() + at, static_cast<std::size_t>(got - at));
      if (put < 0) return because("write", to);
      at += put;
    }
    done += static_cast<std::uint64_t>(got);
    progress.update(done, all);
  }
  return {};
}

/// As the folder that is there; one that is not there yet is the caller's, and systemd gives it to the service.
Result<void> give_to_owner(const fs::path& folder, const fs::path& place) {
  struct stat like{};
  if (::stat(place.c_str(), &like) != 0) return {};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) {
    if (::lchown(entry.path().c_str(), like.st_uid, like.st_gid) != 0) return because("give away", entry.path());
  }
  if (::lchown(folder.c_str(), like.st_uid, like.st_gid) != 0) return because("give away", folder);
  if (::chmod(folder.c_str(), like.st_mode & 0777U) != 0) return because("protect", folder);
  return {};
}

Result<void> fill(const fs::path& folder, const fs::path& source) {
  const fs::path store = folder / kStore;
  if (auto copied = copy_bytes(source, store); !copied) return copied;
  const auto companions = store::take_companions(store.string());
  if (!companions) return companions.error();
  if (auto synced = sync(store); !synced) return synced;
  for (const auto& [name, content] : *companions) {
    // Names come from the copy: nothing of it may lie elsewhere.
    if (std::find(kCompanions.begin(), kCompanions.end(), name) == kCompanions.end()) continue;
    const std::string own = (folder / name).string();
    if (auto written = files::replace_private(own, own + ".new", content); !written) return written;
  }
  return {};
}

/// The folder takes the place at once: it is there whole, or not at all.
Result<void> move_into_place(const fs::path& folder, const fs::path& place) {
  if (auto synced = sync(folder); !synced) return synced;
  if (std::rename(folder.c_str(), place.c_str()) != 0) {
    if (errno == EBUSY || errno == EXDEV) {
      return Error{fmt::format("{} is a mount point, which cannot be replaced: set state_dir to a folder in it",
                               place.string())};
    }
    return because("put in its place", place);
  }
  return sync(folder_of(place));
}

Result<void> restore_into(const fs::path& place, const fs::path& source) {
  std::error_code error;
  const fs::path folder = place.string() + ".restoring";
  fs::create_directories(folder_of(place), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return because("create", folder);
  const files::Descriptor held{opened_file(folder, O_RDONLY | O_DIRECTORY)};
  if (!held.is_open() || ::flock(held.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{fmt::format("another restore into {} is under way", place.string())};
  Unfinished unfinished{folder};
  // What one that was killed left.
  for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) fs::remove_all(entry.path(), error);
  if (auto filled = fill(folder, source); !filled) return filled;
  if (auto given = give_to_owner(folder, place); !given) return given;
  if (auto moved = move_into_place(folder, place); !moved) return moved;
  unfinished.done();
  return {};
}

Result<store::CopyFacts> check_source(const fs::path& source) {
  Progress progress{"checking the copy"};
  std::uint64_t looks = 0;
  return store::check_copy(source.string(), [&](std::uint64_t, std::uint64_t) { progress.update(++looks, 0); });
}

}  // namespace

int backup(const std::string& config, const std::string& destination) {
  auto settings = load_settings(config);
  if (!settings) return not_valid(settings.error());
  std::error_code error;
  const fs::path file = fs::is_directory(destination, error) ? fs::path{destination} / kStore : fs::path{destination};
  if (fs::exists(file, error))
    return not_done(Error{fmt::format("{} exists; a backup does not overwrite files", file.string())});
  // Under its name only when it is whole.
  const fs::path partial = file.string() + ".partial";
  fs::remove(partial, error);
  auto copied = copy_store(settings->state_dir, partial);
  if (copied && std::rename(partial.c_str(), file.c_str()) != 0) copied = because("name", file);
  if (copied) copied = sync(folder_of(file));
  if (!copied) {
    fs::remove(partial, error);
    return not_done(copied.error());
  }
  say(stdout, "{}\n", file.string());
  return 0;
}

int restore(const std::string& config, const std::string& source) {
  auto settings = load_settings(config);
  if (!settings) return not_valid(settings.error());
  const fs::path place = place_of(settings->state_dir);
  if (auto free = check_place(place); !free) return not_done(free.error());
  const auto file = source_of(source);
  if (!file) return not_done(file.error());
  const auto facts = check_source(*file);
  if (!facts) return not_done(facts.error());
  if (auto restored = restore_into(place, *file); !restored) return not_done(restored.error());
  say(stdout, "{}: CRMs {}, incidents {}\n", place.string(), facts->crms, facts->incidents);
  if (!facts->has_companions) {
    say(stderr,
        "the copy is of a version that left out the tokens: put {} there, or create new ones (crmpulse-collector "
        "token create)\n",
        kTokens);
  }
  return 0;
}

}  // namespace crmpulse::collector
