#include "collector/ingest/headers.h"

#include <fmt/format.h>

#include "core/failure/failure.h"
#include "core/text/ascii.h"

namespace crmpulse::collector {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The media type's `proto` parameter; empty when absent.
std::string_view proto_parameter(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto end = parameters.find(';');
    const std::string_view one = trim(parameters.substr(0, end));
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && ascii::lower(trim(one.substr(0, equals))) == "proto") {
      std::string_view value = trim(one.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      return value;
    }
    if (end == std::string_view::npos) break;
    parameters.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

Result<wire::Version> announced_version(const net::HttpRequest& request) {
  const std::string_view encoding = trim(request.header("content-encoding"));
  if (ascii::lower(encoding) != "snappy") {
    return Error{fmt::format("Content-Encoding must be snappy, not '{}'", one_line(encoding, 40))};
  }
  const std::string_view type = request.header("content-type");
  const auto semicolon = type.find(';');
  if (ascii::lower(trim(type.substr(0, semicolon))) != "application/x-protobuf") {
    return Error{fmt::format("Content-Type must be application/x-protobuf, not '{}'", one_line(type, 80))};
  }
  const std::string_view proto =
      semicolon == std::string_view::npos ? std::string_view{} : proto_parameter(type.substr(semicolon + 1));
  if (proto.empty() || proto == "prometheus.WriteRequest") return wire::Version::v1;
  if (proto == "io.prometheus.write.v2.Request") return wire::Version::v2;
  return Error{fmt::format("unknown message '{}'; known: prometheus.WriteRequest, io.prometheus.write.v2.Request",
                           one_line(proto, 80))};
}

}  // namespace crmpulse::collector
