#include "net/loop/tasks.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "core/log.h"

namespace asio = boost::asio;

namespace crmpulse::net {

struct TaskScope::State {
  using Cancellations = std::list<asio::cancellation_signal>;

  explicit State(asio::any_io_executor on) : executor(std::move(on)) {}

  void ended(std::string_view what, Cancellations::iterator task, const std::exception_ptr& thrown) {
    tasks.erase(task);
    if (thrown) record(what, thrown);
    if (tasks.empty()) tell_joined();
  }

  void record(std::string_view what, const std::exception_ptr& thrown) {
    std::string why = "unknown";
    try {
      std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
      if (error.code() == asio::error::operation_aborted) return;
      why = error.what();
    } catch (const std::exception& error) {
      why = error.what();
    } catch (...) {
    }
    failed += 1;
    log::error("a task ended with an exception", {{"task", std::string(what)}, {"error", why}});
  }

  void tell_joined() {
    for (std::function<void()>& joined : std::exchange(waiting, {})) asio::post(executor, std::move(joined));
  }

  asio::any_io_executor executor;
  Cancellations tasks;
  std::vector<std::function<void()>> waiting;
  std::uint64_t failed = 0;
};

TaskScope::TaskScope(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

void TaskScope::spawn(std::string_view what, asio::awaitable<void> task) {
  const auto place = state_->tasks.emplace(state_->tasks.end());
  auto on_end = [state = state_, what, place](const std::exception_ptr& thrown) { state->ended(what, place, thrown); };
  asio::co_spawn(state_->executor, std::move(task), asio::bind_cancellation_slot(place->slot(), std::move(on_end)));
}

void TaskScope::cancel() {
  const std::shared_ptr<State> state = state_;
  // Emitting may end a task inside the call and take its node away.
  for (auto task = state->tasks.begin(); task != state->tasks.end();) {
    asio::cancellation_signal& signal = *task;
    ++task;
    signal.emit(asio::cancellation_type::terminal);
  }
}

void TaskScope::join(std::function<void()> joined) {
  state_->waiting.push_back(std::move(joined));
  if (state_->tasks.empty()) state_->tell_joined();
}

void TaskScope::forget_joins() {
  state_->waiting.clear();
}

int TaskScope::running() const {
  return static_cast<int>(state_->tasks.size());
}

std::uint64_t TaskScope::failed() const {
  return state_->failed;
}

}  // namespace crmpulse::net
