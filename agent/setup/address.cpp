#include "agent/setup/address.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "core/files/utf8_path.h"
#include "core/text/ascii.h"
#include "net/base/url.h"
#include "probes/sql/driver/url.h"
#include "probes/sql/open.h"

namespace crmpulse::agent::setup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSqlite = "sqlite:";

bool is_sqlite_file(const fs::path& path) {
  constexpr std::string_view kMagic = "SQLite format 3";
  std::array<char, 16> begin{};
  std::ifstream stream{path, std::ios::binary};
  stream.read(begin.data(), begin.size());
  return stream.gcount() == static_cast<std::streamsize>(begin.size()) &&
         std::string_view{begin.data(), kMagic.size()} == kMagic;
}

Result<Address> sqlite_file(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return Error{fmt::format("there is no file '{}'", path)};
  if (!is_sqlite_file(path)) return Error{fmt::format("'{}' is not a SQLite database, or cannot be read", path)};
  const std::string whole = files::utf8(fs::absolute(path, error).lexically_normal());
  return Address{.is_web = false,
                 .url = fmt::format("sqlite:{}{}", whole.starts_with('/') ? "//" : "", whole),
                 .dialect = probes::Dialect::sqlite,
                 .password = {}};
}

/// Takes the password out of `scheme://user:password@host/…`.
Result<Secret> take_password(std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < begin) return Secret{};
  const std::size_t colon = url.find(':', begin);
  if (colon == std::string::npos || colon > at) return Secret{};
  const auto password = probes::sql::decoded(std::string_view{url}.substr(colon + 1, at - colon - 1));
  if (!password) return Error{"the password in the URL has a broken % escape; leave it out, it is asked for"};
  url.erase(colon, at - colon);
  return Secret{*password};
}

Result<Address> database(std::string url) {
  const auto dialect = probes::sql::dialect_of(url);
  if (!dialect) return Error{dialect.error().message};
  if (*dialect == probes::Dialect::odbc) {
    return Error{
        "setup does not look behind ODBC; write the CRM into agent.yaml with the recipe sql, or one of your own "
        "(docs/custom-recipe.md)"};
  }
  auto password = take_password(url);
  if (!password) return password.error();
  if (const auto fault = probes::sql::check_url(url)) return Error{"the address " + fault->message};
  return Address{.is_web = false, .url = std::move(url), .dialect = *dialect, .password = std::move(*password)};
}

Result<Address> web(const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url) return Error{"the address " + url.error().message};
  if (url->has_login())
    return Error{"the address has a user or a password in it; leave them out, what is needed is asked for"};
  std::string path = url->path;
  while (path.ends_with('/')) path.pop_back();
  return Address{.is_web = true, .url = url->origin() + path, .dialect = {}, .password = {}};
}

/// Letters, digits and `-`.
std::string as_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool kept = ascii::is_letter(c) || ascii::is_digit(c) || c == '_';
    if (kept)
      name += ascii::lower(c);
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "crm" : name;
}

/// Hosts' first parts that say nothing about whose CRM it is.
std::string host_name(std::string_view host) {
  const bool numeric = host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
  if (numeric) return "crm";
  for (const std::string_view general : {"www.", "api.", "app.", "login."})
    if (host.starts_with(general)) host.remove_prefix(general.size());
  return as_name(host.substr(0, host.find('.')));
}

}  // namespace

Result<Address> read_address(const std::string& text) {
  const std::string given = net::with_lower_scheme(text);
  if (given.starts_with("http://") || given.starts_with("https://")) return web(given);
  if (given.starts_with(kSqlite)) {
    std::string path = given.substr(kSqlite.size());
    if (path.starts_with("//")) path.erase(0, 2);
    return sqlite_file(path);
  }
  if (given.starts_with("odbc:") || given.find("://") != std::string::npos) return database(given);
  std::error_code error;
  if (std::filesystem::exists(given, error)) return sqlite_file(given);
  return Error{
      fmt::format("'{}' is neither an address nor a file that is there: write https://crm.example.com, "
                  "postgresql://user@host/database, mysql://user@host/database or the path of a SQLite file",
                  given)};
}

std::string name_for(const Address& address) {
  if (address.is_web) {
    const auto url = net::parse_url(address.url);
    return url ? host_name(url->host) : "crm";
  }
  if (address.dialect == probes::Dialect::sqlite) return as_name(files::utf8(fs::path{address.url}.stem()));
  const std::string bare = address.url.substr(0, address.url.find('?'));
  const std::size_t slash = bare.find('/', bare.find("://") + 3);
  return slash == std::string::npos ? "crm" : as_name(std::string_view{bare}.substr(slash + 1));
}

}  // namespace crmpulse::agent::setup
