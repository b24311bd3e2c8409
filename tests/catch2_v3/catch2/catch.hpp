#pragma once
// Catch2 2 is one header, <catch2/catch.hpp>; Catch2 3 (Debian 13, Ubuntu 24.04) has many and a library. Where CMake
// finds the later one, this file stands in for the first: what the tests use of it, by the same names. What main() is
// comes from the library then (Catch2::Catch2WithMain).
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/internal/catch_test_failure_exception.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

namespace Catch {

using Matchers::EndsWith;
using Matchers::StartsWith;

/// Of a text; the third version's Contains() is of a range.
inline auto Contains(const std::string& part, CaseSensitive sensitive = CaseSensitive::Yes) {
  return Matchers::ContainsSubstring(part, sensitive);
}

}  // namespace Catch

using Catch::Approx;
