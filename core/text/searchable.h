#pragma once
// Texts of others in which words are looked for. Bytes in an encoding that nobody knows hold no word that could be
// found, and "it is not there" would be said of all of them.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse {

/// Why there is none: of an answer in which words were to be looked for.
inline constexpr std::string_view kNotSearchable =
    "the words cannot be looked for: the answer's text is neither UTF-8 nor in a charset that it names";

/// A text in every way it may be meant. The bytes it was made of must outlive it.
class SearchableText {
 public:
  /// Returns nullopt if the bytes cannot be read: they are neither UTF-8 nor in a charset that is known and named by
  /// `content_type` (`text/html; charset=gbk`), `<meta charset=gbk>` or `<?xml encoding="gbk"?>`; or they switch
  /// charsets by escapes (ISO 2022) and do not name one.
  [[nodiscard]] static std::optional<SearchableText> of(std::string_view bytes, std::string_view content_type);
  [[nodiscard]] bool has(std::string_view words) const;

 private:
  std::string_view as_it_came_;  ///< empty if it is not UTF-8
  std::string converted_;        ///< from the charset it names, if that is another one
};

}  // namespace crmpulse
