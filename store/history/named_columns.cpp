#include "store/history/named_columns.h"

#include <algorithm>
#include <utility>

#include "store/history/section.h"

namespace crmpulse::store {
namespace {

bool take(ByteReader& in, std::string& section) {
  auto taken = take_section(in);
  if (taken) section = std::move(*taken);
  return taken.has_value();
}

bool take_planes(ByteReader& in, Planes& planes, PlaneReaders& left) {
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (!take(in, planes.at(i))) return false;
    left.left.at(i) = planes.at(i);
  }
  return true;
}

}  // namespace

void NamedColumnsWriter::begin(const std::string& name, std::size_t count) {
  const auto differs = std::mismatch(name.begin(), name.end(), last_name_.begin(), last_name_.end());
  const auto shared = static_cast<std::size_t>(differs.first - name.begin());
  put_varint(names_, shared);
  put_varint(names_, name.size() - shared);
  names_.append(name, shared);
  last_name_ = name;
  ++series_;
  add_number(count);
}

void NamedColumnsWriter::add_stamps(const std::vector<std::int64_t>& stamps) {
  const auto [known, added] = stamp_columns_.try_emplace(stamps, stamp_columns_.size());
  add_number(known->second);
  if (added) write_column(stamps, heads_, stamps_);
}

void NamedColumnsWriter::add_number(std::uint64_t number) {
  put_varint(heads_, number);
}

void NamedColumnsWriter::add_column(std::span<const std::int64_t> column) {
  write_column(column, heads_, values_);
}

std::string NamedColumnsWriter::finish(const std::string* added) const {
  std::string out{format_};
  put_varint(out, series_);
  put_section(out, names_);
  put_section(out, heads_);
  if (added != nullptr) put_section(out, *added);
  for (const Planes* planes : {&stamps_, &values_}) {
    for (const std::string& plane : *planes) put_section(out, plane);
  }
  return out;
}

bool NamedColumnsReader::open(std::string_view bytes, char format, std::string* added) {
  ByteReader in{bytes};
  const std::string_view found = in.bytes(1);
  if (found.empty() || found[0] != format) return false;
  series_ = in.varint();
  if (!take(in, names_) || !take(in, heads_)) return false;
  if (added != nullptr && !take(in, *added)) return false;
  if (!take_planes(in, stamps_, stamps_left_) || !take_planes(in, values_, values_left_)) return false;
  names_left_ = ByteReader{names_};
  heads_left_ = ByteReader{heads_};
  return series_ <= names_.size();
}

std::optional<std::size_t> NamedColumnsReader::begin() {
  if (!next_name()) return std::nullopt;
  const std::uint64_t count = heads_left_.varint();
  total_ += count;
  if (!heads_left_.good() || count > most_ || total_ > most_) return std::nullopt;
  return count;
}

bool NamedColumnsReader::next_name() {
  const std::uint64_t shared = names_left_.varint();
  const std::string_view rest = names_left_.bytes(names_left_.varint());
  if (!names_left_.good() || shared > name_.size()) return false;
  name_.resize(shared);
  name_ += rest;
  return true;
}

const std::vector<std::int64_t>* NamedColumnsReader::stamps(std::size_t count) {
  const std::uint64_t index = heads_left_.varint();
  if (!heads_left_.good() || index > stamp_columns_.size()) return nullptr;
  if (index == stamp_columns_.size()) {
    std::vector<std::int64_t> column(count);
    if (!read_column(heads_left_, stamps_left_, column)) return nullptr;
    stamp_columns_.push_back(std::move(column));
  }
  return stamp_columns_[index].size() == count ? &stamp_columns_[index] : nullptr;
}

std::optional<std::uint64_t> NamedColumnsReader::number() {
  const std::uint64_t number = heads_left_.varint();
  if (!heads_left_.good()) return std::nullopt;
  return number;
}

bool NamedColumnsReader::column(std::span<std::int64_t> column) {
  return read_column(heads_left_, values_left_, column);
}

bool NamedColumnsReader::pass(std::size_t count) {
  return skip_column(heads_left_, values_left_, count);
}

}  // namespace crmpulse::store
