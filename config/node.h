#pragma once
// A YAML document as plain data with the place of every value; yaml-cpp stays inside node.cpp.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::config {

/// One value of a document. Scalars keep their text; a Reader gives it a type. Null and absent are different: a key
/// written with nothing behind it is Kind::null.
struct Member;

struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  int line = 0;         ///< 1-based; where the value begins (what an alias stands for: where it is written out)
  int key_line = 0;     ///< 1-based; where its key stands, 0 when it has none (items of sequences, the root)
  bool quoted = false;  ///< the scalar stood in quotes: "30" is text, 30 may be a number
  std::string scalar;
  std::vector<Node> items;      ///< sequence
  std::vector<Member> members;  ///< mapping, in the file's order; keys unique
};

/// A key and its value.
struct Member {
  Member(std::string key, Node value) : first(std::move(key)), second(std::move(value)) {}
  std::string first;
  Node second;
};

struct Document {
  std::string file;  ///< as given by the user; stands in every Problem
  Node root;
};

inline constexpr std::size_t kMaxDocumentBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxDocumentNodes = 500'000;  ///< aliases counted as often as they stand
inline constexpr std::size_t kMaxDocumentDepth = 64;

/// Refuses what is not UTF-8 or not YAML, a second document, duplicate keys, keys that are not text, merge keys (`<<`),
/// tags, documents over the bounds above, aliases to themselves. An empty document has a null root.
[[nodiscard]] boost::system::result<Document, Problems> load_file(const std::string& file);
/// Like load_file(), for a file that configures a program: an empty one, or one of nothing but comments, is refused.
/// Half written or commented out by mistake it would drop every receiver without a word; `{}` says that it is meant.
[[nodiscard]] boost::system::result<Document, Problems> load_configuration_file(const std::string& file);
[[nodiscard]] boost::system::result<Document, Problems> load_text(std::string_view text, const std::string& file);

}  // namespace crmpulse::config

namespace crmpulse {
/// Lets result<T, Problems>::value() throw something readable.
[[noreturn]] void throw_exception_from_error(const Problems& problems, const boost::source_location&);
}  // namespace crmpulse
