#include "core/failure/error.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

using namespace crmpulse;

namespace {

Result<std::string> name_of(bool known) {
  if (!known) return Error{"the name is not known"};
  return "acme";
}

}  // namespace

TEST_CASE("the value of a result can be a text, and its error is one with a code") {
  CHECK(name_of(true).value() == "acme");
  CHECK(name_of(false).error() == Error{"the name is not known"});
  CHECK(name_of(false).error().code == ErrorCode::other);
  CHECK_FALSE(Error{"x", ErrorCode::disk} == Error{"x", ErrorCode::damaged});
  CHECK_THROWS_WITH(name_of(false).value(), "the name is not known");
}

TEST_CASE("a result takes what its value can be made of") {
  const Result<std::optional<int>> some = 3;
  CHECK(some.value() == 3);
  Result<std::unique_ptr<int>> moved = std::make_unique<int>(4);
  CHECK(**moved == 4);
  const Result<void> done;
  CHECK(done.has_value());
  const Result<void> failed = Error{"why", ErrorCode::damaged};
  CHECK(failed.error().code == ErrorCode::damaged);
}
