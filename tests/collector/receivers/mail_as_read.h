#pragma once
#include <string>

#include "net/client/mail_client.h"

namespace crmpulse::test {

/// A header of the mail, unfolded, encoded words decoded.
[[nodiscard]] std::string mail_header(const std::string& message, const std::string& name);
/// The text behind base64, with `\n`.
[[nodiscard]] std::string mail_text(const std::string& message);
/// Subject and text, as its reader sees them.
[[nodiscard]] std::string mail_as_read(const std::string& message);

}  // namespace crmpulse::test
