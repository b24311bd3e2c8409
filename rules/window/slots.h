#pragma once
// The newest divisor of each set of `on` labels of one rule and CRM. Found in constant time, however many a sender
// names: they come from outside.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/fields.h"
#include "core/text/hash.h"

namespace crmpulse::rules {

struct Slot {
  double value = 0;
  bool known = false;  ///< false: none came yet, or one that nothing is divided by
  static constexpr auto fields() { return std::tuple{Field{1, &Slot::value}, Field{2, &Slot::known}}; }
};

class Slots {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::size_t kMost = 20'000;  ///< further sets of labels are not judged

  /// Returns the key's place, made if it is new; kNone if there are too many.
  [[nodiscard]] std::uint32_t place_of(std::string_view key);
  [[nodiscard]] Slot& operator[](std::uint32_t place) { return slots_[place]; }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  void clear();

  void save(FieldWriter& out) const;
  /// Loads into an empty object.
  void load(FieldReader& in);

 private:
  using Places = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

  Places places_;
  std::vector<Slot> slots_;
  std::vector<const std::string*> keys_;  ///< of `places_`, which never moves them; by place
};

}  // namespace crmpulse::rules
