#include "store/history/integer_column.h"

#include <algorithm>
#include <bit>

namespace crmpulse::store {
namespace {

enum class Prediction : std::uint8_t { least = 0, previous = 1, line = 2 };

std::uint64_t bits(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(bits(a) - bits(b));
}
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(bits(a) + bits(b));
}

/// What is left of number `i` under a prediction; the first (of a line the first two) stand in the head.
std::uint64_t rest(std::span<const std::int64_t> column, std::size_t i, Prediction prediction, std::int64_t least) {
  if (prediction == Prediction::least) return bits(column[i]) - bits(least);
  const std::int64_t step = difference(column[i], column[i - 1]);
  if (prediction == Prediction::previous) return zigzag(step);
  return zigzag(difference(step, difference(column[i - 1], column[i - 2])));
}

std::size_t in_head(Prediction prediction) {
  return static_cast<std::size_t>(prediction);
}

Prediction best(std::span<const std::int64_t> column, std::int64_t least) {
  std::array<std::uint64_t, 3> cost{};
  for (std::size_t i = 2; i < column.size(); ++i) {
    for (const Prediction one : {Prediction::least, Prediction::previous, Prediction::line})
      cost.at(in_head(one)) += static_cast<std::uint64_t>(std::bit_width(rest(column, i, one, least)));
  }
  // Of equals the later: it needs less of a plane.
  std::size_t choice = 2;
  for (const std::size_t other : {1U, 0U}) {
    if (cost.at(other) < cost.at(choice)) choice = other;
  }
  return static_cast<Prediction>(choice);
}

}  // namespace

void write_column(std::span<const std::int64_t> column, std::string& head, Planes& planes) {
  if (column.empty()) return;
  const std::int64_t least = *std::min_element(column.begin(), column.end());
  const Prediction prediction = best(column, least);
  const std::size_t first = std::min(in_head(prediction), column.size());
  std::uint64_t all = 0;
  for (std::size_t i = first; i < column.size(); ++i) all |= rest(column, i, prediction, least);
  const auto width = static_cast<unsigned>((std::bit_width(all) + 7) / 8);
  head += static_cast<char>(static_cast<unsigned>(prediction) | (width << 2));
  put_varint(head, zigzag(prediction == Prediction::least ? least : column[0]));
  if (prediction == Prediction::line)
    put_varint(head, zigzag(column.size() > 1 ? difference(column[1], column[0]) : 0));
  for (std::size_t i = first; i < column.size(); ++i) {
    const std::uint64_t left = rest(column, i, prediction, least);
    for (unsigned plane = 0; plane < width; ++plane) planes.at(plane) += static_cast<char>(left >> (8 * plane));
  }
}

namespace {

/// What stands in the head of a column.
struct ColumnHead {
  Prediction prediction = Prediction::least;
  unsigned width = 0;
  std::int64_t base = 0;
  std::int64_t step = 0;
  std::size_t first = 0;  ///< so many numbers stand in the head
};

/// Returns false if the bytes are damaged.
bool read_head(ByteReader& head, const PlaneReaders& planes, std::size_t size, ColumnHead& out) {
  const std::string_view mark = head.bytes(1);
  if (mark.empty()) return false;
  const unsigned code = static_cast<unsigned char>(mark[0]);
  out.width = code >> 2;
  if ((code & 3) > 2 || out.width > 8) return false;
  out.prediction = static_cast<Prediction>(code & 3);
  out.base = unzigzag(head.varint());
  out.step = out.prediction == Prediction::line ? unzigzag(head.varint()) : 0;
  out.first = std::min(in_head(out.prediction), size);
  for (unsigned plane = 0; plane < out.width; ++plane) {
    if (planes.left.at(plane).size() < size - out.first) return false;
  }
  return head.good();
}

}  // namespace

bool read_column(ByteReader& head, PlaneReaders& planes, std::span<std::int64_t> column) {
  if (column.empty()) return true;
  ColumnHead known;
  if (!read_head(head, planes, column.size(), known)) return false;
  const std::size_t count = column.size() - known.first;
  std::int64_t step = known.step;
  if (known.first > 0) column[0] = known.base;
  if (known.first > 1) column[1] = sum(known.base, step);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t left = 0;
    for (unsigned plane = 0; plane < known.width; ++plane)
      left |= std::uint64_t{static_cast<unsigned char>(planes.left[plane][i])} << (8 * plane);
    std::int64_t& number = column[known.first + i];
    if (known.prediction == Prediction::least) {
      number = static_cast<std::int64_t>(bits(known.base) + left);
      continue;
    }
    step = known.prediction == Prediction::line ? sum(step, unzigzag(left)) : unzigzag(left);
    number = sum(column[known.first + i - 1], step);
  }
  for (unsigned plane = 0; plane < known.width; ++plane) planes.left.at(plane).remove_prefix(count);
  return true;
}

bool skip_column(ByteReader& head, PlaneReaders& planes, std::size_t count) {
  if (count == 0) return true;
  ColumnHead known;
  if (!read_head(head, planes, count, known)) return false;
  for (unsigned plane = 0; plane < known.width; ++plane) planes.left.at(plane).remove_prefix(count - known.first);
  return true;
}

}  // namespace crmpulse::store
