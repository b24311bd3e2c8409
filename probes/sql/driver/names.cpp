#include "probes/sql/driver/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "net/base/sockets.h"

namespace crmpulse::probes::sql {
namespace {

constexpr std::size_t kMaxAddresses = 8;  // of one name
/// A quicker "try again" is an answer (SERVFAIL, nobody listens there); the resolver waits at least a second in vain.
constexpr double kInVain = 0.9;  // seconds
/// A name that is late keeps those that resolved waiting for this long at most.
constexpr Duration kGrace{1000};

Resolved failed_look_up(const std::string& host, int error, double took) {
  Resolved resolved;
  resolved.asked = true;
  const bool in_vain = error == EAI_AGAIN && took >= kInVain;
  const Reason reason = error == EAI_NONAME  ? Reason::missing
                        : in_vain            ? Reason::timeout
                        : error == EAI_AGAIN ? Reason::unreachable
                                             : Reason::internal;
  const std::string why = in_vain ? "no name server answered" : ::gai_strerror(error);
  resolved.error = SqlError{Stage::resolve, reason, {}, one_line("cannot resolve " + host + ": " + why), true};
  return resolved;
}

/// Blocks for as long as the system's resolver likes.
Resolved look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const Stopwatch watch;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return failed_look_up(host, error, watch.seconds());
  Resolved resolved;
  resolved.asked = true;
  for (const addrinfo* entry = list; entry != nullptr && resolved.addresses.size() < kMaxAddresses;
       entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(entry->ai_addr, static_cast<socklen_t>(entry->ai_addrlen), text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0)
      resolved.addresses.emplace_back(text);
  }
  ::freeaddrinfo(list);
  alternate_families(resolved.addresses);
  return resolved;
}

/// One look-up under way. Its thread may outlive everybody who waits for it.
struct LookUp {
  Cancel done;  ///< requested when `resolved` is there
  Resolved resolved;
};
using LookUpPtr = std::shared_ptr<LookUp>;

/// A silent name server holds one thread for each name, however often it is asked for.
class LookUps {
 public:
  LookUpPtr start(const std::string& host) {
    const std::lock_guard lock{mutex_};
    LookUpPtr& entry = under_way_[host];
    if (entry) return entry;
    auto started = std::make_shared<LookUp>();
    std::thread{[this, host, started] {
      started->resolved = look_up(host);
      {
        const std::lock_guard inner{mutex_};
        under_way_.erase(host);
      }
      started->done.request();
    }}.detach();
    entry = started;
    return started;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, LookUpPtr> under_way_;
};

LookUps& look_ups() {
  static auto* const all = new LookUps;  // outlives its threads
  return *all;
}

Resolved wait_for_answer(const std::string& host, const LookUp& look_up, const Limits& limits) {
  if (wait_for(look_up.done, limits) == Wait::ready) return look_up.resolved;
  Resolved late;
  late.asked = true;
  late.error = expired(Stage::resolve, limits);
  if (late.error->reason == Reason::timeout)
    late.error->message = one_line(fmt::format("cannot resolve {}: {}", host, late.error->message));
  return late;
}

}  // namespace

bool is_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  const std::string plain = host.substr(0, host.find('%'));  // fe80::1%eth0
  return ::inet_pton(AF_INET, host.c_str(), &v4) == 1 || ::inet_pton(AF_INET6, plain.c_str(), &v6) == 1;
}

bool is_loopback(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

void alternate_families(std::vector<std::string>& addresses) {
  if (addresses.empty()) return;
  const auto is_v6 = [](const std::string& address) { return address.find(':') != std::string::npos; };
  const bool first_is_v6 = is_v6(addresses.front());
  std::vector<std::string> same;
  std::vector<std::string> other;
  for (std::string& address : addresses) (is_v6(address) == first_is_v6 ? same : other).push_back(std::move(address));
  addresses.clear();
  for (std::size_t i = 0; i < std::max(same.size(), other.size()); ++i) {
    if (i < same.size()) addresses.push_back(std::move(same[i]));
    if (i < other.size()) addresses.push_back(std::move(other[i]));
  }
}

std::vector<Resolved> resolve_all(const std::vector<std::string>& hosts, const Limits& limits) {
  std::vector<LookUpPtr> started(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (!is_address(hosts[i])) started[i] = look_ups().start(hosts[i]);
  }
  std::vector<Resolved> out;
  bool some = std::any_of(started.begin(), started.end(), [](const LookUpPtr& look_up) { return !look_up; });
  Limits grace = limits;
  grace.deadline = std::min(limits.deadline, std::chrono::steady_clock::now() + kGrace);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (!started[i]) {
      out.push_back({{hosts[i]}, {}, false});
      continue;
    }
    const bool ready_elsewhere =
        some || std::any_of(started.begin() + static_cast<std::ptrdiff_t>(i) + 1, started.end(),
                            [](const LookUpPtr& other) { return other && other->done.requested(); });
    out.push_back(wait_for_answer(hosts[i], *started[i], ready_elsewhere ? grace : limits));
    some = some || !out.back().error;
  }
  return out;
}

Resolved resolve(const std::string& host, const Limits& limits) {
  return std::move(resolve_all({host}, limits).front());
}

}  // namespace crmpulse::probes::sql
