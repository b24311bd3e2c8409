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
  /// Reads what this type needs beside the common keys; what is wrong goes to the reader with its line. Null then.
  std::unique_ptr<Receiver> (*read)(config::Reader& item, const ReceiverSettings& common);
  /// The storm digest is for it. False where incidents are tracked one by one and grouped at the other end.
  bool digests = true;
};
[[nodiscard]] std::span<const ReceiverType> receiver_types();
/// nullptr for a type nobody knows.
[[nodiscard]] const ReceiverType* find_receiver_type(std::string_view name);

}  // namespace crmpulse::collector
