#include "core/fields.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "core/labels.h"
#include "core/level.h"

using namespace crmpulse;

namespace {

struct Inner {
  std::string name = "unnamed";
  double value = 0;
  static constexpr auto fields() { return std::tuple{Field{1, &Inner::name}, Field{2, &Inner::value}}; }
  friend bool operator==(const Inner&, const Inner&) = default;
};

struct Everything {
  bool flag = true;
  std::uint8_t small = 0;
  std::int64_t number = 0;
  std::uint64_t hash = 0;
  double real = 1;
  Level level = Level::healthy;
  TimePoint at = TimePoint::min();
  Duration length{};
  std::string text;
  std::optional<double> maybe;
  std::optional<Inner> maybe_inner;
  Inner inner;
  std::vector<Inner> list;
  std::vector<std::string> texts;
  std::map<std::string, std::int64_t, std::less<>> map;
  Labels labels;
  std::array<std::uint32_t, 3> numbers{};

  static constexpr auto fields() {
    return std::tuple{
        Field{1, &Everything::flag},     Field{2, &Everything::small},        Field{3, &Everything::number},
        Field{4, &Everything::hash},     Field{5, &Everything::real},         Field{6, &Everything::level},
        Field{7, &Everything::at},       Field{8, &Everything::length},       Field{9, &Everything::text},
        Field{10, &Everything::maybe},   Field{11, &Everything::maybe_inner}, Field{12, &Everything::inner},
        Field{13, &Everything::list, 3}, Field{14, &Everything::texts},       Field{16, &Everything::map},
        Field{17, &Everything::labels},  Field{18, &Everything::numbers}};
  }
  friend bool operator==(const Everything&, const Everything&) = default;
};

/// What a later version might write: fields that are new, beside one that is known.
struct Later {
  std::string added;
  std::vector<Inner> more;
  std::int64_t number = 0;
  double last = 0;
  static constexpr auto fields() {
    return std::tuple{Field{19, &Later::added}, Field{20, &Later::more}, Field{3, &Later::number},
                      Field{21, &Later::last}};
  }
};

Everything full() {
  Everything all;
  all.flag = false;
  all.small = 255;
  all.number = -1'000'000'000'000'000;
  all.hash = std::numeric_limits<std::uint64_t>::max();
  all.real = 0.1 + 0.2;
  all.level = Level::poor;
  all.at = parse_time("2026-11-21T09:00:00.123Z").value();
  all.length = Duration{-1};
  all.text = std::string{"\0x\xff", 3};
  all.maybe = 0;
  all.maybe_inner.emplace();
  all.inner = {"", -2.5};
  all.list = {{"a", 1}, {}, {"c", 3}};
  all.texts = {"", "b"};
  all.map = {{"", 0}, {"k", -5}};
  all.labels = Labels{{"crm", "acme"}, {"kind", "odoo"}};
  all.numbers = {0, 1, 4'000'000'000};
  return all;
}

template <class T>
std::string written(const T& object) {
  return write_document([&](FieldWriter& out) { out.members(object); });
}

template <class T>
bool read(std::string_view bytes, T& object) {
  return read_document(bytes, [&](FieldReader& in) { in.members(object); });
}

double through_bytes(double value) {
  Everything one;
  one.real = value;
  Everything again;
  REQUIRE(read(written(one), again));
  return again.real;
}

/// A document of one field.
template <class T>
std::string of_one(std::uint32_t tag, const T& value) {
  return write_document([&](FieldWriter& out) { out.add(tag, value); });
}

}  // namespace

TEST_CASE("every kind of value comes back from its bytes as it was") {
  Everything again;
  REQUIRE(read(written(full()), again));
  CHECK(again == full());
}

TEST_CASE("what is as in a new object takes no room") {
  CHECK(written(Everything{}).size() == kDocumentBegins.size() + kDocumentEnds.size());
  Everything again = full();
  REQUIRE(read(written(Everything{}), again));
  CHECK(again == full());
}

TEST_CASE("floating values keep every bit") {
  for (const double value : {-0.0, 5e-324, 1.7976931348623157e308, std::numeric_limits<double>::infinity(),
                             std::bit_cast<double>(std::uint64_t{0x7ff8000000abcdef})})
    CHECK(std::bit_cast<std::uint64_t>(through_bytes(value)) == std::bit_cast<std::uint64_t>(value));
}

TEST_CASE("fields that a reader does not know are skipped whole") {
  Everything all;
  REQUIRE(read(written(Later{"later", {{"one", 1}, {"two", 2}}, 7, 0.5}), all));
  Everything expected;
  expected.number = 7;
  CHECK(all == expected);
}

TEST_CASE("a document that is cut short or longer is damaged, wherever it was cut") {
  const std::string bytes = written(full());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Everything all;
    CHECK_FALSE(read(std::string_view{bytes}.substr(0, size), all));
  }
  Everything all;
  CHECK_FALSE(read(bytes + "x", all));
  CHECK_FALSE(read("", all));
}

TEST_CASE("a field of another kind than its member is damage") {
  for (const std::string& bytes : {of_one(2, std::string{"text"}), of_one(5, 5), of_one(9, 5), of_one(9, 0.5),
                                   of_one(4, 5), of_one(12, true), of_one(13, 0.5), of_one(18, 1), of_one(7, 0.5)}) {
    Everything all;
    CHECK_FALSE(read(bytes, all));
  }
}

TEST_CASE("a number that does not fit is damage, a level beyond the worst is the worst") {
  Everything all;
  CHECK_FALSE(read(of_one(2, 256U), all));
  CHECK_FALSE(read(of_one(18, std::array<std::uint64_t, 1>{1ULL << 32U}), all));
  CHECK(read(of_one(6, 200U), all));
  CHECK(all.level == Level::poor);
}

TEST_CASE("no time or number that is read is so far away that sums with it overflow") {
  Everything all;
  REQUIRE(read(of_one(3, std::numeric_limits<std::int64_t>::max()), all));
  CHECK(all.number == 1'000'000'000'000'000);
  REQUIRE(read(of_one(7, TimePoint::max()), all));
  CHECK(all.at + std::chrono::hours{24 * 365 * 1000} < TimePoint::max());
  REQUIRE(read(of_one(8, Duration::min()), all));
  CHECK(all.length - std::chrono::hours{24 * 365 * 1000} > Duration::min());
}

TEST_CASE("of a list no more elements are read than it may have") {
  Everything all;
  all.list.resize(8);
  Everything again;
  REQUIRE(read(written(all), again));
  CHECK(again.list.size() == 3);
}
