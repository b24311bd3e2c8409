#include "probes/auth/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "probes/auth/answer.h"
#include "probes/auth/flows.h"
#include "probes/auth/rs256.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes::auth {
namespace {

std::string names_of(const std::vector<AuthFlow>& flows) {
  std::vector<std::string> names;
  for (const AuthFlow& flow : flows) names.push_back(flow.flow);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Which of the recipe's flows the user means; nothing, with a problem, when that is not clear.
std::string chosen_flow(const Recipe& recipe, config::Reader& reader) {
  const std::vector<AuthFlow>& offered = recipe.auth.flows;
  std::string name;
  if (!reader.get("flow", name)) {
    if (reader.has("flow")) return {};  // reported already: it is not a text
    if (recipe.auth.optional && reader.node().members.empty()) return {};
    if (offered.size() == 1) return offered.front().flow;
    reader.problem(fmt::format("recipe '{}' needs a login; give flow: one of {}", recipe.name, names_of(offered)));
    return {};
  }
  const bool known =
      std::any_of(offered.begin(), offered.end(), [&](const AuthFlow& flow) { return flow.flow == name; });
  if (known) return name;
  reader.problem("flow", fmt::format("recipe '{}' has no flow '{}'; it has: {}", recipe.name, one_line(name, 60),
                                     names_of(offered)));
  return {};
}

/// A secret's own key as the user wrote it, for problems.
std::string key_of(const config::Reader& reader, std::string_view name) {
  for (const char* const way : {"_file", "_dpapi_file", "_env", "_credential"}) {
    std::string key = std::string(name) + way;
    if (reader.has(key)) return key;
  }
  return std::string(name);
}

std::optional<std::string> fault_of(const Flow& flow, const Field& field, const Secret& secret) {
  if (field.name == "private_key" && !is_rsa_private_key(secret)) return "is not an RSA private key in PEM form";
  const bool as_it_is = flow.immediate != nullptr && !flow.may_lock;  // stands in a header
  if (as_it_is && !is_token_text(secret.reveal())) return "has blanks or characters that a header cannot hold";
  return std::nullopt;
}

config::SecretForm form_of(const Field& field) {
  if (field.name == "private_key") return config::SecretForm::pem;
  return field.name == "password" ? config::SecretForm::password : config::SecretForm::token;
}

void read_secret(const Flow& flow, const Field& field, config::Reader& reader, LoginSettings& settings) {
  Secret secret;
  const config::SecretForm form = form_of(field);
  const bool given =
      field.required ? reader.require_secret(field.name, secret, form) : reader.get_secret(field.name, secret, form);
  if (!given) return;
  if (const auto fault = fault_of(flow, field, secret)) return reader.problem(key_of(reader, field.name), *fault);
  settings.secrets.emplace(field.name, std::move(secret));
}

void read_text(const Flow& flow, const Field& field, config::Reader& reader, LoginSettings& settings) {
  std::string text;
  const bool given = field.required ? reader.require(field.name, text) : reader.get(field.name, text);
  if (!given) return;
  if (text.empty()) return reader.problem(field.name, "must not be empty");
  const bool joined = flow.immediate != nullptr && flow.may_lock && field.name == "username";
  if (joined && text.find(':') != std::string::npos) return reader.problem(field.name, "must not contain a colon");
  settings.texts.emplace(field.name, std::move(text));
}

}  // namespace

std::string LoginSettings::text(std::string_view name) const {
  const auto found = texts.find(name);
  return found == texts.end() ? std::string{} : found->second;
}

const Secret& LoginSettings::secret(std::string_view name) const {
  static const Secret kNone;
  const auto found = secrets.find(name);
  return found == secrets.end() ? kNone : found->second;
}

LoginSettings read_settings(const Recipe& recipe, config::Reader reader) {
  LoginSettings settings;
  if (recipe.auth.flows.empty()) {
    if (reader.node().kind != config::Node::Kind::null)
      reader.problem(fmt::format("recipe '{}' has no login: leave this out", recipe.name));
    return settings;
  }
  const std::string name = chosen_flow(recipe, reader);
  const Flow* const flow = find_flow(name);
  if (flow == nullptr) return settings;
  settings.flow = name;
  for (const Field& field : flow->fields) {
    if (field.secret)
      read_secret(*flow, field, reader, settings);
    else
      read_text(*flow, field, reader, settings);
  }
  reader.finish();
  return settings;
}

}  // namespace crmpulse::probes::auth
