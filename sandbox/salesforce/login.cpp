#include "sandbox/salesforce/login.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <array>
#include <boost/json.hpp>
#include <memory>
#include <optional>

#include "sandbox/company/values.h"
#include "sandbox/salesforce/fields.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {
namespace {

/// The default of an org's session settings; it slides with use.
constexpr Duration kSession = std::chrono::hours{2};
/// How far the clocks of both sides may be apart.
constexpr Duration kClockSkew = std::chrono::minutes{3};
constexpr std::size_t kMostTokens = 1000;
constexpr std::string_view kScope = "api id refresh_token";

net::HttpResponse refused(std::string_view error, std::string_view description) {
  return json_reply(400, {{"error", error}, {"error_description", description}});
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned filled = 0;
  for (const char c : text) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    filled += 6;
    if (filled < 8) continue;
    filled -= 8;
    out.push_back(static_cast<char>((bits >> filled) & 0xFFU));
  }
  return out;
}

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// A certificate or a bare public key.
Owned<EVP_PKEY> public_key(const std::string& pem) {
  const Owned<BIO> bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  const Owned<X509> certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
  if (certificate) return Owned<EVP_PKEY>{X509_get_pubkey(certificate.get())};
  const Owned<BIO> again{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  return Owned<EVP_PKEY>{PEM_read_bio_PUBKEY(again.get(), nullptr, nullptr, nullptr)};
}

bool is_signed(std::string_view text, const std::string& signature, const std::string& pem) {
  const Owned<EVP_PKEY> key = public_key(pem);
  const Owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  if (!key || !context || EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1)
    return false;
  const auto bytes = [](std::string_view part) { return reinterpret_cast<const unsigned char*>(part.data()); };
  return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

std::string new_token() {
  std::array<unsigned char, 40> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("no random bytes");
  std::string out = fmt::format("{}!AQ", kOrganizationId);
  for (const unsigned char byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::string value_of(const Form& form, std::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string{} : found->second;
}

std::string token_of(const net::HttpRequest& request) {
  std::string token = credential(request, "Bearer");
  return token.empty() ? credential(request, "OAuth") : token;
}

std::string user_id(const World& world) {
  return id_text("005", world.company.api_user());
}

/// In the form or as HTTP Basic.
std::optional<net::HttpResponse> problem_of_client(const net::HttpRequest& request, const Form& form,
                                                   const World& world, bool secret_needed) {
  std::string id = value_of(form, "client_id");
  std::string secret = value_of(form, "client_secret");
  if (const auto basic = basic_login(request)) std::tie(id, secret) = *basic;
  if (id != world.credentials.client_id) return refused("invalid_client_id", "client identifier invalid");
  if ((secret_needed || !secret.empty()) && secret != world.credentials.client_secret)
    return refused("invalid_client", "invalid client credentials");
  return std::nullopt;
}

}  // namespace

std::string problem_of_assertion(const std::string& assertion, const Credentials& credentials,
                                 const std::string& audience, TimePoint now) {
  const std::size_t first = assertion.find('.');
  const std::size_t second = first == std::string::npos ? first : assertion.find('.', first + 1);
  if (second == std::string::npos) return "invalid assertion";
  const auto header = from_base64url(std::string_view{assertion}.substr(0, first));
  const auto claims = from_base64url(std::string_view{assertion}.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(std::string_view{assertion}.substr(second + 1));
  const auto head = header ? parse_json(*header) : std::nullopt;
  const auto body = claims ? parse_json(*claims) : std::nullopt;
  if (!signature || !head || !body || text_member(*head, "alg") != "RS256") return "invalid assertion";
  if (credentials.jwt_public_key.empty() ||
      !is_signed(std::string_view{assertion}.substr(0, second), *signature, credentials.jwt_public_key))
    return "invalid assertion";
  if (text_member(*body, "iss") != credentials.client_id) return "client identifier invalid";
  const std::string old_name = text_member(*body, "prn");
  if ((old_name.empty() ? text_member(*body, "sub") : old_name) != credentials.username)
    return "user hasn't approved this consumer";
  const std::string aud = text_member(*body, "aud");
  if (aud != "https://login.salesforce.com" && aud != "https://test.salesforce.com" && aud != audience)
    return "audience is invalid";
  // A number, or the same as a text: Salesforce's own example of a claims set has it so.
  const auto expires = number_from<double>(text_member(*body, "exp"));
  if (!expires) return "invalid assertion";
  const double ends = *expires * 1000;
  if (ends + static_cast<double>(kClockSkew.count()) < static_cast<double>(unix_millis(now)))
    return "expired authorization code";
  return {};
}

bool Login::owns(std::string_view path) {
  return path.starts_with("/services/oauth2/") || path.starts_with("/id/");
}

bool Login::admits(const net::HttpRequest& request, TimePoint now) {
  const auto found = tokens_.find(token_of(request));
  if (found == tokens_.end() || found->second < now) return false;
  found->second = now + kSession;
  return true;
}

net::HttpResponse Login::answer(const net::HttpRequest& request, World& world) {
  if (request.path == "/services/oauth2/token") return give_token(request, world);
  if (request.path == "/services/oauth2/userinfo" || request.path.starts_with("/id/")) return user_info(request, world);
  if (request.path == "/services/oauth2/introspect") return introspect(request, world);
  if (request.path == "/services/oauth2/revoke") return revoke(request);
  return json_reply(404, {{"error", "unsupported_response_type"}, {"error_description", "no such endpoint"}});
}

net::HttpResponse Login::give_token(const net::HttpRequest& request, World& world) {
  if (request.method != "POST") return refused("invalid_request", "must use HTTP POST");
  const Form form = form_of(request);
  const std::string grant = value_of(form, "grant_type");
  // A grant that is gone for good, not only the tokens given out before.
  const FaultRule* gone = world.fault("token_revoked", "token");
  const bool renewable = gone == nullptr || gone->operation.empty();
  if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    const std::string problem =
        problem_of_assertion(value_of(form, "assertion"), world.credentials, world.origin, world.now);
    if (problem == "client identifier invalid") return refused("invalid_client_id", problem);
    if (!problem.empty()) return refused("invalid_grant", problem);
    if (!renewable) return refused("invalid_grant", "user hasn't approved this consumer");
  } else if (grant == "client_credentials") {
    if (auto problem = problem_of_client(request, form, world, true)) return std::move(*problem);
    if (!renewable) return refused("invalid_grant", "no client credentials user enabled");
  } else if (grant == "refresh_token") {
    if (auto problem = problem_of_client(request, form, world, false)) return std::move(*problem);
    if (!renewable || value_of(form, "refresh_token") != world.credentials.refresh_token)
      return refused("invalid_grant", "expired access/refresh token");
  } else if (grant == "password") {
    return refused("invalid_grant", "authentication failure");
  } else {
    return refused("unsupported_grant_type", "grant type not supported");
  }
  if (tokens_.size() >= kMostTokens) tokens_.clear();
  const std::string token = new_token();
  tokens_[token] = world.now + kSession;
  return json_reply(200,
                    {{"access_token", token},
                     {"instance_url", world.origin},
                     {"id", fmt::format("{}/id/{}/{}", world.origin, id_text("00D", 1), user_id(world))},
                     {"token_type", "Bearer"},
                     {"scope", kScope},
                     {"issued_at", fmt::format("{}", unix_millis(world.now))},
                     {"signature", "c2FuZGJveA=="},
                     {"token_format", "opaque"},
                     {"api_instance_url", world.origin}},
                    {{"Cache-Control", "no-store"}});
}

net::HttpResponse Login::user_info(const net::HttpRequest& request, World& world) {
  if (!admits(request, world.now)) return {403, {{"Content-Type", "text/html"}}, "Bad_OAuth_Token"};
  const std::string rest = fmt::format("{}/services/data/v{{version}}/", world.origin);
  const std::string id = fmt::format("{}/id/{}/{}", world.origin, id_text("00D", 1), user_id(world));
  return json_reply(200, {{"sub", id},
                          {"id", id},
                          {"user_id", user_id(world)},
                          {"organization_id", id_text("00D", 1)},
                          {"username", world.credentials.username},
                          {"preferred_username", world.credentials.username},
                          {"display_name", "CRM Monitor"},
                          {"name", "CRM Monitor"},
                          {"email", world.credentials.username},
                          {"active", true},
                          {"user_type", "STANDARD"},
                          {"urls", {{"rest", rest}, {"query", rest + "query/"}, {"sobjects", rest + "sobjects/"}}}});
}

net::HttpResponse Login::introspect(const net::HttpRequest& request, World& world) {
  const Form form = form_of(request);
  if (auto problem = problem_of_client(request, form, world, true)) return std::move(*problem);
  const auto found = tokens_.find(value_of(form, "token"));
  if (found == tokens_.end() || found->second < world.now) return json_reply(200, {{"active", false}});
  return json_reply(200, {{"active", true},
                          {"scope", kScope},
                          {"client_id", world.credentials.client_id},
                          {"username", world.credentials.username},
                          {"sub", fmt::format("{}/id/{}/{}", world.origin, id_text("00D", 1), user_id(world))},
                          {"token_type", "access_token"},
                          {"exp", unix_millis(found->second) / 1000}});
}

net::HttpResponse Login::revoke(const net::HttpRequest& request) {
  const auto found = tokens_.find(value_of(form_of(request), "token"));
  if (found == tokens_.end()) return refused("unsupported_token_type", "this token is not known");
  tokens_.erase(found);
  return {200, {}, {}};
}

}  // namespace crmpulse::sandbox::salesforce
