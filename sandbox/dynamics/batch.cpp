// Dataverse's $batch: many requests in one, multipart/mixed, where the requests of a change set succeed or fail
// together.
// https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "sandbox/dynamics/parts.h"

namespace crmpulse::sandbox::dynamics {
namespace {

constexpr std::size_t kMostRequests = 1000;
constexpr std::string_view kEnd = "\r\n";

using Lines = std::vector<std::pair<std::string, std::string>>;

/// One part of a multipart body: its headers, and what follows them.
struct Part {
  Lines headers;
  std::string_view body;
};

Refusal malformed(std::string message) {
  return {Refusal::Kind::syntax, {}, {}, std::move(message)};
}

/// A line without its end, LF or CRLF; the text goes on behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Header lines up to the empty one.
Lines take_headers(std::string_view& text) {
  Lines headers;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) throw malformed(fmt::format("A header line is malformed: '{}'", line));
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    headers.emplace_back(line.substr(0, colon), value);
  }
  return headers;
}

std::string header_of(const Lines& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& one) { return ascii::same_without_case(one.first, name); });
  return found == headers.end() ? std::string{} : found->second;
}

/// Of `multipart/mixed;boundary=batch_1`, with or without quotes; empty: this is not one.
std::string boundary_of(std::string_view type) {
  if (!ascii::lower(type).starts_with("multipart/mixed")) return {};
  const std::size_t begin = ascii::lower(type).find("boundary=");
  if (begin == std::string::npos) return {};
  std::string_view value = type.substr(begin + 9);
  value = value.substr(0, value.find(';'));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return std::string{value};
}

std::vector<Part> parts_of(std::string_view body, const std::string& boundary) {
  const std::string mark = "--" + boundary;
  std::vector<Part> parts;
  std::size_t begin = std::string_view::npos;
  std::string_view rest = body;
  while (!rest.empty()) {
    const auto at = static_cast<std::size_t>(rest.data() - body.data());
    const std::string_view line = take_line(rest);
    const bool last = line == mark + "--";
    if (line != mark && !last) continue;
    if (begin != std::string_view::npos) {
      std::string_view text = body.substr(begin, at - begin);
      Part part;
      part.headers = take_headers(text);
      part.body = text;
      parts.push_back(std::move(part));
    }
    if (last) return parts;
    begin = static_cast<std::size_t>(rest.data() - body.data());
  }
  throw malformed("The batch request has no end: its last boundary is missing");
}

/// `$1` is what the request with Content-ID 1 has made.
using Made = std::map<std::string, std::string>;

/// An address that ends with `$1`, or goes on behind it: `/$1`, `/api/data/v9.2/$1/primarycontactid`.
std::string address_of(const std::string& target, const Made& made) {
  const std::size_t slash = target.find("/$");
  const std::size_t begin = target.starts_with('$') ? 1 : slash == std::string::npos ? slash : slash + 2;
  if (begin == std::string::npos) return target;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  const auto found = made.find(target.substr(begin, end - begin));
  return found == made.end() ? target : found->second + target.substr(end);
}

/// A body whose texts are `"$1"`.
std::string with_references(std::string body, const Made& made) {
  for (const auto& [id, address] : made) {
    const std::string reference = "\"$" + id + "\"";
    for (std::size_t at = body.find(reference); at != std::string::npos; at = body.find(reference, at + address.size()))
      body.replace(at, reference.size(), "\"" + address + "\"");
  }
  return body;
}

/// `GET https://host/api/data/v9.2/leads?$top=1 HTTP/1.1`, its headers and its body.
net::HttpRequest request_of(std::string_view text, const net::HttpRequest& outer, const Made& made) {
  const std::string line{take_line(text)};
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(" HTTP/1.1");
  if (first == std::string::npos || last == std::string::npos || last <= first)
    throw malformed(fmt::format("A request line is malformed: '{}'", line));
  net::HttpRequest request;
  request.method = line.substr(0, first);
  std::string target = address_of(line.substr(first + 1, last - first - 1), made);
  if (const std::size_t scheme = target.find("://"); scheme != std::string::npos && scheme < 6)
    target.erase(0, std::min(target.find('/', scheme + 3), target.size()));
  // Relative to the service: what stands before `$batch`.
  if (!target.starts_with('/')) target.insert(0, outer.path.substr(0, outer.path.rfind('/') + 1));
  const std::size_t mark = target.find('?');
  const auto path = percent_decoded(std::string_view{target}.substr(0, mark));
  if (!path) throw malformed(fmt::format("An address is malformed: '{}'", target));
  request.path = *path;
  if (mark != std::string::npos) {
    net::HttpRequest query;
    query.body = target.substr(mark + 1);
    for (const auto& [name, value] : form_of(query)) request.query.emplace(name, value);
  }
  request.headers = take_headers(text);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  request.body = with_references(std::string{text}, made);
  return request;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 412: return "Precondition Failed";
    default: return status < 500 ? "Error" : "Internal Server Error";
  }
}

/// An answer as a part of the batch's.
std::string part_text(const net::HttpResponse& response, const std::string& content_id) {
  std::string out = fmt::format("Content-Type: application/http{0}Content-Transfer-Encoding: binary{0}", kEnd);
  if (!content_id.empty()) out += fmt::format("Content-ID: {}{}", content_id, kEnd);
  out += fmt::format("{0}HTTP/1.1 {1} {2}{0}", kEnd, response.status, reason_of(response.status));
  for (const auto& [name, value] : response.headers) out += fmt::format("{}: {}{}", name, value, kEnd);
  return out + fmt::format("OData-Version: 4.0{0}{0}{1}{0}", kEnd, response.body);
}

std::string multipart(const std::vector<std::string>& parts, const std::string& boundary) {
  std::string out;
  for (const std::string& part : parts) out += fmt::format("--{}{}{}", boundary, kEnd, part);
  return out + fmt::format("--{}--{}", boundary, kEnd);
}

class Batch {
 public:
  Batch(const net::HttpRequest& outer, World& world, const ServeRequest& serve)
      : outer_(outer),
        world_(world),
        serve_(serve),
        continues_(outer.header("prefer").find("odata.continue-on-error") != std::string_view::npos) {}

  net::HttpResponse answer() {
    const std::string boundary = boundary_of(outer_.header("content-type"));
    if (boundary.empty()) throw malformed("$batch wants the content type multipart/mixed with a boundary");
    for (const Part& part : parts_of(outer_.body, boundary)) {
      const std::string inner = boundary_of(header_of(part.headers, "content-type"));
      const int status = inner.empty() ? single(part) : change_set(part, inner);
      if (status < 400 || continues_) continue;
      status_ = status;
      break;
    }
    const std::string mark = "batchresponse_" + next_id();
    return {status_, {{"Content-Type", "multipart/mixed; boundary=" + mark}}, multipart(parts_, mark)};
  }

 private:
  static std::string next_id() {
    static std::uint64_t last = 0;  // one thread
    return uuid_of(++last);
  }

  net::HttpResponse served(const Part& part, const Made& made) {
    if (++requests_ > kMostRequests) throw malformed("A batch has at most 1000 requests");
    const net::HttpRequest request = request_of(part.body, outer_, made);
    if (request.path.ends_with("/$batch")) throw malformed("A batch cannot contain another batch");
    return serve_(request);
  }

  int single(const Part& part) {
    const net::HttpResponse response = served(part, {});
    parts_.push_back(part_text(response, header_of(part.headers, "content-id")));
    return response.status;
  }

  /// All of it, or nothing: then the answer is the error alone.
  int change_set(const Part& part, const std::string& boundary) {
    const Company before = world_.company;
    try {
      const int status = changes(part, boundary);
      if (status >= 400) world_.company = before;
      return status;
    } catch (const Refusal&) {
      world_.company = before;
      throw;
    }
  }

  int changes(const Part& part, const std::string& boundary) {
    Made made;
    std::vector<std::string> done;
    for (const Part& one : parts_of(part.body, boundary)) {
      const std::string id = header_of(one.headers, "content-id");
      if (id.empty()) throw malformed("Content-ID header not present in a request of a change set");
      if (one.body.starts_with("GET ")) throw malformed("A change set cannot contain a GET request");
      const net::HttpResponse response = served(one, made);
      if (response.status >= 400) {
        parts_.push_back(part_text(response, id));
        return response.status;
      }
      made[id] = header_of(response.headers, "OData-EntityId");
      done.push_back(part_text(response, id));
    }
    const std::string mark = "changesetresponse_" + next_id();
    parts_.push_back(
        fmt::format("Content-Type: multipart/mixed; boundary={1}{0}{0}{2}{0}", kEnd, mark, multipart(done, mark)));
    return 200;
  }

  const net::HttpRequest& outer_;
  World& world_;
  const ServeRequest& serve_;
  bool continues_;
  int status_ = 200;
  std::size_t requests_ = 0;
  std::vector<std::string> parts_;
};

}  // namespace

net::HttpResponse answer_batch(const net::HttpRequest& request, World& world, const ServeRequest& serve) {
  const auto answer = understood([&] { return Batch{request, world, serve}.answer(); });
  return answer ? *answer : error(400, "0x80060888", answer.error().message);
}

}  // namespace crmpulse::sandbox::dynamics
