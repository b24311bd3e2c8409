#include "collector/api/html.h"

#include <fmt/format.h>

namespace crmpulse::collector {

std::string html_page(std::string_view title, std::string_view body, int depth) {
  std::string up;
  for (int i = 0; i < depth; ++i) up += "../";
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta http-equiv=\"refresh\" content=\"5\">"
      "<link rel=\"stylesheet\" href=\"{}page.css\"></head>\n<body>{}</body></html>\n",
      escape_html(title), up, body);
}

}  // namespace crmpulse::collector
