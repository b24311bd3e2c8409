#pragma once
// Private to net/: what stands behind Loop.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "net/loop/control_listener.h"
#include "net/loop/loop.h"

namespace crmpulse::net {

struct Loop::Impl {
  Impl();
  ~Impl();

  [[nodiscard]] bool owned_here() const;
  void wait_for_stop_signal();
  void stop_asked();
  void wait_for_reload_signal();

  boost::asio::io_context context{1};  ///< one thread runs it; posting is still thread-safe
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  boost::asio::signal_set stop_signals;
  boost::asio::signal_set reload_signals;
  std::function<void()> stop_handler;
  std::function<void()> reload_handler;
  std::atomic<std::thread::id> thread{};
  bool end_at_next_signal = false;
  std::optional<ControlListener> stop_control;
  std::optional<ControlListener> reload_control;
};

}  // namespace crmpulse::net
