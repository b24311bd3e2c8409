#pragma once
// Which of the objects that a recipe lists are there and in use: its own measurements are asked for one at a time.

#include <string>
#include <utility>
#include <vector>

#include "agent/setup/entry.h"
#include "probes/target.h"

namespace crmpulse::agent::setup {

struct ObjectLook {
  std::string parameter;                                      ///< of type list: `objects`
  std::vector<std::string> used;                              ///< of those asked for
  std::vector<std::pair<std::string, std::string>> left_out;  ///< and why
};

/// The parameters of type list that measurements are made for each item of.
[[nodiscard]] std::vector<std::string> object_parameters(const probes::Recipe& recipe);

/// Makes the target of an entry whose list is replaced; null if it cannot be made.
using MakeTarget =
    std::function<std::unique_ptr<probes::Target>(const std::string& parameter, const std::string& item)>;

/// Looks at each of `items` by the first measurement that is made for each item of `parameter`. One that cannot be read
/// (permission, missing) is left out, and of a parameter whose newest change is measured one that has no record. What
/// fails for another reason stays: it may work later.
[[nodiscard]] ObjectLook look_at_objects(const probes::Recipe& recipe, const std::string& parameter,
                                         const std::vector<std::string>& items, const MakeTarget& make);

}  // namespace crmpulse::agent::setup
