#include "rules/legacy/layout.h"

#include <array>

#include "rules/time/moment.h"

namespace crmpulse::rules::legacy {
namespace {

constexpr std::size_t kGaps = 8;
constexpr std::size_t kHoursInWeek = 168;

constexpr Step kSums[] = {{1, As::f64}, {2, As::f64}, {3, As::f64}, {4, As::f64}, {5, As::f64},
                          {6, As::f64}, {7, As::f64}, {8, As::f64}, {9, As::f64}};
constexpr Step kBucket[] = {{1, As::i64}, {2, As::part, kSums}};
constexpr Step kHour[] = {{1, As::i64}, {2, As::f64}, {3, As::f64}};
constexpr Step kSumsAndHours[] = {{5, As::parts, kBucket}, {6, As::parts, kHour}};

std::uint64_t varint(Decoder& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = in.u8();
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

void add_time(FieldWriter& out, std::uint32_t tag, TimePoint time) {
  if (is_set(time) && time != kNever) out.add(tag, time);
}

template <class Number, std::size_t kCount>
std::array<Number, kCount> several(Number (Decoder::*read)(), Decoder& in) {
  std::array<Number, kCount> numbers{};
  for (Number& number : numbers) number = (in.*read)();
  return numbers;
}

}  // namespace

/// As often as the number that stands next says, as long as there are bytes.
template <class Take>
void Translator::times(Take take) {
  for (std::uint32_t left = in_.u32(); left > 0 && in_.ok(); --left) take();
}

void Translator::run(Layout layout, FieldWriter& out) {
  for (const Step& one : layout) {
    if (version_ >= one.from && in_.ok()) step(one, out);
  }
}

void Translator::step(const Step& one, FieldWriter& out) {
  const std::uint32_t tag = one.tag;
  const auto part = [&] { out.message(tag, [&](FieldWriter& inner) { run(one.of, inner); }); };
  const auto time = [&] { return from_unix_millis(in_.i64()); };
  switch (one.as) {
    case As::u8: return out.add(tag, in_.u8());
    case As::u32: return out.add(tag, in_.u32());
    case As::u64: return out.add(tag, in_.u64());
    case As::i64: return out.add(tag, in_.i64());
    case As::f64: return out.add(tag, in_.f64());
    case As::time: return add_time(out, tag, time());
    case As::text: return out.add(tag, in_.text());
    case As::part: return part();
    case As::parts: return times(part);
    case As::texts: return times([&] { out.add(tag, in_.text()); });
    case As::times: return times([&] { out.add(tag, time()); });
    case As::gaps: return out.add(tag, several<std::uint32_t, kGaps>(&Decoder::u32, in_));
    case As::paces: return out.add(tag, several<std::uint8_t, kGaps>(&Decoder::u8, in_));
    case As::tally: return out.message(tag, [&](FieldWriter& inner) { tally(inner); });
    case As::window: return out.message(tag, [&](FieldWriter& inner) { window(inner); });
    case As::yes: return out.add(tag, true);
    case As::opt_part:
      if (in_.u8() != 0) part();
      return;
    case As::opt_f64: {
      const bool has = in_.u8() != 0;
      const double value = in_.f64();
      if (has) out.add(tag, value);
      return;
    }
    case As::opt_time: {
      const bool has = in_.u8() != 0;
      const TimePoint value = time();
      if (has) out.add(tag, value);
      return;
    }
    case As::week: {
      const auto hours = several<std::uint8_t, kHoursInWeek>(&Decoder::u8, in_);
      return out.add(tag, std::string{hours.begin(), hours.end()});
    }
    case As::heard: {
      constexpr std::uint32_t kByOperator = 9;
      const TimePoint heard = time();
      return heard == kNever ? out.add(kByOperator, true) : add_time(out, tag, heard);
    }
  }
}

void Translator::window(FieldWriter& out) {
  add_time(out, 1, from_unix_millis(in_.i64()));
  const std::uint32_t stride = in_.u32();
  // In the place of the stride, which is never 0: counts for burn rates follow.
  if (stride == 0) return out.message(7, [&](FieldWriter& inner) { tally(inner); });
  out.add(2, stride);
  static_cast<void>(in_.u32());
  std::vector<std::uint64_t> keys;
  std::vector<double> values;
  times([&] {
    keys.push_back(in_.u64());
    values.push_back(in_.f64());
  });
  {
    auto words = out.words<std::uint64_t>(3);
    for (const std::uint64_t key : keys) words.add_element(key);
  }
  {
    auto words = out.words<double>(4);
    for (const double value : values) words.add_element(value);
  }
  run(kSumsAndHours, out);
}

void Translator::tally(FieldWriter& out) {
  out.add(1, in_.i64());  // width
  out.add(2, in_.i64());  // first bucket
  auto counts = out.numbers(3);
  times([&] {
    const std::uint64_t word = varint(in_);
    counts.add_element(word);
    if (word % 2 != 0) counts.add_element(varint(in_));
  });
}

std::vector<Item> Translator::items(Layout layout) {
  std::vector<Item> items;
  times([&] {
    Decoder ahead = in_;
    Item& item = items.emplace_back();
    item.name = ahead.text();
    FieldWriter fields{item.fields};
    run(layout, fields);
  });
  return items;
}

void Translator::add_to(std::vector<Item>& items, Layout layout) {
  times([&] {
    const std::string name = in_.text();
    std::string more;
    FieldWriter fields{more};
    run(layout, fields);
    for (Item& item : items) {
      if (item.name == name) item.fields += more;
    }
  });
}

}  // namespace crmpulse::rules::legacy
