#include "collector/text/json_repeats.h"

#include <boost/json/basic_parser_impl.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace crmpulse::collector {
namespace {

using boost::system::error_code;
using Text = boost::json::string_view;

/// What Boost.JSON's parser tells of a text; here only names count.
class NameHandler {
 public:
  // NOLINTBEGIN(readability-identifier-naming): Boost.JSON's names
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  // NOLINTEND(readability-identifier-naming)

  static bool on_document_begin(error_code&) { return true; }
  static bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    names_.pop_back();
    return true;
  }
  static bool on_array_begin(error_code&) { return true; }
  static bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(Text part, std::size_t, error_code&) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(Text rest, std::size_t, error_code& error) {
    name_.append(rest.data(), rest.size());
    std::string name = std::exchange(name_, {});
    if (names_.back().insert(name).second) return true;
    repeated_ = std::move(name);
    error = boost::json::error::exception;  // ends the reading
    return false;
  }
  static bool on_string_part(Text, std::size_t, error_code&) { return true; }
  static bool on_string(Text, std::size_t, error_code&) { return true; }
  static bool on_number_part(Text, error_code&) { return true; }
  static bool on_int64(std::int64_t, Text, error_code&) { return true; }
  static bool on_uint64(std::uint64_t, Text, error_code&) { return true; }
  static bool on_double(double, Text, error_code&) { return true; }
  static bool on_bool(bool, error_code&) { return true; }
  static bool on_null(error_code&) { return true; }
  static bool on_comment_part(Text, error_code&) { return true; }
  static bool on_comment(Text, error_code&) { return true; }

  [[nodiscard]] const std::optional<std::string>& repeated() const { return repeated_; }

 private:
  std::vector<std::set<std::string, std::less<>>> names_;  ///< of the objects that are open
  std::string name_;                                       ///< as far as it was read
  std::optional<std::string> repeated_;
};

}  // namespace

std::optional<std::string> repeated_member(std::string_view text) {
  boost::json::basic_parser<NameHandler> parser{boost::json::parse_options{}};
  error_code error;
  (void)parser.write_some(false, text.data(), text.size(), error);
  return parser.handler().repeated();
}

}  // namespace crmpulse::collector
