#include "tests/probes/name_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>

namespace {

struct NameServer {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::vector<std::string>> addresses;
  std::map<std::string, int> hanging;  ///< name → how many wait
};

/// Outlives every thread that asks.
NameServer& name_server() {
  static auto* const server = new NameServer;
  return *server;
}

using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

Real real_getaddrinfo() {
  static const Real real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real;
}

/// One list of all, as the C library makes them: freed entry by entry.
int look_up(const std::vector<std::string>& addresses, const char* service, const addrinfo* hints, addrinfo** result) {
  addrinfo numeric{};
  if (hints != nullptr) numeric = *hints;
  numeric.ai_flags |= AI_NUMERICHOST;
  addrinfo* first = nullptr;
  addrinfo** end = &first;
  for (const std::string& address : addresses) {
    if (real_getaddrinfo()(address.c_str(), service, &numeric, end) != 0) continue;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  *result = first;
  return first == nullptr ? EAI_NONAME : 0;
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  NameServer& server = name_server();
  std::vector<std::string> addresses;
  if (name != nullptr) {
    std::unique_lock lock{server.mutex};
    if (const auto hanging = server.hanging.find(name); hanging != server.hanging.end()) {
      ++hanging->second;
      server.changed.notify_all();
      server.changed.wait(lock, [&] { return server.hanging.count(name) == 0; });
      return EAI_AGAIN;
    }
    if (const auto known = server.addresses.find(name); known != server.addresses.end()) addresses = known->second;
  }
  if (!addresses.empty()) return look_up(addresses, service, hints, result);
  return real_getaddrinfo()(name, service, hints, result);
}

namespace crmpulse::test {

void set_addresses(const std::string& name, std::vector<std::string> addresses) {
  const std::lock_guard lock{name_server().mutex};
  name_server().addresses[name] = std::move(addresses);
}

HangingName::HangingName(std::string name) : name_(std::move(name)) {
  const std::lock_guard lock{name_server().mutex};
  name_server().hanging[name_] = 0;
}

HangingName::~HangingName() {
  const std::lock_guard lock{name_server().mutex};
  name_server().hanging.erase(name_);
  name_server().changed.notify_all();
}

int HangingName::asked() const {
  const std::lock_guard lock{name_server().mutex};
  return name_server().hanging.at(name_);
}

}  // namespace crmpulse::test
