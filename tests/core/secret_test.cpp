#include "core/secret.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <type_traits>

using namespace crmpulse;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

}  // namespace

// Whoever adds a way to print one has to take this away first.
static_assert(Streamable<std::string> && fmt::is_formattable<std::string>::value);
static_assert(!Streamable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<Secret, bool>);

TEST_CASE("secrets are compared whole") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("abc", "abc"));
  for (const char* other : {"abd", "bbc", "ab", "abcd", ""}) {
    INFO(other);
    CHECK_FALSE(equal_in_constant_time("abc", other));
    CHECK_FALSE(equal_in_constant_time(other, "abc"));
  }
}
