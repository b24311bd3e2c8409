// collector.yaml as the collector reads it, with its receivers.
#include "collector/configuration/settings.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file{fuzz::text_of(data, size)};
  const auto settings = collector::load_settings(file.path());
  if (!settings) {
    fuzz::require(!settings.error().empty());
    return 0;
  }
  fuzz::require(net::is_loopback(settings->listen) || (settings->tls && settings->auth_required));
  return 0;
}
