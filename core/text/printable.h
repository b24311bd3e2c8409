#pragma once
// Text that others wrote (labels, errors, headers, evidence, names), made fit to be shown. What moves a terminal's
// cursor, turns the direction of a line or cannot be seen would let a CRM or a sender forge what people read: control
// and C1 characters, bidirectional marks, zero-width and other invisible characters, bytes that are not UTF-8.

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace crmpulse {

/// May everything of it be shown as it is?
[[nodiscard]] bool is_printable(std::string_view text);
/// Returns the text with `\u202e` for each such character, as JSON writes it (two for one beyond U+FFFF), and `\ufffd`
/// for a wrong byte.
[[nodiscard]] std::string printable(std::string_view text);
void append_printable(std::string& out, std::string_view text);
/// Returns the text without such characters: for names, which are compared with what people know.
[[nodiscard]] std::string printable_name(std::string_view text);
/// Like printable(), for several lines: line ends and tabs stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

/// What is written to it goes on to `to` as printable_lines(); whole lines at a time. For a terminal.
class PrintableOutput final : public std::ostream {
 public:
  explicit PrintableOutput(std::ostream& to) : std::ostream(nullptr), lines_(to) { rdbuf(&lines_); }
  ~PrintableOutput() override { lines_.pubsync(); }
  PrintableOutput(const PrintableOutput&) = delete;
  PrintableOutput& operator=(const PrintableOutput&) = delete;

 private:
  class Lines final : public std::streambuf {
   public:
    explicit Lines(std::ostream& to) : to_(to) {}

   protected:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int sync() override;

   private:
    std::ostream& to_;
    std::string line_;
  };
  Lines lines_;
};

}  // namespace crmpulse
