#include "collector/receivers/mail/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/utf8.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kLine = 76;
/// 39 bytes become 52 characters; with `=?UTF-8?B?` and `?=` the word has 64, and its line at most 76 (RFC 2047).
constexpr std::size_t kWordBytes = 39;
constexpr std::size_t kPlainSubject = 60;
constexpr std::size_t kBoundary = 32;

bool plain(const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
  return ascii && text.size() <= kPlainSubject && text.find("=?") == std::string::npos;
}

std::string base64_lines(const std::string& text) {
  const std::string encoded = net::base64_encode(text);
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += kLine) out += encoded.substr(at, kLine) + "\r\n";
  return out;
}

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

std::string text_part(const MailText& mail) {
  return "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         base64_lines(with_crlf(mail.text));
}

std::string file_part(const MailFile& file) {
  return fmt::format(
      "Content-Type: {}\r\nContent-Disposition: attachment; filename=\"{}\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n{}",
      file.media_type, file.name, base64_lines(file.content));
}

}  // namespace

std::string encoded_words(const std::string& text) {
  if (plain(text)) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = at + std::max<std::size_t>(1, utf8::whole(std::string_view{text}.substr(at), kWordBytes));
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + net::base64_encode(text.substr(at, end - at)) + "?=";
    at = end;
  }
  return out;
}

std::string mail_date(TimePoint time) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays.at(std::chrono::weekday{day}.c_encoding()),
                     static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string compose_mail(const MailText& mail) {
  std::string out;
  const auto header = [&out](std::string_view name, std::string_view value) {
    out += fmt::format("{}: {}\r\n", name, value);
  };
  header("From", fmt::format("crmpulse <{}>", mail.from));
  header("To", fmt::format("<{}>", mail.to));
  header("Subject", encoded_words(mail.subject));
  header("Date", mail_date(mail.date));
  header("Message-ID", fmt::format("<{}>", mail.message_id));
  if (!mail.thread.empty()) {
    header("In-Reply-To", fmt::format("<{}>", mail.thread));
    header("References", fmt::format("<{}>", mail.thread));
  }
  header("Auto-Submitted", "auto-generated");
  header("X-Auto-Response-Suppress", "All");
  header("MIME-Version", "1.0");
  const std::string text = text_part(mail);
  if (!mail.file) return out + text;
  // Neither part has it: base64 has no '_'.
  const std::string boundary = "=_" + net::hex(net::sha256(mail.message_id)).substr(0, kBoundary);
  header("Content-Type", fmt::format("multipart/mixed; boundary=\"{}\"", boundary));
  return out + fmt::format("\r\n--{0}\r\n{1}--{0}\r\n{2}--{0}--\r\n", boundary, text, file_part(*mail.file));
}

}  // namespace crmpulse::collector
