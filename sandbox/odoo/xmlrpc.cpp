#include "sandbox/odoo/xmlrpc.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cstdint>
#include <limits>
#include <utility>

#include "sandbox/company/values.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr int kDeepest = 50;  ///< values within values

void append_utf8(std::string& out, std::uint32_t code) {
  const auto push = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return push(code);
  if (code < 0x800) return push(0xC0U | code >> 6U), push(0x80U | (code & 0x3FU));
  if (code >= 0x10000) push(0xF0U | code >> 18U), push(0x80U | (code >> 12U & 0x3FU));
  if (code < 0x10000) push(0xE0U | code >> 12U);
  push(0x80U | (code >> 6U & 0x3FU));
  push(0x80U | (code & 0x3FU));
}

/// Returns the text with its entities replaced, nullopt if one of them is not known.
std::optional<std::string> unescaped(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kNamed{
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
  std::string out;
  while (!text.empty()) {
    const std::size_t begin = text.find('&');
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const std::size_t end = text.find(';', begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(begin + 1, end - begin - 1);
    text.remove_prefix(end + 1);
    if (name.starts_with('#')) {
      const bool hex = name.starts_with("#x");
      const auto code = number_from<std::uint32_t>(name.substr(hex ? 2 : 1), hex ? 16 : 10);
      if (!code || *code > 0x10FFFF) return std::nullopt;
      append_utf8(out, *code);
      continue;
    }
    bool known = false;
    for (const auto& [word, meant] : kNamed) {
      if (word == name) out.push_back(meant), known = true;
    }
    if (!known) return std::nullopt;
  }
  return out;
}

/// Elements without attributes, from left to right. What is wrong is said by `failed`.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    skip_blanks();
    if (rest_.starts_with("<?")) rest_.remove_prefix(std::min(rest_.find("?>") + 2, rest_.size()));
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() {
    skip_blanks();
    return rest_.empty();
  }
  /// Passes over `<name>`, blanks before it too; false if something else is here.
  bool open(std::string_view name) { return tag(fmt::format("<{}>", name)); }
  bool close(std::string_view name) { return tag(fmt::format("</{}>", name)); }
  bool empty_element(std::string_view name) {
    return tag(fmt::format("<{}/>", name)) || tag(fmt::format("<{} />", name));
  }
  void expect_open(std::string_view name) { failed_ = !open(name) || failed_; }
  void expect_close(std::string_view name) { failed_ = !close(name) || failed_; }
  /// Everything up to the next tag.
  std::string text() {
    const std::size_t end = std::min(rest_.find('<'), rest_.size());
    const auto meant = unescaped(rest_.substr(0, end));
    rest_.remove_prefix(end);
    failed_ = failed_ || !meant;
    return meant.value_or("");
  }
  std::string text_of(std::string_view name) {
    if (empty_element(name)) return {};
    expect_open(name);
    std::string out = text();
    expect_close(name);
    return out;
  }
  value read_value();

 private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool tag(const std::string& written) {
    const std::string_view before = rest_;
    skip_blanks();
    if (!rest_.starts_with(written)) {
      rest_ = before;
      return false;
    }
    rest_.remove_prefix(written.size());
    return true;
  }
  value fail() {
    failed_ = true;
    return {};
  }
  value typed();
  template <class Number>
  value number(std::string_view element);
  value list();
  value members();

  std::string_view rest_;
  bool failed_ = false;
  int depth_ = 0;
};

template <class Number>
value Reader::number(std::string_view element) {
  std::string digits = text();
  expect_close(element);
  if (digits.starts_with('+')) digits.erase(0, 1);
  const auto read = number_from<Number>(digits);
  return read ? value(*read) : fail();
}

value Reader::list() {
  array out;
  if (!empty_element("data")) {
    expect_open("data");
    while (!failed_ && !close("data")) out.push_back(read_value());
  }
  expect_close("array");
  return out;
}

value Reader::members() {
  object out;
  while (!failed_ && !close("struct")) {
    expect_open("member");
    const std::string name = text_of("name");
    value member = read_value();
    expect_close("member");
    out[name] = std::move(member);
  }
  return out;
}

value Reader::typed() {
  for (const char* name : {"int", "i4", "i8"}) {
    if (open(name)) return number<std::int64_t>(name);
  }
  if (open("double")) return number<double>("double");
  if (open("boolean")) {
    const std::string flag = text();
    expect_close("boolean");
    return flag == "1" || flag == "0" ? value(flag == "1") : fail();
  }
  for (const char* name : {"string", "dateTime.iso8601", "base64"}) {
    if (empty_element(name)) return value("");
    if (!open(name)) continue;
    std::string out = text();
    expect_close(name);
    return value(out);
  }
  if (empty_element("nil")) return nullptr;
  if (open("array")) return list();
  if (empty_element("struct")) return object{};
  return open("struct") ? members() : fail();
}

value Reader::read_value() {
  if (failed_ || ++depth_ > kDeepest) return fail();
  value out("");
  if (!empty_element("value")) {
    expect_open("value");
    // Without a type it is a text, and blanks belong to it.
    const std::size_t next = rest_.find_first_not_of(" \t\r\n");
    const bool is_typed = next != std::string_view::npos && rest_[next] == '<' && !rest_.substr(next).starts_with("</");
    if (is_typed)
      out = typed();
    else
      out = value(text());
    expect_close("value");
  }
  --depth_;
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') continue;  // XML 1.0 has no place for them
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out.push_back(c);
  }
  return out;
}

std::string written(const value& what) {
  switch (what.kind()) {
    case boost::json::kind::null: return "<value><nil/></value>";
    case boost::json::kind::bool_: return fmt::format("<value><boolean>{}</boolean></value>", what.get_bool() ? 1 : 0);
    case boost::json::kind::string:
      return fmt::format("<value><string>{}</string></value>", escaped(what.get_string()));
    case boost::json::kind::array: {
      std::string out = "<value><array><data>";
      for (const value& item : what.get_array()) out += written(item);
      return out + "</data></array></value>";
    }
    case boost::json::kind::object: {
      std::string out = "<value><struct>";
      for (const auto& [name, member] : what.get_object())
        out += fmt::format("<member><name>{}</name>{}</member>", escaped(name), written(member));
      return out + "</struct></value>";
    }
    default: break;
  }
  const auto number = what.to_number<double>();
  const bool fits = !what.is_double() && number <= std::numeric_limits<std::int32_t>::max() &&
                    number >= std::numeric_limits<std::int32_t>::min();
  return fits ? fmt::format("<value><int>{}</int></value>", what.to_number<std::int64_t>())
              : fmt::format("<value><double>{}</double></value>", number);
}

net::HttpResponse response(std::string_view inside) {
  return {200,
          {{"Content-Type", "text/xml"}},
          fmt::format("<?xml version='1.0'?>\n<methodResponse>{}</methodResponse>\n", inside)};
}

}  // namespace

std::optional<XmlCall> xml_call(std::string_view text) {
  Reader reader{text};
  XmlCall call;
  reader.expect_open("methodCall");
  call.method = reader.text_of("methodName");
  if (!reader.empty_element("params") && reader.open("params")) {
    while (!reader.failed() && !reader.close("params")) {
      reader.expect_open("param");
      call.args.push_back(reader.read_value());
      reader.expect_close("param");
    }
  }
  reader.expect_close("methodCall");
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return call;
}

net::HttpResponse xml_answer(const value& result) {
  return response(fmt::format("<params><param>{}</param></params>", written(result)));
}

net::HttpResponse xml_fault(const value& code, std::string_view text) {
  return response(fmt::format("<fault>{}</fault>", written(object{{"faultCode", code}, {"faultString", value(text)}})));
}

}  // namespace crmpulse::sandbox::selfhosted
