#pragma once
// XML-RPC as Odoo's clients speak it: calls from XML, values and faults to XML. http://xmlrpc.com/spec.md

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/server/http_server.h"

namespace crmpulse::sandbox::selfhosted {

struct XmlCall {
  std::string method;
  boost::json::array args;
};

/// Returns nullopt if the text is not a methodCall. Dates and base64 come as texts; `<nil/>` is null.
[[nodiscard]] std::optional<XmlCall> xml_call(std::string_view text);

/// Null becomes `<nil/>`, what is beyond 32 bits a double: Python's own marshaller refuses either.
[[nodiscard]] net::HttpResponse xml_answer(const boost::json::value& result);
/// `code`: a number at /xmlrpc/2, a text at the older /xmlrpc.
[[nodiscard]] net::HttpResponse xml_fault(const boost::json::value& code, std::string_view text);

}  // namespace crmpulse::sandbox::selfhosted
