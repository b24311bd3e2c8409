// The real collector with a clock that a test moves. Time stands still until a command moves it, so that a day of
// incidents passes in a minute, and a kill -9 may come at any moment of it.
//
//   collector_by_hand CONFIG UNIX_MILLIS       prints `ready PORT`, then one line for each command:
//   to UNIX_MILLIS STEP_MILLIS [RECEIVER…]     the clock goes there step by step, with a tick and `settle` after each →
//   `at` settle [RECEIVER…]                         waits until what is decided is on disk and every message that is
//   due has
//                                              been delivered, but for those to the named receivers → `settled`
// End of input is SIGTERM.

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "collector/collector.h"
#include "core/log.h"
#include "tests/support/manual_clock.h"

namespace {

using namespace crmpulse;
using collector::Collector;

constexpr Duration kLookAgain{2};
constexpr int kMostWaits = 50;

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// Runs on the loop's thread, but for take().
class Host {
 public:
  Host(net::Loop& loop, test::ManualClock& clock, Collector& served, store::Database reader)
      : loop_(loop), clock_(clock), collector_(served), reader_(std::move(reader)) {}

  /// One command. The next one comes after its answer.
  void take(const std::string& line) {
    std::istringstream words{line};
    std::string command;
    words >> command;
    std::int64_t until = unix_millis(clock_.now());
    std::int64_t step = 0;
    if (command == "to") words >> until >> step;
    std::set<std::string> but;
    for (std::string name; words >> name;) but.insert(name);
    until_ = from_unix_millis(until);
    step_ = Duration{step};
    but_ = std::move(but);
    answer_ = command == "to" ? "at" : "settled";
    look();
  }

 private:
  /// Ticks until all is settled, then takes the next step of the way.
  void look() {
    collector_.tick();
    wait(kMostWaits);
  }

  /// A tick looks at files beside the loop: what it began ends before the next one, unless that takes a tick itself.
  void wait(int left) {
    if (left > 0 && !collector_.quiet()) {
      again_ = loop_.after(kLookAgain, [this, left] { wait(left - 1); });
    } else if (!settled()) {
      again_ = loop_.after(kLookAgain, [this] { look(); });
    } else if (clock_.now() < until_) {
      clock_.set(std::min(clock_.now() + step_, until_));
      loop_.post([this] { look(); });
    } else {
      say(answer_);
    }
  }

  [[nodiscard]] bool settled() {
    if (!collector_.quiet()) return false;
    const auto inflight = store::list_outbox(reader_, store::DeliveryStatus::inflight, 1000).value();
    for (const store::OutboxRow& row : inflight)
      if (!but_.contains(row.receiver)) return false;
    const auto pending = store::list_outbox(reader_, store::DeliveryStatus::pending, 1000).value();
    // Behind one that waits to be tried again others wait, too.
    std::map<std::pair<std::string, std::string>, const store::OutboxRow*> heads;
    for (const store::OutboxRow& row : pending) {
      const store::OutboxRow*& head = heads[{row.receiver, row.dedup_key}];
      if (head == nullptr || row.seq < head->seq) head = &row;
    }
    for (const auto& [queue, head] : heads)
      if (head->not_before <= clock_.now() && !but_.contains(queue.first)) return false;
    return true;
  }

  net::Loop& loop_;
  test::ManualClock& clock_;
  Collector& collector_;
  store::Database reader_;
  TimePoint until_;
  Duration step_{};
  std::set<std::string> but_;
  std::string answer_;
  net::Loop::Timer again_;
};

int host(const std::string& config, TimePoint start) {
  auto configuration = collector::load_configuration(config);
  if (!configuration) {
    fmt::print(stderr, "{}\n", to_string(configuration.error()));
    return 2;
  }
  test::ManualClock clock{start};
  net::Loop loop;
  auto served = Collector::start(loop, {clock, clock}, config, *configuration);
  if (!served) {
    fmt::print(stderr, "{}\n", served.error().message);
    return 1;
  }
  auto reader = store::open_collector_reader((*configuration)->settings.state_dir);
  if (!reader) {
    fmt::print(stderr, "{}\n", reader.error().message);
    return 1;
  }
  Host by_hand{loop, clock, **served, std::move(*reader)};
  std::thread commands{[&] {
    for (std::string line; std::getline(std::cin, line);) loop.post([&by_hand, line] { by_hand.take(line); });
    loop.post([&served] { (*served)->stop(); });
  }};
  say(fmt::format("ready {}", (*served)->port()));
  loop.run();
  commands.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  log::configure(log::Level::warning, log::Format::text);
  return host(argv[1], from_unix_millis(std::stoll(argv[2])));
}
