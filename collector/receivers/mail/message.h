#pragma once
// Formats a mail.

#include <optional>
#include <string>

#include "core/time/time.h"

namespace crmpulse::collector {

/// A file in a mail.
struct MailFile {
  std::string name;        ///< ASCII, without quotes
  std::string media_type;  ///< `text/html; charset=utf-8`
  std::string content;
};

struct MailText {
  std::string from;  ///< addresses only
  std::string to;
  std::string subject;     ///< UTF-8, one line
  std::string text;        ///< UTF-8, lines end with `\n`
  std::string message_id;  ///< without angle brackets
  std::string thread;      ///< the same, of the first mail about this subject; no such mail need exist
  TimePoint date;
  std::optional<MailFile> file = std::nullopt;
};

/// RFC 5322 with CRLF, ASCII only: encoded words (RFC 2047) in the subject, base64 for the text.
[[nodiscard]] std::string compose_mail(const MailText& mail);
/// `=?UTF-8?B?…?= =?UTF-8?B?…?=`, each word at most 75 characters and whole characters of UTF-8; plain ASCII stays.
[[nodiscard]] std::string encoded_words(const std::string& text);
/// `Sun, 22 Nov 2026 09:10:30 +0000`
[[nodiscard]] std::string mail_date(TimePoint time);

}  // namespace crmpulse::collector
