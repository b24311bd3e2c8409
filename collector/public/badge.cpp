#include <fmt/format.h>

#include "collector/api/html.h"
#include "collector/public/render.h"
#include "collector/public/words.h"
#include "core/text/utf8.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMostLetters = 40;

/// White on each has a contrast of at least 4.5:1.
std::string_view colour_of(Shown state) {
  switch (state) {
    case Shown::healthy: return "#1f7a4d";
    case Shown::sub_healthy: return "#8a5a00";
    case Shown::poor: return "#b3261e";
    case Shown::unknown: return "#5d6167";
    case Shown::maintenance: return "#3f5fa8";
  }
  return "#5d6167";
}

/// At most kMostLetters characters.
std::string shortened(const std::string& text) {
  std::size_t letters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (utf8::continues(text[i])) continue;
    if (++letters > kMostLetters) return text.substr(0, i) + "…";
  }
  return text;
}

/// About as wide as a system's typeface draws it at 11 px; the text is fitted to it.
int width_of(std::string_view text) {
  double width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      width += std::string_view{"iIljt.,:;|'! "}.find(c) == std::string_view::npos ? 6.6 : 4;
    } else if (byte >= 0xe2) {
      width += 11;
    } else if (byte >= 0xc0) {
      width += 6.6;
    }
  }
  return static_cast<int>(width + 0.5);
}

}  // namespace

std::string render_badge(const PublicCrm& crm, Language language) {
  constexpr int kPad = 6;
  const std::string name = shortened(in_language(crm.name, language));
  const std::string state = fmt::format("{} {}", state_shape(crm.state), state_word(crm.state, language));
  const int left = width_of(name) + 2 * kPad;
  const int right = width_of(state) + 2 * kPad;
  const std::string said = escape_html(in_words(language, "{}: {}", "{}：{}", name, state_word(crm.state, language)));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"20\" viewBox=\"0 0 {0} 20\" role=\"img\" "
      "aria-label=\"{1}\" xml:lang=\"{2}\"><title>{1}</title>"
      "<rect width=\"{3}\" height=\"20\" fill=\"#33373c\"/><rect x=\"{3}\" width=\"{4}\" height=\"20\" fill=\"{5}\"/>"
      "<g fill=\"#fff\" font-family=\"system-ui,'Noto Sans','Noto Sans CJK SC',sans-serif\" font-size=\"11\">"
      "<text x=\"{6}\" y=\"14\" textLength=\"{7}\" lengthAdjust=\"spacingAndGlyphs\">{8}</text>"
      "<text x=\"{9}\" y=\"14\" textLength=\"{10}\" lengthAdjust=\"spacingAndGlyphs\">{11}</text></g></svg>\n",
      left + right, said, language == Language::zh ? "zh" : "en", left, right, colour_of(crm.state), kPad,
      left - 2 * kPad, escape_html(name), left + kPad, right - 2 * kPad, escape_html(state));
}

}  // namespace crmpulse::collector
