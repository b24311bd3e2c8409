#pragma once
// The types of receivers that collector.yaml may name.

#include <memory>
#include <span>
#include <string_view>

#include "collector/receivers/base/receiver.h"
#include "collector/receivers/base/receiver_settings.h"
#include "config/reader.h"

namespace crmpulse::collector {

struct ReceiverType {
  std::string_view name;
  /// Reads the keys of this type. Returns null after a problem, which goes to the reader with its line.
  std::unique_ptr<Receiver> (*read)(config::Reader& item, const ReceiverSettings& common);
  /// The digest of many alerts goes to it. False if the other end tracks incidents one by one and groups them itself.
  bool digests = true;
  /// It keeps acknowledgements itself: it hears of those made here, and tells of those made there.
  bool acknowledges = false;
};
[[nodiscard]] std::span<const ReceiverType> receiver_types();
/// Returns nullptr for an unknown type.
[[nodiscard]] const ReceiverType* find_receiver_type(std::string_view name);

}  // namespace crmpulse::collector
