#include "tests/collector/receivers/mail_as_read.h"
#include "net/base/crypto.h"

#include <algorithm>
#include <stdexcept>

namespace crmpulse::test {
namespace {

std::string decoded_words(std::string text) {
  static const std::string kOpen = "=?UTF-8?B?";
  std::string out;
  for (std::size_t at = 0; (at = text.find(kOpen)) != std::string::npos;) {
    out += out.empty() ? text.substr(0, at) : "";  // blanks between encoded words do not count
    const std::size_t end = text.find("?=", at);
    if (end == std::string::npos || end + 2 - at > 75) throw std::runtime_error("no encoded word: " + text);
    out += net::base64_decode(text.substr(at + kOpen.size(), end - at - kOpen.size())).value();
    text.erase(0, end + 2);
  }
  return out + text;
}

}  // namespace

std::string mail_header(const std::string& message, const std::string& name) {
  const std::string head = "\r\n" + message.substr(0, message.find("\r\n\r\n") + 2);
  std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  at += name.size() + 4;
  std::string value;
  for (std::size_t end = head.find("\r\n", at);; end = head.find("\r\n", at)) {
    value += head.substr(at, end - at);
    at = end + 2;
    if (at >= head.size() || head[at] != ' ') return decoded_words(value);
  }
}

std::string mail_text(const std::string& message) {
  std::string encoded = message.substr(message.find("\r\n\r\n") + 4);
  std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
  std::string text = net::base64_decode(encoded).value();
  std::erase(text, '\r');
  return text;
}

std::string mail_as_read(const std::string& message) {
  return mail_header(message, "Subject") + "\n\n" + mail_text(message);
}

}  // namespace crmpulse::test
