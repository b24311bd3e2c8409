#include "config/protection/dpapi.h"

namespace crmpulse::config {
namespace {

Error for_windows() {
  return Error{"DPAPI is for Windows"};
}

}  // namespace

bool has_dpapi() {
  return false;
}

Result<std::string> dpapi_protect(std::string_view) {
  return for_windows();
}

Result<std::string> dpapi_unprotect(std::string_view) {
  return for_windows();
}

}  // namespace crmpulse::config
