#include "store/sqlite/file.h"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/files/private_file.h"
#include "core/loop_thread.h"

namespace crmpulse::store {
namespace {

/// SQLite's index of a log (32 KiB for each 4,096 pages), the head of the log, and some commits.
constexpr long kReserveBytes = 1024L * 1024;

}  // namespace

bool hold_reserve(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  std::error_code error;
  if (std::filesystem::file_size(file, error) == static_cast<std::uintmax_t>(kReserveBytes) && !error) return true;
  if (files::create_filled(file, kReserveBytes)) return true;
  std::filesystem::remove(file, error);
  return false;
}

bool give_up_reserve(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  std::error_code error;
  return std::filesystem::remove(file, error);
}

Result<void> create_private(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  return files::create_private(file);
}

Result<files::FileLock> take_lock(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  auto taken = files::FileLock::try_take(file);
  if (!taken) return taken.error();
  if (!*taken)
    return Error{fmt::format("{} is held by another process: is the program running twice on one state_dir?", file)};
  return std::move(**taken);
}

}  // namespace crmpulse::store
