#include "probes/sql/driver/dial.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <numeric>

namespace crmpulse::probes::sql {
namespace {

using std::chrono::steady_clock;

constexpr Duration kAttemptDelay{250};  // RFC 8305, section 5
using Tenths = std::chrono::duration<std::int64_t, std::deci>;

/// poll() for writing on all of them; the answer tells which are ready.
std::vector<bool> writable(const std::vector<int>& sockets, const Limits& limits) {
  std::vector<pollfd> waiting;
  for (const int socket : sockets) waiting.push_back({socket, POLLOUT, 0});
  waiting.push_back({descriptor_of(limits.cancel), POLLIN, 0});
  (void)::poll(waiting.data(), waiting.size(),
               static_cast<int>(std::min<std::int64_t>(remaining(limits).count(), 60'000)));
  std::vector<bool> ready;
  for (std::size_t i = 0; i < sockets.size(); ++i) ready.push_back(waiting[i].revents != 0);
  return ready;
}

/// A server that spoke tells more than a machine that answered, and that more than silence.
int telling(const SqlError& error) {
  if (error.reason == Reason::skipped || error.reason == Reason::internal) return 0;
  if (error.stage == Stage::resolve) return error.reason == Reason::timeout ? 2 : 1;
  if (error.stage != Stage::connect) return 5;
  switch (error.reason) {
    case Reason::unreachable: return 1;
    case Reason::timeout: return 2;
    case Reason::refused: return 3;
    default: return 4;
  }
}

}  // namespace

Dialer::Dialer(std::vector<std::string> names, Make make, std::optional<Duration> connect_timeout)
    : names_(std::move(names)),
      make_(std::move(make)),
      connect_timeout_(connect_timeout),
      left_(names_.size()),
      errors_(names_.size()) {
  std::iota(left_.begin(), left_.end(), std::size_t{0});
}

void Dialer::failed(std::size_t index, SqlError error) {
  std::erase(left_, index);
  errors_[index] = std::move(error);
}

Limits Dialer::until_something_is_due(const Limits& limits, const std::vector<Running>& running,
                                      std::optional<SteadyTime> next_start) const {
  Limits due = limits;
  if (next_start) due.deadline = std::min(due.deadline, *next_start);
  if (!connect_timeout_) return due;
  for (const Running& one : running) due.deadline = std::min(due.deadline, one.started + *connect_timeout_);
  return due;
}

/// Those whose connect_timeout has passed.
void Dialer::drop_late(std::vector<Running>& running, const Limits& limits) {
  if (!connect_timeout_) return;
  const auto now = steady_clock::now();
  for (const Running& one : running) {
    if (now < one.started + *connect_timeout_ || now >= limits.deadline) continue;
    failed(one.index, SqlError{Stage::connect,
                               Reason::timeout,
                               {},
                               fmt::format("no answer within {}", format_duration(*connect_timeout_)),
                               true});
  }
  std::erase_if(running, [&](const Running& one) { return errors_[one.index].has_value(); });
}

std::optional<Reached> Dialer::next(const Limits& limits) {
  std::vector<Running> running;
  std::vector<std::size_t> waiting = left_;
  SteadyTime next_start = steady_clock::now();
  const auto take = [&](Running one) {
    std::erase(left_, one.index);
    return Reached{one.index, std::move(one.attempt), one.started};
  };
  while (!limits.over() && (!running.empty() || !waiting.empty())) {
    const auto now = steady_clock::now();
    if (!waiting.empty() && (running.empty() || now >= next_start)) {
      Running one{waiting.front(), make_(waiting.front()), now};
      waiting.erase(waiting.begin());
      next_start = now + kAttemptDelay;
      const Attempt::State state = one.attempt->begin();
      if (state == Attempt::State::reached) return take(std::move(one));
      if (state == Attempt::State::failed) {
        failed(one.index, one.attempt->error());
        next_start = now;
      } else {
        running.push_back(std::move(one));
      }
      continue;
    }
    std::vector<int> sockets;
    for (const Running& one : running) sockets.push_back(one.attempt->socket());
    const auto ready = writable(
        sockets, until_something_is_due(limits, running, waiting.empty() ? std::nullopt : std::optional{next_start}));
    for (std::size_t i = 0; i < running.size(); ++i) {
      if (!ready[i]) continue;
      const Attempt::State state = running[i].attempt->go_on();
      if (state == Attempt::State::reached) return take(std::move(running[i]));
      if (state != Attempt::State::failed) continue;
      failed(running[i].index, running[i].attempt->error());
      next_start = steady_clock::now();
    }
    std::erase_if(running, [&](const Running& one) { return errors_[one.index].has_value(); });
    drop_late(running, limits);
  }
  return std::nullopt;
}

Limits Dialer::share(const Limits& limits, const Reached& reached) const {
  Limits out = limits;
  const auto now = steady_clock::now();
  if (connect_timeout_) {
    out.deadline = std::min(out.deadline, reached.started + *connect_timeout_);
    // What ends the wait is what is told.
    if (out.deadline < limits.deadline) out.statement_timeout = *connect_timeout_;
  } else if (!left_.empty() && now < limits.deadline) {
    out.deadline = now + (limits.deadline - now) / static_cast<std::int64_t>(left_.size() + 1);
    out.statement_timeout = std::chrono::ceil<Tenths>(out.deadline - reached.started);
  }
  return out;
}

SqlError Dialer::error(const Limits& limits) const {
  std::vector<SqlError> all;
  for (const auto& one : errors_) all.push_back(one ? *one : expired(Stage::connect, limits));
  if (limits.cancel != nullptr && limits.cancel->requested()) return expired(Stage::connect, limits);
  if (all.size() == 1) return all.front();
  SqlError best = *std::max_element(all.begin(), all.end(),
                                    [](const SqlError& a, const SqlError& b) { return telling(a) < telling(b); });
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", names_[i], one_line(all[i].message, 120));
  best.message = one_line(text);
  best.connection_lost = true;
  return best;
}

}  // namespace crmpulse::probes::sql
