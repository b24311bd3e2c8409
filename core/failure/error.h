#pragma once
// Errors a caller can handle. Three tiers: what a probe observed is data (core/failure/failure.h); what a caller can
// handle is Result<T>; a broken invariant or an unusable start-up is an exception, caught at task roots and main.

#include <boost/system/result.hpp>
#include <concepts>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace crmpulse {

/// What callers decide by. Most errors are only shown: they need no code of their own.
enum class ErrorCode {
  other,
  damaged,  ///< a file's content cannot be read any more
  disk,     ///< the disk is full or failing; it may take it later
};

/// One sentence for a person: what went wrong, where, and what to do. Never holds a secret. Nobody searches the text:
/// who has to decide asks for the code.
struct Error {
  Error() = default;  ///< result<T, Error>::error() needs one; never seen
  explicit Error(std::string text, ErrorCode why = ErrorCode::other) : message(std::move(text)), code(why) {}
  std::string message;
  ErrorCode code = ErrorCode::other;
  friend bool operator==(const Error&, const Error&) = default;
};

/// A value, or the Error why there is none. Boost's own type takes no text as the value of a Result<std::string>,
/// because an Error can be made of one too.
template <class T>
class Result : public boost::system::result<T, Error> {
  using Base = boost::system::result<T, Error>;

 public:
  Result() = default;
  Result(Error error) : Base(boost::system::in_place_error, std::move(error)) {}  // NOLINT: as boost's
  template <class U = T>
    requires(std::is_convertible_v<U, T> && !std::same_as<std::remove_cvref_t<U>, Error> &&
             !std::derived_from<std::remove_cvref_t<U>, Base>)
  Result(U&& value)  // NOLINT: as boost's
      : Base(boost::system::in_place_value, std::forward<U>(value)) {}
};
template <>
class Result<void> : public boost::system::result<void, Error> {
 public:
  using boost::system::result<void, Error>::result;
};

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
