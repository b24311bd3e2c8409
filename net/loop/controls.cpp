#include "net/loop/controls.h"

#include <array>
#include <mutex>
#include <utility>

#include "net/loop/control_listener.h"

namespace crmpulse::net {
namespace {

struct Heard {
  std::function<void()> listener;
  bool pending = false;
};

std::mutex heard_mutex;
std::array<Heard, 2> heard_by_control;  ///< by Control

Heard& heard_of(Control control) {
  return heard_by_control.at(static_cast<std::size_t>(control));
}

}  // namespace

void raise_control(Control control) {
  const std::lock_guard lock{heard_mutex};
  Heard& heard = heard_of(control);
  if (heard.listener) {
    heard.listener();
  } else {
    heard.pending = true;
  }
}

ControlListener::ControlListener(Control control, std::function<void()> heard) : control_(control) {
  const std::lock_guard lock{heard_mutex};
  Heard& entry = heard_of(control);
  entry.listener = std::move(heard);
  if (std::exchange(entry.pending, false)) entry.listener();
}

ControlListener::~ControlListener() {
  const std::lock_guard lock{heard_mutex};
  heard_of(control_).listener = nullptr;
}

}  // namespace crmpulse::net
