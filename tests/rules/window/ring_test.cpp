// The ring holds what a sorted map would hold, whatever order its entries come in.

#include "rules/window/ring.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <random>

using namespace crmpulse;
using namespace crmpulse::rules;

namespace {

using Model = std::map<std::uint64_t, double>;

std::vector<std::uint64_t> keys(const Ring& ring) {
  std::vector<std::uint64_t> out;
  ring.each([&](const Entry& entry) { out.push_back(entry.key); });
  return out;
}

void check_same(const Ring& ring, const Model& model) {
  REQUIRE(ring.size() == model.size());
  REQUIRE(ring.empty() == model.empty());
  if (model.empty()) return;
  REQUIRE(ring.front().key == model.begin()->first);
  REQUIRE(ring.back().key == model.rbegin()->first);
  auto next = model.begin();
  ring.each([&](const Entry& entry) {
    REQUIRE(entry.key == next->first);
    REQUIRE(entry.value == next->second);
    ++next;
  });
  auto before = model.rbegin();
  ring.each_backwards([&](const Entry& entry) {
    REQUIRE(entry.key == before->first);
    ++before;
    return true;
  });
  REQUIRE(before == model.rend());
  std::size_t in_pieces = 0;
  for (const auto piece : ring.pieces()) in_pieces += piece.size();
  REQUIRE(in_pieces == model.size());
}

/// Puts the key `make` gives into both, `count` times, and takes the oldest away when the ring is full.
void fill(Ring& ring, Model& model, int count, const std::function<std::uint64_t(int)>& make) {
  for (int i = 0; i < count; ++i) {
    const std::uint64_t key = make(i);
    const Ring::Put put = ring.put({key, static_cast<double>(i)});
    if (model.contains(key)) {
      REQUIRE(put == Ring::Put::duplicate);
    } else if (model.size() == ring.limit()) {
      REQUIRE(put == Ring::Put::full);
      ring.pop_front();
      model.erase(model.begin());
    } else {
      REQUIRE(put == Ring::Put::stored);
      model.emplace(key, i);
    }
    if (i % 97 == 0) check_same(ring, model);
  }
  check_same(ring, model);
}

}  // namespace

TEST_CASE("a ring is in order after any interleaving") {
  std::mt19937_64 random{7};
  const std::map<std::string, std::function<std::uint64_t(int)>> orders{
      {"ascending", [](int i) { return std::uint64_t(i); }},
      {"descending", [](int i) { return std::uint64_t(10'000 - i); }},
      {"random", [&](int) { return random() % 6000; }},
      {"twice, the second time behind the first",
       [](int i) { return std::uint64_t(i < 1500 ? 2 * i : 2 * (i - 1500) + 1); }},
      {"the same twice", [](int i) { return std::uint64_t(i % 1500); }},
      {"two senders, one some seconds behind",
       [](int i) { return std::uint64_t(i % 2 == 0 ? i : std::max(1, i - 40)); }},
      {"a backlog beside live samples", [](int i) { return std::uint64_t(i % 2 == 0 ? 5000 + i : 1 + i); }},
      {"from both ends", [](int i) { return std::uint64_t(i % 2 == 0 ? 5000 + i : 5000 - i); }},
  };
  for (const auto& [name, make] : orders) {
    INFO(name);
    for (const std::size_t limit : {1U, 5U, 64U, 4096U}) {
      Ring ring{limit};
      Model model;
      fill(ring, model, 3000, make);
    }
  }
}

TEST_CASE("a ring that is emptied goes on from nothing") {
  Ring ring{256};
  Model model;
  for (int round = 0; round < 3; ++round) {
    fill(ring, model, 200, [](int i) { return std::uint64_t((i * 37) % 200); });
    while (!model.empty()) {
      REQUIRE(ring.front().key == model.begin()->first);
      ring.pop_front();
      model.erase(model.begin());
    }
    check_same(ring, model);
  }
}

TEST_CASE("thinning keeps half of the entries, those that came late among them") {
  Ring ring{512};
  for (std::uint64_t key = 0; key < 400; key += 2) CHECK(ring.put({key, 0}) == Ring::Put::stored);
  for (std::uint64_t key = 1; key < 400; key += 2) CHECK(ring.put({key, 0}) == Ring::Put::stored);
  std::vector<std::uint64_t> kept;
  for (std::uint64_t key = 0; key < 400; ++key) {
    if (Ring::keeps(key, 2)) kept.push_back(key);
  }
  ring.thin(2);
  CHECK(keys(ring) == kept);
  CHECK(kept.size() > 160);
  CHECK(kept.size() < 240);
}

TEST_CASE("of series whose samples come at the same instants each keeps its share") {
  for (const std::uint32_t series : {2U, 4U, 8U}) {
    for (const std::uint32_t stride : {2U, 4U, 8U}) {
      std::vector<std::size_t> kept(series);
      for (int instant = 0; instant < 4'000; ++instant) {
        for (std::uint32_t tag = 0; tag < series; ++tag) {
          const TimePoint at{std::chrono::hours{24 * 365 * 50} + instant * std::chrono::seconds{15}};
          if (Ring::keeps(Entry::key_of(at, tag), stride)) ++kept[tag];
        }
      }
      for (const std::size_t count : kept) {
        INFO(series << " series, stride " << stride);
        CHECK(count > 4'000 / stride * 8 / 10);
        CHECK(count < 4'000 / stride * 12 / 10);
      }
    }
  }
}

TEST_CASE("a walk backwards ends when it is told to") {
  Ring ring{64};
  for (const std::uint64_t key : {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 5, 4})
    CHECK(ring.put({key, 0}) == Ring::Put::stored);
  for (const std::size_t most : {1U, 18U, 19U, 20U}) {
    std::vector<std::uint64_t> seen;
    ring.each_backwards([&](const Entry& entry) {
      seen.push_back(entry.key);
      return seen.size() < most;
    });
    CHECK(seen.size() == most);
    CHECK(std::is_sorted(seen.rbegin(), seen.rend()));
  }
}
