#pragma once
// Keeps two processes from changing one file of the state folder at once: the service, and root at the command line.
// POSIX alone.

#include <string>

namespace crmpulse::files {

/// Creates the state folder if needed and holds the lock of this name in it until it goes. Waits for who holds it.
class StateLock {
 public:
  StateLock(const std::string& state_dir, const std::string& name);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;
  [[nodiscard]] bool held() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

}  // namespace crmpulse::files
