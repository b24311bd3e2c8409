#include "collector/invitation/invitation.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <ctime>
#include <fstream>

#include "core/time/clock.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kPrefix = "crmi_";
constexpr std::size_t kCodeBytes = 16;

std::string boot_id() {
  std::ifstream stream{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(stream, id);
  return id;
}

}  // namespace

TwoClocks two_clocks() {
  timespec since{};
  const bool known = ::clock_gettime(CLOCK_BOOTTIME, &since) == 0;
  const Duration uptime = std::chrono::duration_cast<Duration>(std::chrono::seconds{since.tv_sec} +
                                                               std::chrono::nanoseconds{since.tv_nsec});
  return {wall_now(), known ? boot_id() : std::string{}, uptime};
}

bool is_open(const Invitation& invitation, const TwoClocks& now) {
  const bool same_run = !now.boot.empty() && now.boot == invitation.made.boot;
  const Duration age = same_run ? now.uptime - invitation.made.uptime : now.wall - invitation.made.wall;
  return age >= Duration::zero() && age < kInvitationLifetime;
}

Result<std::string> new_code() {
  std::string random(kCodeBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) != 1)
    return Error{"the system gives no random numbers"};
  return fmt::format("{}{}", kPrefix, net::hex(random));
}

std::string hash_of_code(std::string_view code) {
  return net::hex(net::sha256(code));
}

}  // namespace crmpulse::collector
