#include "probes/recipe_file/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "net/base/url.h"
#include "probes/recipe/recipe.h"
#include "probes/sql/driver/connection.h"
#include "probes/sql/open.h"
#include "probes/template/template.h"

namespace crmpulse::probes {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

std::optional<std::string> out_of_bounds(const Parameter& parameter, double value, const std::string& text) {
  const auto shown = [&](double bound) {
    return parameter.type == ParameterType::duration
               ? format_duration(Duration{static_cast<std::int64_t>(bound * 1000)})
               : fmt::format("{}", bound);
  };
  if (parameter.min && value < *parameter.min)
    return fmt::format("must be at least {}, not {}", shown(*parameter.min), text);
  if (parameter.max && value > *parameter.max)
    return fmt::format("must be at most {}, not {}", shown(*parameter.max), text);
  return std::nullopt;
}

std::optional<std::string> number_fault(const Parameter& parameter, const std::string& text) {
  if (parameter.type == ParameterType::integer) {
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error != std::errc{} || end != text.data() + text.size())
      return fmt::format("must be a whole number, not '{}'", text);
    return out_of_bounds(parameter, static_cast<double>(whole), text);
  }
  const Result<double> value = config::parse_number(text);
  if (!value) return value.error().message;
  return out_of_bounds(parameter, *value, text);
}

std::optional<std::string> duration_fault(const Parameter& parameter, const std::string& text) {
  const Result<Duration> value = parse_duration(text);
  if (!value) return value.error().message;
  return out_of_bounds(parameter, to_seconds(*value), text);
}

std::string scheme_of(std::string_view url) {
  const std::size_t end = url.find("://");
  return end == std::string_view::npos ? std::string{} : std::string{url.substr(0, end)};
}

std::optional<std::string> http_url_fault(const std::string& text) {
  const Result<net::Url> url = net::parse_url(text, net::Schemes::any);
  if (!url && scheme_of(text).empty()) {
    const bool host_like = !text.empty() && text.find_first_of(" \t\r\n@\"'") == std::string::npos;
    return fmt::format("is not a valid URL: it must begin with https:// or http://; write https://{}",
                       host_like ? text : "crm.example.com");
  }
  if (!url) return url.error().message;
  if (url->scheme != "http" && url->scheme != "https")
    return fmt::format("begins with {}://, but this recipe speaks HTTP: write https:// or http://", url->scheme);
  if (url->has_login()) return "has a user or a password in it; the recipe's other parameters are for that";
  return std::nullopt;
}

std::optional<std::string> database_url_fault(const std::string& text) {
  const auto error = sql::check_url(text);
  return error ? std::optional{error->message} : std::nullopt;
}

/// Of a recipe whose transport is not known yet: what one of them can use.
std::optional<std::string> url_fault(const std::string& text) {
  const std::string scheme = scheme_of(text);
  return scheme == "http" || scheme == "https" ? http_url_fault(text) : database_url_fault(text);
}

/// By its name, which is all a recipe says of it: people choose passwords, programs make tokens.
config::SecretForm form_of(std::string_view name) {
  for (const std::string_view chosen : {"password", "passphrase", "passwd", "pin"}) {
    if (name.ends_with(chosen)) return config::SecretForm::password;
  }
  return config::SecretForm::token;
}

/// The database behind `url` must be one the recipe's queries are written for.
std::optional<std::string> dialect_fault(const Recipe& recipe, const std::string& url) {
  const Result<Dialect> dialect = sql::dialect_of(url);
  if (!dialect) return dialect.error().message;
  if (std::find(recipe.dialects.begin(), recipe.dialects.end(), *dialect) != recipe.dialects.end()) return std::nullopt;
  std::vector<std::string_view> names;
  for (const Dialect known : recipe.dialects) names.push_back(to_string(known));
  return fmt::format("the recipe {} is written for {}, not for {}", recipe.name, fmt::join(names, ", "),
                     to_string(*dialect));
}

std::optional<std::string> item_fault(const Parameter& parameter, const std::string& item) {
  if (item.find('\0') != std::string::npos) return "has a NUL character in it";
  const auto& choices = parameter.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), item) == choices.end()) {
    return fmt::format("must be one of {}, not '{}'", fmt::join(choices, ", "), item);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of(const Parameter& parameter, const std::string& text) {
  if (auto fault = item_fault(parameter, text)) return fault;
  switch (parameter.type) {
    case ParameterType::url: return url_fault(text);
    case ParameterType::integer:
    case ParameterType::number: return number_fault(parameter, text);
    case ParameterType::duration: return duration_fault(parameter, text);
    case ParameterType::identifier:
      if (!is_identifier(text))
        return fmt::format("must be a name of letters, digits and _ (with dots between parts), not '{}'", text);
      break;
    case ParameterType::prefix:
      if (text.find_first_not_of(kLetters) != std::string::npos)
        return fmt::format("may hold only letters, digits and _, not '{}'", text);
      break;
    case ParameterType::boolean:
      if (text != "true" && text != "false") return fmt::format("must be true or false, not '{}'", text);
      break;
    default: break;
  }
  return std::nullopt;
}

Arguments Arguments::read(const Recipe& recipe, config::Reader with) {
  Arguments arguments;
  for (const Parameter& parameter : recipe.parameters) {
    const std::string& name = parameter.name;
    if (parameter.type == ParameterType::secret) {
      Secret secret;
      const config::SecretForm form = form_of(name);
      const bool given =
          parameter.required ? with.require_secret(name, secret, form) : with.get_secret(name, secret, form);
      if (given) arguments.secrets_.emplace(name, std::move(secret));
      continue;
    }
    if (!with.has(name)) {
      if (parameter.required) with.missing(name);
      (void)with.raw(name);
      if (parameter.default_text) arguments.texts_.emplace(name, *parameter.default_text);
      if (parameter.default_list) arguments.lists_.emplace(name, *parameter.default_list);
      continue;
    }
    if (parameter.type == ParameterType::list) {
      std::vector<std::string> items;
      if (!with.get(name, items)) continue;
      for (const std::string& item : items) {
        if (const auto fault = item_fault(parameter, item)) with.problem(name, *fault);
      }
      arguments.lists_.emplace(name, std::move(items));
      continue;
    }
    std::string text;
    if (!with.get(name, text)) continue;
    const bool is_url = parameter.type == ParameterType::url;
    if (is_url) text = net::with_lower_scheme(std::move(text));
    auto fault = is_url && recipe.transport == Transport::http ? http_url_fault(text) : fault_of(parameter, text);
    if (!fault && recipe.transport == Transport::sql && name == "url") fault = dialect_fault(recipe, text);
    if (fault) with.problem(name, *fault);
    arguments.texts_.emplace(name, std::move(text));
  }
  for (const Parameter& parameter : recipe.parameters) {
    if (parameter.type == ParameterType::boolean && arguments.text(parameter.name) != "true")
      arguments.off_.insert(parameter.name);
  }
  with.finish();
  return arguments;
}

}  // namespace crmpulse::probes
