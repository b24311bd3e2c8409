#include "probes/http/exchange_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "core/time/clock.h"
#include "net/base/backoff.h"
#include "net/base/url.h"
#include "net/server/http_message.h"

namespace crmpulse::probes {
namespace {

constexpr std::size_t kMaxErrorBody = 256 * 1024;  ///< more of a failed answer is not parsed for codes
constexpr std::size_t kMaxMessage = 160;
constexpr std::size_t kMaxCode = 60;
constexpr std::size_t kLongDigits = 6;

struct Meaning {
  Stage stage;
  Reason reason;
};

Meaning meaning_of_status(int status) {
  switch (status) {
    case 401: return {Stage::auth, Reason::credentials};
    case 402: return {Stage::request, Reason::quota};
    case 403: return {Stage::auth, Reason::permission};
    case 404:
    case 410: return {Stage::request, Reason::missing};
    case 407: return {Stage::connect, Reason::credentials};  // of a proxy on the way
    case 408:
    case 504:
    case 522:
    case 524: return {Stage::response, Reason::timeout};
    case 409:
    case 412:
    case 423: return {Stage::request, Reason::conflict};
    case 420: return {Stage::response, Reason::server_error};  // Salesforce: the instance's edge
    case 429: return {Stage::response, Reason::rate_limited};
    case 477: return {Stage::response, Reason::maintenance};  // HubSpot: the account is being moved
    default: break;
  }
  if (status >= 500) return {Stage::response, Reason::server_error};
  return {status >= 400 ? Stage::request : Stage::response, Reason::bad_content};
}

/// Returns false for `"errors": []` and `"error": false`, which are not errors.
bool says_something(const JsonValue& value) {
  if (value.null() || value.boolean() == false) return false;
  return value.is_scalar() ? value.text_view() != "" : value.size() > 0;
}

/// The first of several pointers that leads to something.
JsonValue first_of(const Answer& answer, const std::vector<std::string>& pointers) {
  for (const std::string& pointer : pointers) {
    const JsonValue value = answer.json().at(pointer);
    if (says_something(value)) return value;
  }
  return {};
}

/// What the answer says went wrong, in its own words.
struct Complaint {
  std::string code;
  std::string message;
  std::string request_id;
};

Complaint complaint_of(const ErrorSources& errors, const Answer& answer) {
  Complaint out;
  if (answer.body().size() <= kMaxErrorBody) {
    out.code = first_of(answer, errors.code).text();
    out.message = first_of(answer, errors.message).text();
  }
  if (out.message.empty() && !errors.message_header.empty()) out.message = answer.header(errors.message_header);
  for (const std::string& name : errors.request_id) {
    out.request_id = answer.header(name);
    if (!out.request_id.empty()) break;
  }
  return out;
}

bool matches(const FailureMapping& mapping, const Complaint& complaint, const Answer& answer) {
  if (!mapping.sqlstate.empty()) return false;
  if (mapping.status && mapping.status != answer.status()) return false;
  if (!mapping.code.empty() && mapping.code != complaint.code) return false;
  return mapping.contains.empty() || answer.body().find(mapping.contains) != std::string_view::npos ||
         complaint.message.find(mapping.contains) != std::string::npos;
}

bool has_error(const ErrorSources& errors, const Answer& answer) {
  if (errors.present.empty()) return false;
  const std::size_t start = answer.body().find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos || std::string_view{"{["}.find(answer.body()[start]) == std::string_view::npos)
    return false;
  return !first_of(answer, errors.present).null();
}

/// Returns false for UTF-16 and for what is not text: words are looked for byte by byte, and none would be found there.
bool can_be_searched(std::string_view body) {
  constexpr std::size_t kLookedAt = 4096;
  return !body.starts_with("\xFF\xFE") && !body.starts_with("\xFE\xFF") &&
         body.substr(0, kLookedAt).find('\0') == std::string_view::npos;
}

/// What is wrong with the content of an answer whose status is fine.
std::optional<Failure> fault_in_content(const HttpCall& call, bool needs_json, const Answer& answer,
                                        const Values& values) {
  const bool searched = !call.expect_contains.empty() || !call.expect_absent.empty();
  if (searched && !can_be_searched(answer.body()))
    return Failure{Stage::content, Reason::bad_content,
                   "the answer is neither UTF-8 nor of one byte a character, so it cannot be searched for a text"};
  const auto readable = searched ? answer.searchable() : std::nullopt;
  if (searched && !readable) return Failure{Stage::response, Reason::bad_content, std::string{kNotSearchable}};
  if (!call.expect_contains.empty() && !readable->has(call.expect_contains)) {
    return Failure{Stage::content, Reason::missing,
                   fmt::format("the answer does not contain '{}'", call.expect_contains)};
  }
  if (!call.expect_absent.empty() && readable->has(call.expect_absent))
    return Failure{Stage::content, Reason::bad_content, fmt::format("the answer contains '{}'", call.expect_absent)};
  if (!needs_json && call.expect_at.empty()) return std::nullopt;
  if (!answer.json().present()) return Failure{Stage::content, Reason::bad_content, answer.json_fault()};
  for (const auto& [pointer, text] : call.expect_at) {
    const Result<std::string> wanted = expand(text, values, Place::text);
    if (!wanted) return Failure{Stage::content, Reason::bad_content, wanted.error().message};
    const JsonValue value = answer.json().at(pointer);
    if (value.null() ? *wanted != "null" : value.text() != *wanted)
      return Failure{Stage::content, Reason::bad_content, fmt::format("{} is not {}", pointer, text)};
  }
  return std::nullopt;
}

/// Did the request say that it takes JSON? Then a page of HTML is not an answer, even if nothing is read from it.
bool asks_for_json(const Recipe& recipe, const HttpCall& call) {
  const auto accept = [](const TextPairs& headers) -> const std::string* {
    const auto found = std::find_if(headers.begin(), headers.end(), [](const auto& header) {
      return ascii::same_without_case(header.first, "accept");
    });
    return found == headers.end() ? nullptr : &found->second;
  };
  const std::string* wanted = accept(call.headers);
  if (wanted == nullptr && call.auth) wanted = accept(recipe.headers);
  return wanted != nullptr && wanted->find("json") != std::string::npos;
}

/// `GET crm.example.com/api/v1/deals`: without the query, which may hold anything.
std::string request_named(const HttpCall& call, const Answer& answer, const std::vector<std::string>& secrets) {
  constexpr std::size_t kMostOfPath = 100;
  const Result<net::Url> url = net::parse_url(net::with_ascii_host(std::string{answer.url()}));
  if (!url) return call.method;
  const std::string path = percent_decoded(url->path).value_or("/…");
  return fmt::format("{} {}{}", call.method, url->authority(), one_line(masked(path, secrets), kMostOfPath));
}

std::optional<Failure> fault_in(const Recipe& recipe, const HttpCall& call, bool needs_json, const Answer& answer,
                                const Values& values, const std::vector<std::string>& secrets, bool renewed_in_vain) {
  const auto& expected = call.expect_status;
  const bool wanted = std::find(expected.begin(), expected.end(), answer.status()) != expected.end();
  if (renewed_in_vain)
    return Failure{Stage::auth, Reason::credentials,
                   fmt::format("a new login was refused too, with HTTP {}", answer.status())};
  if (!wanted) {
    const Meaning meaning = meaning_of_status(answer.status());
    return Failure{meaning.stage, meaning.reason,
                   fmt::format("{} was answered with HTTP {}", request_named(call, answer, secrets), answer.status())};
  }
  if (has_error(recipe.errors, answer))
    return Failure{Stage::response, Reason::server_error,
                   fmt::format("{} was answered with HTTP {} and an error inside", request_named(call, answer, secrets),
                               answer.status())};
  const bool has_body = answer.body().find_first_not_of(" \t\r\n") != std::string_view::npos;
  return fault_in_content(call, needs_json || (has_body && asks_for_json(recipe, call)), answer, values);
}

/// `…: CODE: message (request x); this measurement is blind: y is gone`
std::string told(const Failure& failure, const Complaint& complaint, const std::string& gone,
                 const std::vector<std::string>& secrets) {
  std::string out = failure.message;
  if (!complaint.code.empty()) out += " " + one_line(masked(complaint.code, secrets), kMaxCode);
  if (!gone.empty())
    out += fmt::format("; this measurement is blind: {} is gone", one_line(masked(gone, secrets), kMaxCode));
  if (!complaint.message.empty()) out += ": " + one_line(masked(complaint.message, secrets), kMaxMessage);
  if (!complaint.request_id.empty()) out += fmt::format(" (request {})", one_line(complaint.request_id, kMaxCode));
  return one_line(out);
}

bool is_word_of_address(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"._%+-"}.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
}

std::string without_addresses(std::string text) {
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
    std::size_t start = at;
    while (start > 0 && is_word_of_address(text[start - 1])) --start;
    std::size_t end = at + 1;
    while (end < text.size() && is_word_of_address(text[end])) ++end;
    if (start == at || end == at + 1) continue;
    text.replace(start, end - start, "***");
    at = start;
  }
  return text;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Returns the length of a Windows-style error code (`0x80072322`) that begins here, 0 if there is none. It names no
/// one.
std::size_t error_code_at(const std::string& text, std::size_t at) {
  constexpr std::size_t kLength = 10;
  if (text.compare(at, 2, "0x") != 0 && text.compare(at, 2, "0X") != 0) return 0;
  if (at > 0 && is_letter_or_digit(text[at - 1])) return 0;
  std::size_t end = at + 2;
  while (end < text.size() && is_letter_or_digit(text[end])) ++end;
  const std::string_view digits = std::string_view{text}.substr(at + 2, end - at - 2);
  const bool hexadecimal = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  return end - at == kLength && hexadecimal ? kLength : 0;
}

std::string without_long_digits(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t code = error_code_at(text, i); code > 0) {
      out.append(text, i, code);
      i += code;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end - i >= kLongDigits) {
      out += "***";
    } else {
      if (end == i) ++end;
      out.append(text, i, end - i);
    }
    i = end;
  }
  return out;
}

}  // namespace

Answer::Answer(const net::ClientResponse& response, std::string_view url)
    : outer_(response), url_(url), status_(response.status) {}

Answer::Answer(int status, JsonValue body, const net::ClientResponse& outer)
    : outer_(outer), status_(status), part_(true), parsed_(true), root_(body) {
  if (!body.present()) fault_ = "the answer is empty where JSON was due";
}

std::string_view Answer::body() const {
  if (!part_) return outer_.body;
  if (!text_) text_ = root_.serialised();
  return *text_;
}

std::optional<SearchableText> Answer::searchable() const {
  return SearchableText::of(body(), part_ ? std::string_view{} : header("content-type"));
}

void Answer::parse() const {
  if (parsed_) return;
  parsed_ = true;
  Result<JsonDocument> document = JsonDocument::parse(outer_.body);
  if (document) {
    document_ = std::move(*document);
    root_ = document_.root();
  } else {
    fault_ = document.error().message;
  }
}

JsonValue Answer::json() const {
  parse();
  return root_;
}

const std::string& Answer::json_fault() const {
  parse();
  return fault_;
}

bool ends_login(const Recipe& recipe, const Answer& answer) {
  std::optional<Complaint> complaint;
  for (const FailureMapping& mapping : recipe.auth.renew_on) {
    if (mapping.status && mapping.status != answer.status()) continue;
    if (!complaint) complaint = mapping.code.empty() ? Complaint{} : complaint_of(recipe.errors, answer);
    if (!mapping.code.empty() && complaint->code.empty()) complaint = complaint_of(recipe.errors, answer);
    if (matches(mapping, *complaint, answer)) return true;
  }
  return false;
}

std::optional<auth::Doubt> doubt_in_answer(const Recipe& recipe, const HttpCall& call, const Answer& answer,
                                           bool login_told_address) {
  const int status = answer.status();
  const auto& expected = call.expect_status;
  if (status == call.expect_empty) return std::nullopt;
  if (std::find(expected.begin(), expected.end(), status) != expected.end()) {
    // A page where JSON was due may be a login form. A request that may have written is not sent twice.
    if (call.method != "GET") return std::nullopt;
    const std::size_t start = answer.body().find_first_not_of(" \t\r\n");
    const bool page = start != std::string_view::npos && answer.body()[start] == '<';
    return page && asks_for_json(recipe, call) ? std::optional{auth::Doubt::slight} : std::nullopt;
  }
  if (status == 401 || status == 421 || (status >= 300 && status < 400)) return auth::Doubt::strong;
  // 420: the edge of Salesforce's instances does not know the org (any more), whatever `failures` call that.
  if (login_told_address && status == 420) return auth::Doubt::strong;
  const bool gone = login_told_address && (status == 404 || status == 410);
  if (!gone && status != 403) return std::nullopt;
  const Complaint complaint = complaint_of(recipe.errors, answer);
  const bool known = std::any_of(recipe.failures.begin(), recipe.failures.end(), [&](const FailureMapping& mapping) {
    return matches(mapping, complaint, answer) && mapping.reason != Reason::credentials;
  });
  return known ? std::nullopt : std::optional{auth::Doubt::slight};
}

std::optional<auth::Doubt> doubt_in_failure(const Failure& failure) {
  const bool nobody_there = failure.stage == Stage::resolve || failure.stage == Stage::connect;
  const bool somebody_else = failure.stage == Stage::tls && failure.reason == Reason::certificate;
  if (failure.reason == Reason::skipped || failure.reason == Reason::internal) return std::nullopt;
  return nobody_there || somebody_else ? std::optional{auth::Doubt::strong} : std::nullopt;
}

std::string masked(std::string_view message, const std::vector<std::string>& secrets) {
  std::string out{message.substr(0, 4096)};
  for (const std::string& secret : secrets) {
    for (std::size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3))
      out.replace(at, secret.size(), "***");
  }
  return without_long_digits(without_addresses(std::move(out)));
}

AnswerClass judge(const Recipe& recipe, const HttpCall& call, bool needs_json, const Answer& answer,
                  const Values& values, const std::vector<std::string>& secrets, bool renewed_in_vain) {
  AnswerClass verdict;
  if (call.expect_empty == answer.status() && !renewed_in_vain) {
    verdict.empty = true;
    return verdict;
  }
  verdict.failure = fault_in(recipe, call, needs_json, answer, values, secrets, renewed_in_vain);
  if (!verdict.failure) return verdict;
  Failure& failure = *verdict.failure;
  const Complaint complaint = complaint_of(recipe.errors, answer);
  std::string gone;
  for (const FailureMapping& mapping : recipe.failures) {
    if (!matches(mapping, complaint, answer)) continue;
    failure.stage = mapping.stage;
    failure.reason = mapping.reason;
    verdict.wait = mapping.wait;
    gone = mapping.blind.group_in(complaint.message.empty() ? answer.body() : complaint.message).value_or("");
    break;
  }
  if (answer.status() >= 400) {
    if (const auto asked = net::parse_retry_after(answer.header("retry-after"), wall_now())) verdict.wait = asked;
  }
  failure.message = told(failure, complaint, gone, secrets);
  return verdict;
}

}  // namespace crmpulse::probes
