#include "probes/auth/settings.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "config/node.h"
#include "tests/probes/auth/keys.h"
#include "tests/probes/auth/vendor.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

probes::Recipe recipe_with(const std::vector<std::string>& flows) {
  probes::Recipe recipe;
  recipe.name = "acme";
  for (const std::string& name : flows) recipe.auth.flows.push_back(flow_named(name, "https://crm.example/token"));
  return recipe;
}

struct Read {
  auth::LoginSettings settings;
  std::string problems;
};

/// The section of a document as agent.yaml holds it.
Read read(const probes::Recipe& recipe, const std::string& section) {
  const auto document = config::load_text("crm: acme\n" + section, "agent.yaml");
  REQUIRE(document.has_value());
  Problems problems;
  config::Reader root{document->root, "crms[0]", document->file, problems};
  (void)root.raw("crm");
  Read out;
  out.settings = auth::read_settings(recipe, root.child("auth"));
  out.problems = to_string(problems);
  return out;
}

class SecretFile {
 public:
  SecretFile(const StateDir& folder, const std::string& name, const std::string& text)
      : path_(folder.path() + "/" + name) {
    std::ofstream(path_) << text << "\n";
    std::filesystem::permissions(path_, std::filesystem::perms::owner_read);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("a recipe without a login wants no section") {
  CHECK(read(recipe_with({}), "").problems.empty());
  CHECK(read(recipe_with({}), "").settings.flow.empty());
  CHECK(read(recipe_with({}), "auth: {flow: bearer}").problems ==
        "agent.yaml:2: crms[0].auth: recipe 'acme' has no login: leave this out");
}

TEST_CASE("the keys of a flow are read, its secrets from files") {
  const StateDir folder;
  const SecretFile key(folder, "key.pem", test_key().private_pem);
  const auto recipe = recipe_with({"jwt_bearer", "bearer"});
  const Read given =
      read(recipe, "auth: {flow: jwt_bearer, client_id: app, username: me, private_key_file: " + key.path() + "}");
  CHECK(given.problems.empty());
  CHECK(given.settings.flow == "jwt_bearer");
  CHECK(given.settings.text("client_id") == "app");
  CHECK(given.settings.text("absent").empty());
  CHECK(given.settings.secret("private_key").reveal().starts_with("-----BEGIN"));
  CHECK(given.settings.secret("absent").empty());
}

TEST_CASE("the only flow need not be named") {
  const StateDir folder;
  const SecretFile token(folder, "token", "pat-1");
  const Read given = read(recipe_with({"bearer"}), "auth: {token_file: " + token.path() + "}");
  CHECK(given.problems.empty());
  CHECK(given.settings.flow == "bearer");
  CHECK(given.settings.secret("token").reveal() == "pat-1");
}

TEST_CASE("what is missing or not known is told with its place and what there is") {
  const auto recipe = recipe_with({"jwt_bearer", "client_credentials"});
  CHECK(read(recipe, "auth: {flow: basic}").problems ==
        "agent.yaml:2: crms[0].auth.flow: recipe 'acme' has no flow 'basic'; it has: jwt_bearer, client_credentials");
  CHECK(read(recipe, "auth:\n  client_id: app").problems ==
        "agent.yaml:3: crms[0].auth: recipe 'acme' needs a login; give flow: one of jwt_bearer, client_credentials");
  CHECK_THAT(read(recipe, "").problems, Catch::Contains("crms[0].auth: recipe 'acme' needs a login"));
  CHECK(read(recipe, "auth: {flow: client_credentials, client_idd: app}").problems ==
        "agent.yaml:2: crms[0].auth.client_id: required\n"
        "agent.yaml:2: crms[0].auth.client_secret: required; give client_secret_file, client_secret_env or "
        "client_secret_credential\n"
        "agent.yaml:2: crms[0].auth.client_idd: unknown key 'client_idd'; did you mean 'client_id'?");
  CHECK_THAT(read(recipe_with({"bearer"}), "").problems, Catch::Contains("crms[0].auth.token: required; give"));
  CHECK_THAT(read(recipe_with({"bearer"}), "auth: {token: pat-1}").problems,
             Catch::Contains("a secret must not be written in this file") && !Catch::Contains("pat-1"));
}

TEST_CASE("a private key must be one, in PEM form and of RSA") {
  const StateDir folder;
  for (const std::string& text : {std::string{"no key"}, test_key().public_pem, elliptic_key_pem()}) {
    const SecretFile key(folder, "key" + std::to_string(text.size()), text);
    const Read given =
        read(recipe_with({"jwt_bearer"}), "auth: {client_id: app, username: me, private_key_file: " + key.path() + "}");
    CHECK(given.problems == "agent.yaml:2: crms[0].auth.private_key_file: is not an RSA private key in PEM form");
  }
}

TEST_CASE("what cannot stand in its header is refused at once") {
  const StateDir folder;
  const SecretFile token(folder, "token", "two words");
  CHECK_THAT(read(recipe_with({"bearer"}), "auth: {token_file: " + token.path() + "}").problems,
             Catch::Contains("a URL, a token or a key has none"));
  const Read joined = read(recipe_with({"basic"}), "auth: {username: 'a:b', password_file: " + token.path() + "}");
  CHECK(joined.problems == "agent.yaml:2: crms[0].auth.username: must not contain a colon");
}

TEST_CASE("a refresh token may come without the client's secret") {
  const StateDir folder;
  const SecretFile token(folder, "token", "r");
  const Read given =
      read(recipe_with({"refresh_token"}), "auth: {client_id: app, refresh_token_file: " + token.path() + "}");
  CHECK(given.problems.empty());
}
