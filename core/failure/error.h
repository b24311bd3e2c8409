#pragma once
// Errors a caller can handle. Three tiers: what a probe observed is data (core/failure/failure.h); what a caller can
// handle is Result<T>; a broken invariant or an unusable start-up is an exception, caught at task roots and main.

#include <boost/system/result.hpp>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace crmpulse {

/// One sentence for a person: what went wrong, where, and what to do. Never holds a secret.
struct Error {
  Error() = default;  ///< result<T, Error>::error() needs one; never seen
  explicit Error(std::string text) : message(std::move(text)) {}
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = boost::system::result<T, Error>;

/// Lets Result<T>::value() throw something readable.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

/// One thing wrong in a file a person wrote. Printed as `file:line: path: message`; all are reported, not the first.
struct Problem {
  std::string file;
  int line = 0;      ///< 1-based; 0 when the whole file is meant
  std::string path;  ///< where in the document: `crms[1].with.url`; empty for the document itself
  std::string message;
  friend bool operator==(const Problem&, const Problem&) = default;
};
using Problems = std::vector<Problem>;

[[nodiscard]] std::string to_string(const Problem& problem);
/// One line each, joined by newlines.
[[nodiscard]] std::string to_string(const Problems& problems);

}  // namespace crmpulse
