// Root at the command line and the service take the same lock, whoever made it.

#include "core/files/state_lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::files;
using crmpulse::test::TempDir;

namespace {

constexpr uid_t kService = 65534;

/// Runs as the service's account; the tests' own is root.
class AsService {
 public:
  AsService() : became_(::seteuid(kService) == 0) {}
  ~AsService() {
    if (::seteuid(0) != 0) std::abort();
  }
  AsService(const AsService&) = delete;
  AsService& operator=(const AsService&) = delete;
  [[nodiscard]] bool became() const { return became_; }

 private:
  bool became_;
};

}  // namespace

TEST_CASE("a lock that root made, now or before the update, does not keep the service out") {
  if (::geteuid() != 0) return;
  const TempDir folder;
  REQUIRE(::chown(folder.path().c_str(), kService, kService) == 0);
  {
    const StateLock lock{folder.path(), "tokens.lock"};
  }
  struct stat found{};
  REQUIRE(::stat(folder.path("tokens.lock").c_str(), &found) == 0);
  CHECK(found.st_uid == kService);
  REQUIRE(::chown(folder.path("tokens.lock").c_str(), 0, 0) == 0);
  const AsService service;
  REQUIRE(service.became());
  const StateLock lock{folder.path(), "tokens.lock"};
  CHECK(lock.held());
}
