#pragma once
// Silences and maintenance as people write them (JSON of the API, YAML of collector.yaml) and as they are stored and
// shown. One set of checks for all.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "collector/suppression/operations.h"
#include "config/reader.h"
#include "core/failure/error.h"

namespace crmpulse::collector {

/// Which field of a request is wrong, and why.
struct FieldError {
  std::string field;
  std::string message;
};
template <class T>
using Checked = boost::system::result<T, FieldError>;

/// A silence or maintenance window as it was written, not checked yet.
struct SuppressionText {
  struct Weekly {
    std::vector<std::string> days;
    std::string from;
    std::string to;
    std::string tz;
  };
  std::vector<LabelMatch> matchers;
  std::string starts_at;
  std::string ends_at;
  std::string expires_in;  ///< a duration from the beginning on, instead of `ends_at`
  std::optional<Weekly> weekly;
  std::string author;
  std::string comment;
};

/// Checks a silence or a maintenance window. With `now` (when it was requested) one that is over is refused and a start
/// in the past becomes `now`. Without `now` it is from a file, or was accepted before.
[[nodiscard]] Checked<Suppression> check_suppression(Suppression::Kind kind, const SuppressionText& text,
                                                     std::optional<TimePoint> now);
/// Reads the body of a POST. An error without a field says that the text is not a JSON object.
[[nodiscard]] Checked<SuppressionText> read_suppression(Suppression::Kind kind, const boost::json::object& body);
/// Reads `maintenance:` of collector.yaml. Problems go to the reader with their line.
[[nodiscard]] std::vector<Suppression> read_maintenance(config::Reader& root);

/// Checks a text that a person wrote: not empty if `required`, at most `most` characters, no control
/// characters.
[[nodiscard]] std::optional<FieldError> check_text(std::string_view field, std::string_view text, std::size_t most,
                                                   bool required);
inline constexpr std::size_t kMaxAuthor = 100;
inline constexpr std::size_t kMaxComment = 1000;
/// Returns a text member, empty if it is absent.
[[nodiscard]] Checked<std::string> text_member(const boost::json::object& body, std::string_view field);
/// The same of a text that says nothing when it is empty, such as a time: an empty one is an error.
[[nodiscard]] Checked<std::string> filled_member(const boost::json::object& body, std::string_view field);
/// Returns an error for the first member that is not in `known`.
[[nodiscard]] std::optional<FieldError> unknown_member(const boost::json::object& body,
                                                       std::initializer_list<std::string_view> known);

[[nodiscard]] boost::json::object suppression_json(const Suppression& suppression, TimePoint now);
[[nodiscard]] store::StoredSuppression to_stored(const Suppression& suppression);
/// Returns nullopt if a later program wrote it in a way this one cannot read.
[[nodiscard]] std::optional<Suppression> from_stored(const store::StoredSuppression& stored);

}  // namespace crmpulse::collector

namespace crmpulse {
/// Lets result<T, FieldError>::value() throw something readable.
[[noreturn]] void throw_exception_from_error(const collector::FieldError& error, const boost::source_location& where);
}  // namespace crmpulse
