#pragma once
#include <chrono>
#include <functional>
#include <string>

#include "core/failure/error.h"
#include "store/sqlite/database.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::test {

/// As long as it lives no file can be written beyond `bytes`: what a full disk does to a file that must grow.
class FullDisk {
 public:
  explicit FullDisk(unsigned long bytes);
  ~FullDisk();
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  unsigned long before_ = 0;
};

/// Runs `child` in a forked process, kills it with SIGKILL once it has written `bytes` to its pipe, and returns all
/// that it wrote. The child must not return.
std::string run_and_kill(const std::function<void(int pipe)>& child, std::size_t bytes);

/// The first column of the first row.
std::int64_t integer(store::Database& database, const std::string& sql);

}  // namespace crmpulse::test
