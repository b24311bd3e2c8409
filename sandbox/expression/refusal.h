#pragma once
// Says why a query, or what is written, is not taken: thrown by whoever reads a part of it, caught by whoever answers.

#include <boost/system/result.hpp>
#include <cstddef>
#include <string>

namespace crmpulse::sandbox {

/// Each vendor puts it in its own words.
struct Refusal {
  enum class Kind { syntax, object, field, value, read_only, too_much };
  Kind kind = Kind::syntax;
  std::string name;    ///< the object or field, or the text near which the syntax broke
  std::string clause;  ///< select, from, where, …
  std::string message;
  std::size_t at = 0;  ///< offset in the text
};

template <class T>
using Understood = boost::system::result<T, Refusal>;

/// Returns what `read` returns, or the Refusal it throws.
template <class Read>
[[nodiscard]] auto understood(const Read& read) -> Understood<decltype(read())> {
  try {
    return read();
  } catch (const Refusal& refusal) {
    return refusal;
  }
}

/// Lets Understood<T>::value() throw something readable.
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location&);

}  // namespace crmpulse::sandbox
