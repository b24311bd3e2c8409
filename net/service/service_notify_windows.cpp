#include <utility>

#include "net/service/service_notify.h"
#include "net/service/service_report.h"

namespace crmpulse::net {
namespace {

ServiceReport& report() {
  static ServiceReport set;
  return set;
}

}  // namespace

void set_service_report(ServiceReport to) {
  report() = std::move(to);
}

struct ServiceNotify::Impl {
  ServiceState state = ServiceState::starting;
  std::string status;

  void tell() const {
    if (report()) report()(state, status);
  }
  void become(ServiceState next) {
    state = next;
    tell();
  }
};

ServiceNotify::ServiceNotify() : impl_(std::make_unique<Impl>()) {}
ServiceNotify::~ServiceNotify() = default;

void ServiceNotify::ready() {
  impl_->become(ServiceState::running);
}
void ServiceNotify::status(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line == impl_->status) return;
  impl_->status = line;
  impl_->tell();
}
void ServiceNotify::reloading() {
  impl_->become(ServiceState::reloading);
}
void ServiceNotify::stopping() {
  impl_->become(ServiceState::stopping);
}
// The service manager of Windows does not watch a running service.
void ServiceNotify::alive() {}
void ServiceNotify::busy() {
  impl_->tell();
}
std::optional<Duration> ServiceNotify::alive_interval() const {
  return std::nullopt;
}

}  // namespace crmpulse::net
