// YAML as every configuration file is read.
#include "config/node.h"
#include "tests/fuzz/fuzz_target.h"

using namespace crmpulse;

namespace {

std::size_t depth_of(const config::Node& node) {
  std::size_t deepest = 0;
  for (const config::Node& item : node.items) deepest = std::max(deepest, depth_of(item));
  for (const auto& [key, value] : node.members) deepest = std::max(deepest, depth_of(value));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = config::load_text(fuzz::text_of(data, size), "input");
  if (document) fuzz::require(depth_of(document->root) <= config::kMaxDocumentDepth + 1);
  if (!document) fuzz::require(!document.error().empty());
  return 0;
}
