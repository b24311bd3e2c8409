#pragma once
// Private to net/loop: who hears raise_control().

#include <functional>

#include "net/loop/controls.h"

namespace crmpulse::net {

/// Hears the controls of one kind while it lives; the last one made hears them. `heard` is called on whatever thread
/// raises them, or in the constructor for one that came before.
class ControlListener {
 public:
  ControlListener(Control control, std::function<void()> heard);
  ~ControlListener();
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

 private:
  Control control_;
};

}  // namespace crmpulse::net
