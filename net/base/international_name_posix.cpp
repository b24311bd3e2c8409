#include <idn2.h>

#include <cstdint>
#include <memory>

#include "net/base/international_name.h"

namespace crmpulse::net {

Result<std::string> ascii_of_international(const std::string& utf8_host) {
  std::uint8_t* converted = nullptr;
  const int outcome = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(utf8_host.c_str()), &converted,
                                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owned{converted, &idn2_free};
  if (outcome != IDN2_OK) return Error{idn2_strerror(outcome)};
  return std::string{reinterpret_cast<const char*>(owned.get())};
}

}  // namespace crmpulse::net
