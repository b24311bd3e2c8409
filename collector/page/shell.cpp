#include "collector/page/shell.h"

#include <fmt/format.h>

#include "collector/page/assets.h"
#include "net/base/crypto.h"
#include "net/server/etag.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kBase = R"(<base href="/">)";
constexpr std::string_view kPlain = "<!--plain-->";
constexpr std::size_t kTagBytes = 16;

/// Neither text holds what ends an attribute: bases and parts of paths are percent-encoded.
void replace(std::string& text, std::string_view mark, std::string_view by) {
  const std::size_t at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), by);
}

}  // namespace

std::string shell_text(std::string_view base, std::string_view plain) {
  const Asset* const index = find_asset("index.html");
  std::string text{index == nullptr ? std::string_view{} : index->plain};
  replace(text, kBase, fmt::format(R"(<base href="{}">)", base));
  replace(text, kPlain,
          fmt::format(
              "<meta http-equiv=\"refresh\" content=\"0; url={0}\"><p><a href=\"{0}\">Plain page 纯文本页面</a></p>",
              plain));
  return text;
}

net::HttpResponse shell_answer(const net::HttpRequest& request, std::string_view base, std::string_view plain) {
  net::HttpResponse response;
  std::string text = shell_text(base, plain);
  const std::string tag = fmt::format("\"{}\"", net::hex(net::sha256(text).substr(0, kTagBytes)));
  response.headers = {
      {"ETag", tag},
      {"Cache-Control", "no-cache"},
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
       "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"}};
  if (net::has_already(request, tag)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
  response.body = std::move(text);
  return response;
}

}  // namespace crmpulse::collector
