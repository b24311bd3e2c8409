#pragma once
#include <string>
#include <string_view>

#include "core/fields.h"

namespace crmpulse::rules::test {

/// A document with nothing but this.
template <class T>
[[nodiscard]] std::string bytes_of(const T& object) {
  return write_document([&](FieldWriter& out) { out.add(2, object); });
}

/// False: the bytes are damaged.
template <class T>
[[nodiscard]] bool read_from(std::string_view bytes, T& object) {
  return read_document(bytes, [&](FieldReader& in) {
    while (in.next()) {
      if (in.tag() == 2) in.read(object);
    }
  });
}

/// `fresh` becomes what the object is, through its bytes.
template <class T>
[[nodiscard]] bool reload(const T& object, T& fresh) {
  return read_from(bytes_of(object), fresh);
}

}  // namespace crmpulse::rules::test
