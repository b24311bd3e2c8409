#pragma once
// A library of others in a program, for its --version --verbose. Each program's list is written by cmake/Sbom.cmake.

#include <string_view>

namespace crmpulse {

enum class Linked {
  statically,   ///< a part of the program: its headers or its archive
  dynamically,  ///< the system's own, loaded when the program starts
};

struct Library {
  std::string_view name;
  std::string_view version;  ///< of the build
  std::string_view licence;  ///< an SPDX expression
  Linked linked = Linked::statically;
};

}  // namespace crmpulse
