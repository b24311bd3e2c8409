#include "tests/probes/recipes/sandbox_case.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "probes/recipe_file/load.h"
#include "tests/probes/recipes/expectations.h"

namespace crmpulse::test {
namespace {

using config::Node;

const std::string kRecipes = std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes";
const std::string kData = std::string{CRMPULSE_SOURCE_DIR} + "/tests/probes/recipes";

/// A node as YAML on one line.
std::string written(const Node& node) {
  if (node.kind == Node::Kind::null) return "null";
  if (node.kind == Node::Kind::scalar) {
    std::string text;
    for (const char c : node.scalar) text += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string{c};
    // What stood without quotes must stay readable as a number or a boolean.
    const bool plain = !node.quoted && text.find_first_of(":{}[],&*#?|-<>=!%@\\\" $") == std::string::npos;
    return plain ? text : "\"" + text + "\"";
  }
  std::string out;
  for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + written(item);
  if (node.kind == Node::Kind::sequence) return "[" + out + "]";
  for (const auto& [name, value] : node.members) out += (out.empty() ? "\"" : ", \"") + name + "\": " + written(value);
  return "{" + out + "}";
}

const Node* member(const Node& node, std::string_view name) {
  for (const auto& [key, value] : node.members)
    if (key == name) return &value;
  return nullptr;
}

void read_faults(const Node& node, SandboxCase& out) {
  for (const auto& [key, value] : node.members) {
    if (key == "on") out.faults_on = value.scalar;
    if (key == "request_id") out.tells_request_id = value.scalar == "true";
    if (key == "field" || key == "written_field") {
      MissingField& field = out.missing.emplace_back();
      field.name = member(value, "name")->scalar;
      field.on = member(value, "on")->scalar;
      if (const Node* means = member(value, "means")) field.means = means->scalar;
    }
    if (key == "lacks")
      for (const auto& [fault, why] : value.members) out.lacks[fault] = why.scalar;
  }
}

/// The same recipe at another vendor, asked whether it is alive.
SandboxCase case_elsewhere(const std::string& recipe, const Node& node) {
  SandboxCase out;
  out.recipe = recipe;
  out.vendor = member(node, "sandbox")->scalar;
  out.crm.kind = Node::Kind::mapping;
  out.crm.members.emplace_back("with", *member(node, "with"));
  out.flows = {*member(node, "auth")};
  out.faults_on = "liveness";
  return out;
}

SandboxCase case_from(const std::string& recipe, const Node& root) {
  SandboxCase out;
  out.recipe = recipe;
  out.vendor = member(root, "sandbox")->scalar;
  for (const auto& [key, node] : root.members) {
    if (key == "crm") {
      out.crm = node;
      if (const Node* auth = member(node, "auth")) out.flows.insert(out.flows.begin(), *auth);
    } else if (key == "flows") {
      out.flows.insert(out.flows.end(), node.items.begin(), node.items.end());
    } else if (key == "measurements") {
      for (const auto& [id, samples] : node.members)
        for (const auto& [name, value] : samples.members) out.measurements[id][series(name)] = value.scalar;
    } else if (key == "quota") {
      for (const auto& [name, value] : node.members) out.quota[series(name)] = value.scalar;
    } else if (key == "truncated") {
      for (const auto& [id, why] : node.members) out.truncated[id] = why.scalar;
    } else if (key == "faults") {
      read_faults(node, out);
    } else if (key == "elsewhere") {
      for (const Node& item : node.items) out.elsewhere.push_back(case_elsewhere(recipe, item));
    } else if (key != "sandbox") {
      throw std::runtime_error(recipe + "/expected.yaml: unknown key " + key);
    }
  }
  return out;
}

std::optional<Node> expectations_of(const std::string& recipe) {
  const std::string file = kData + "/" + recipe + "/expected.yaml";
  if (!std::filesystem::exists(file)) return std::nullopt;
  auto document = config::load_file(file);
  if (!document) throw std::runtime_error(to_string(document.error()));
  return document->root;
}

bool has_write_test(const std::string& recipe) {
  const auto loaded = probes::load_recipe(recipe, kRecipes);
  return loaded && std::any_of(loaded->measurements.begin(), loaded->measurements.end(),
                               [](const auto& measurement) { return !measurement.transaction.empty(); });
}

/// agent.yaml with this recipe once or several times.
std::string agent_yaml(const SandboxCase& one, const Binding& binding, const std::string& state_dir) {
  std::string yaml =
      "agent: {name: a1, state_dir: \"" + state_dir +
      "\"}\nship: {url: \"http://127.0.0.1:9/\"}\ndefaults: {interval: 60s, timeout: " + binding.timeout +
      "}\nrecipe_dir: \"" + kRecipes + "\"\ncrms:\n";
  for (int i = 0; i < binding.targets; ++i) {
    yaml += "  - name: acme" + (i == 0 ? std::string{} : std::to_string(i)) + "\n    recipe: " + one.recipe + "\n";
    for (const auto& [key, node] : one.crm.members) {
      if (key == "auth" || key == "transactions") continue;
      yaml += "    " + key + ": " + written(node) + "\n";
    }
    if (!one.flows.empty()) yaml += "    auth: " + written(one.flows.at(binding.flow)) + "\n";
    if (binding.transactions && has_write_test(one.recipe)) yaml += "    transactions: {enabled: true}\n";
  }
  return yaml;
}

}  // namespace

std::vector<SandboxCase> sandbox_cases() {
  std::vector<SandboxCase> cases;
  for (const std::string& name : probes::list_recipes(kRecipes)) {
    const auto root = expectations_of(name);
    if (root && member(*root, "sandbox") != nullptr) cases.push_back(case_from(name, *root));
  }
  return cases;
}

SandboxCase sandbox_case(const std::string& recipe) {
  const auto root = expectations_of(recipe);
  if (!root) throw std::runtime_error("no expected.yaml for " + recipe);
  return case_from(recipe, *root);
}

void for_each_case(const std::vector<SandboxCase>& cases, const std::function<void(const SandboxCase&)>& body) {
  const char* only = std::getenv("CRMPULSE_RECIPE");
  for (const SandboxCase& one : cases) {
    if (only != nullptr && one.recipe != only) continue;
    INFO("recipe " << one.recipe);
    try {
      body(one);
    } catch (const Catch::TestFailureException&) {
      continue;  // told already
    } catch (const std::exception& error) {
      FAIL_CHECK(error.what());
    }
  }
}

std::string liveness_of(const probes::Target& target) {
  for (const auto& planned : target.measurements())
    if (planned.measurement->liveness) return planned.measurement->id;
  return {};
}

BoundCase bind(SandboxHost& host, const SandboxCase& one, const Binding& binding) {
  const std::string state_dir = binding.state_dir.empty() ? host.new_state_dir() : binding.state_dir;
  const TempDir directory;
  const std::string file = directory.path() + "/agent.yaml";
  std::ofstream{file} << host.fill(agent_yaml(one, binding, state_dir));
  auto settings = agent::load_settings(file, {});
  if (!settings) FAIL(to_string(settings.error()));
  BoundCase bound{std::move(*settings), std::make_unique<probes::Runtime>(), {}};
  auto targets = agent::make_targets(bound.settings, *bound.runtime);
  if (!targets) FAIL(to_string(targets.error()));
  bound.targets = std::move(*targets);
  return bound;
}

}  // namespace crmpulse::test
