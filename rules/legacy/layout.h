#pragma once
// How values stood one behind the other, as tables, and what follows such a table. Private to rules/legacy/.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec.h"
#include "core/fields.h"

namespace crmpulse::rules::legacy {

/// What stands next in the old bytes.
enum class As : std::uint8_t {
  u8,
  u32,
  u64,
  i64,
  f64,
  time,  ///< of which sentinels are left out: absent says the same
  text,
  opt_f64,   ///< with a flag before it, without a value too
  opt_time,  ///< the same
  part,      ///< values that are a message now
  opt_part,  ///< with a flag before them
  parts,     ///< with their number before them
  texts,
  times,
  gaps,    ///< eight u32
  paces,   ///< eight u8
  week,    ///< a byte for each hour of a week
  heard,   ///< a time whose highest value says: by an operator
  tally,   ///< buckets of good and all readings
  window,  ///< single samples, sums and hours; or a tally
  yes,     ///< nothing stands there, and that says true
};

struct Step {
  std::uint32_t tag;  ///< of today
  As as;
  std::span<const Step> of{};  ///< of a part
  std::uint32_t from = 1;      ///< the version that began to write it
};
using Layout = std::span<const Step>;

/// An element of a list to which a section at the end of the bytes adds fields, by the text it begins with.
struct Item {
  std::string name;
  std::string fields;
};

class Translator {
 public:
  Translator(Decoder& in, std::uint32_t version) : in_(in), version_(version) {}

  void run(Layout layout, FieldWriter& out);
  [[nodiscard]] std::vector<Item> items(Layout layout);
  /// Adds to those of `items` that the section names.
  void add_to(std::vector<Item>& items, Layout layout);

 private:
  void step(const Step& step, FieldWriter& out);
  void window(FieldWriter& out);
  void tally(FieldWriter& out);
  template <class Take>
  void times(Take take);

  Decoder& in_;
  std::uint32_t version_;
};

}  // namespace crmpulse::rules::legacy
