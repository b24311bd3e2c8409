#pragma once
// Whose database or API is it? By the signs that recipes list under `recognise`, shipped ones and a user's own alike.

#include <memory>
#include <string>
#include <vector>

#include "agent/setup/database.h"
#include "net/client/http_client.h"
#include "probes/recipe_file/load.h"

namespace crmpulse::agent::setup {

using KnownRecipe = std::shared_ptr<const probes::DescribedRecipe>;

/// A product whose signs are all there.
struct Candidate {
  KnownRecipe known;
  std::string version;     ///< as the product tells it; empty: it does not
  bool fits = true;        ///< false: the recipe is written for other versions
  std::string schema;      ///< of a database: where its tables are; empty where there are none
  std::string prefix;      ///< what its tables begin with
  probes::TextPairs with;  ///< parameters that follow from what was seen
};

/// A product whose signs are there in part.
struct Resemblance {
  KnownRecipe known;
  std::string missing;  ///< tables, or what is said of its version
};

struct Recognition {
  std::vector<Candidate> found;
  std::vector<Resemblance> near;  ///< only when nothing was found
};

/// Recognises what stands in a database. `tables` is what Database::tables() gave.
[[nodiscard]] Recognition recognise_database(Database& database, const std::vector<SeenTable>& tables,
                                             const std::vector<KnownRecipe>& recipes);

/// What follows for the recipe's parameters from the tables that are there; for a recipe that was named rather than
/// recognised.
[[nodiscard]] probes::TextPairs given_by(const KnownRecipe& known, const std::vector<SeenTable>& tables,
                                         const std::string& schema, const std::string& prefix);

/// A web address and what speaks there, before any login.
struct WebPlace {
  std::string url;  ///< as typed, or where it redirects to over TLS
  net::ClientTls tls;
};

/// Recognises whose API stands at an address: by its host's name, else by what it answers to the recipes' requests
/// there and at the paths above. Sends at most one request for each sign and path, each bounded. An error if nobody
/// answers.
[[nodiscard]] Result<Recognition> recognise_web(net::HttpClient& client, WebPlace& place,
                                                const std::vector<KnownRecipe>& recipes);

/// Asks one address once and waits.
[[nodiscard]] net::ClientResponse fetch(net::HttpClient& client, net::ClientRequest request);

}  // namespace crmpulse::agent::setup
