#pragma once
// What a product is recognised by: `recognise` of a recipe. Only `setup` asks; a recipe that runs does not carry it.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// A table of the product's database, and columns it must have.
struct TableSign {
  std::string table;  ///< behind the prefix, if the product's tables have one
  std::vector<std::string> columns;
};

/// A boolean parameter that is true exactly where these tables are.
struct GivenSign {
  std::string parameter;
  std::vector<std::string> tables;
};

/// Versions the recipe is written for: `from` ≤ version < `below`, compared number by number. Empty: no bound.
struct VersionBounds {
  std::string from;
  std::string below;
};

/// A parameter that an answer tells.
struct ToldSign {
  std::string parameter;
  std::string header;  ///< in small letters; empty: `at`
  std::string at;      ///< JSON pointer
  Pattern match;       ///< its group is the value; empty: the whole
};

/// A request that needs no login, and what its answer must hold.
struct AnswerSign {
  HttpCall call;  ///< without ${}; its path is relative to the product's address
  int status = 200;
  std::string contains;                                  ///< of the body
  std::vector<std::pair<std::string, Pattern>> headers;  ///< names in small letters
  std::vector<std::pair<std::string, Pattern>> at;       ///< JSON pointer → over the value as text
  std::string version;                                   ///< JSON pointer; empty: it does not tell it
  VersionBounds bounds;
  std::vector<ToldSign> told;
};

/// A host that says by its name whose it is.
struct HostSign {
  std::string host;         ///< in small letters; `*.example.com`: every host below it
  bool is_address = false;  ///< the address goes into the parameter `Signs::address`
  TextPairs with;           ///< parameters that follow from it
};

struct Signs {
  // Of a database. All `tables` must be there, and none of `without`.
  std::vector<TableSign> tables;
  std::vector<std::string> without;
  std::string prefix;  ///< a parameter: what the tables begin with; empty: nothing
  Template version;    ///< a query of one value; `${prefix}` may stand in it
  VersionBounds bounds;
  std::vector<GivenSign> given;
  // Of an API. One host is enough, or one answer.
  std::string address = "url";  ///< the parameter that takes the address
  std::vector<HostSign> hosts;
  std::vector<AnswerSign> answers;
};

/// Reads `recognise`, nullopt if the recipe has none. Marks the key as known.
[[nodiscard]] std::optional<Signs> read_signs(config::Reader& parent, const Recipe& recipe);

/// Do the bounds hold? A version that does not begin with a digit is within all.
[[nodiscard]] bool is_within(const VersionBounds& bounds, std::string_view version);

}  // namespace crmpulse::probes
