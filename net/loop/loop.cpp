#include "net/loop/loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "net/loop/loop_impl.h"

namespace asio = boost::asio;
using boost::system::error_code;

namespace crmpulse::net {
namespace {

/// Not through the loop: the second signal has to work while a handler is stuck, and as process 1 of a container.
extern "C" void end_process_now(int signal) {
  std::_Exit(128 + signal);
}

constexpr int kStopSignals[] = {SIGINT, SIGTERM};

/// Resets the thread's marks however run() ends.
class ThreadMark {
 public:
  explicit ThreadMark(std::atomic<std::thread::id>& thread) : thread_(thread) {
    thread_ = std::this_thread::get_id();
    runs_loop = true;
  }
  ~ThreadMark() {
    thread_ = std::thread::id{};
    runs_loop = false;
  }
  ThreadMark(const ThreadMark&) = delete;
  ThreadMark& operator=(const ThreadMark&) = delete;

 private:
  std::atomic<std::thread::id>& thread_;
};

}  // namespace

Loop::Impl::Impl() : work(context.get_executor()), stop_signals(context), reload_signals(context) {}

Loop::Impl::~Impl() {
  if (!end_at_next_signal) return;
  for (const int signal : kStopSignals) std::signal(signal, SIG_DFL);
}

bool Loop::Impl::owned_here() const {
  const std::thread::id running = thread;
  return running == std::this_thread::get_id() || running == std::thread::id{};
}

void Loop::Impl::wait_for_stop_signal() {
  stop_signals.async_wait([this](error_code error, int) {
    if (!error) stop_asked();
  });
}

void Loop::Impl::stop_asked() {
  if (std::exchange(end_at_next_signal, true)) return;
  stop_signals.clear();
  for (const int signal : kStopSignals) std::signal(signal, end_process_now);
  stop_handler();
}

void Loop::Impl::wait_for_reload_signal() {
#ifdef SIGHUP
  reload_signals.async_wait([this](error_code error, int) {
    if (error) return;
    wait_for_reload_signal();
    reload_handler();
  });
#endif
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
  const ThreadMark mark(impl_->thread);
  impl_->context.run();
  impl_->context.restart();
}

void Loop::stop() {
  impl_->context.stop();
}

void Loop::post(std::function<void()> task) {
  asio::post(impl_->context, std::move(task));
}

bool Loop::on_thread() const {
  return impl_->thread == std::this_thread::get_id();
}

bool Loop::owned_here() const {
  return impl_->owned_here();
}

void Loop::on_stop(std::function<void()> handler) {
  const bool first = !impl_->stop_handler;
  impl_->stop_handler = std::move(handler);
  if (!first) return;
  for (const int signal : kStopSignals) impl_->stop_signals.add(signal);
  impl_->wait_for_stop_signal();
  impl_->stop_control.emplace(Control::stop, [this] { post([this] { impl_->stop_asked(); }); });
}

void Loop::on_reload(std::function<void()> handler) {
  const bool first = !impl_->reload_handler;
  impl_->reload_handler = std::move(handler);
  if (!first) return;
#ifdef SIGHUP
  impl_->reload_signals.add(SIGHUP);
  impl_->wait_for_reload_signal();
#endif
  impl_->reload_control.emplace(Control::reload, [this] { post([this] { impl_->reload_handler(); }); });
}

struct Loop::Timer::Impl : std::enable_shared_from_this<Loop::Timer::Impl> {
  using Clock = std::chrono::steady_clock;

  Impl(Loop::Impl& on, std::function<void()> what) : loop(on), timer(on.context), task(std::move(what)) {
    CRMPULSE_ON_LOOP(loop);
  }

  void start(Clock::time_point when) {
    timer.expires_at(when);
    timer.async_wait([weak = weak_from_this()](error_code error) {
      if (const auto self = weak.lock(); self && !error && self->active) self->fire();
    });
  }

  /// The caller holds a reference: the task may drop the handle of the timer it runs in.
  void fire() {
    if (period > Duration::zero()) start(next_round());
    task();
  }

  Clock::time_point next_round() const {
    const Clock::time_point due = timer.expiry();
    const auto late_rounds = (Clock::now() - due) / period;
    return due + (late_rounds + 1) * period;
  }

  Loop::Impl& loop;
  asio::steady_timer timer;
  std::function<void()> task;
  Duration period{0};  ///< zero: once
  bool active = true;
};

Loop::Timer::Timer() = default;
Loop::Timer::Timer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loop::Timer::~Timer() {
  cancel();
}
Loop::Timer::Timer(Timer&&) noexcept = default;

Loop::Timer& Loop::Timer::operator=(Timer&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  impl_ = std::move(other.impl_);
  return *this;
}

void Loop::Timer::cancel() {
  if (!impl_) return;
  CRMPULSE_ON_LOOP(impl_->loop);
  const std::shared_ptr<Impl> impl = std::move(impl_);
  impl->active = false;
  impl->timer.cancel();
}

Loop::Timer Loop::after(Duration delay, std::function<void()> task) {
  auto timer = std::make_shared<Timer::Impl>(*impl_, std::move(task));
  timer->start(Timer::Impl::Clock::now() + delay);
  return Timer(std::move(timer));
}

Loop::Timer Loop::every(Duration period, std::function<void()> task) {
  if (period <= Duration::zero()) throw std::invalid_argument("a timer's period is above zero");
  auto timer = std::make_shared<Timer::Impl>(*impl_, std::move(task));
  timer->period = period;
  timer->start(Timer::Impl::Clock::now() + period);
  return Timer(std::move(timer));
}

}  // namespace crmpulse::net
