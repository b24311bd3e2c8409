#pragma once
// Private to the notices: lenient reading of a message's JSON. What is absent or of another type is empty.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "collector/text/language.h"
#include "core/level.h"
#include "core/time/time.h"

namespace crmpulse::collector {

inline constexpr std::size_t kMaxName = 120;  ///< bytes of a name in a message

/// One line, at most `most` bytes.
[[nodiscard]] std::string text_at(const boost::json::object& object, std::string_view key, std::size_t most = kMaxName);
/// A name in it: without what cannot be seen.
[[nodiscard]] std::string name_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] const boost::json::object* object_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] const boost::json::array* array_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::optional<double> number_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] std::optional<TimePoint> time_at(const boost::json::object& object, std::string_view key);
/// Of `{"en": …, "zh": …}`; the other language when there is only that.
[[nodiscard]] std::string in_language(const boost::json::object* texts, Language language, std::size_t most);
[[nodiscard]] std::optional<Level> level_named(std::string_view name);

}  // namespace crmpulse::collector
