#include "agent/settings/crm_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "agent/settings/additions.h"
#include "agent/settings/names.h"
#include "agent/settings/tls_settings.h"
#include "config/hours_reader.h"
#include "config/suggest.h"
#include "probes/recipe_file/load.h"
#include "probes/recipe_file/sample_labels.h"
#include "wire/text.h"

namespace crmpulse::agent {
namespace {

/// Which write tests a CRM runs.
struct Transactions {
  std::optional<bool> enabled;  ///< of all of them; nullopt: only those that were `asked` for
  std::optional<Duration> interval;
  std::set<std::string> asked;  ///< given parameters that exist for a write test alone, such as heartbeat_table

  [[nodiscard]] bool run(const probes::Measurement& measurement) const {
    return measurement.transaction.empty() || enabled.value_or(asked.contains(measurement.when));
  }
};

/// A recipe as some CRMs use it. Parameters are not in it, so that a thousand CRMs of one kind cost one of these.
struct Adapted {
  std::shared_ptr<const probes::Recipe> recipe;
  std::vector<std::string> off;
  std::vector<std::shared_ptr<const probes::Measurement>> write_tests_off;
};

struct Context {
  Settings& settings;
  Problems& problems;
  std::map<std::string, std::shared_ptr<const probes::Recipe>, std::less<>> recipes{};  ///< null: it did not load
  std::map<std::string, std::shared_ptr<const Adapted>, std::less<>> adapted{};  ///< by what a CRM says (wishes_of)
};

/// Of the agent's series: `__` begins names of Prometheus's own.
bool is_own_label(std::string_view name) {
  return wire::is_label_name(name) && name.size() <= 128 && !name.starts_with("__");
}

void get_interval(config::Reader& reader, std::optional<Duration>& out) {
  Duration value{};
  if (reader.get("interval", value, kMinInterval, kMaxInterval)) out = value;
}

bool is_path(std::string_view recipe) {
  return recipe.find('/') != std::string_view::npos || recipe.ends_with(".yaml");
}

/// Did a sample lack a label that rules need?
bool tell_label_faults(const probes::Recipe& recipe, Problems& problems) {
  const std::size_t before = problems.size();
  for (const probes::Measurement& measurement : recipe.measurements)
    for (const std::string& fault : probes::label_faults(measurement))
      problems.push_back(
          {recipe.file, measurement.line, fmt::format("measurements.{}.samples", measurement.id), fault});
  return problems.size() != before;
}

std::shared_ptr<const probes::Recipe> find_recipe(config::Reader& reader, Context& context) {
  std::string name;
  reader.require("recipe", name);
  if (name.empty()) return nullptr;
  if (!is_path(name)) {
    const auto known = probes::list_recipes(context.settings.recipe_dir);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string near = config::suggestion(name, known);
      reader.problem("recipe",
                     fmt::format("there is no recipe '{}' in {}{}{} recipe of your own is named by its path", name,
                                 context.settings.recipe_dir, near, near.ends_with('?') ? " A" : "; a"));
      return nullptr;
    }
  }
  if (std::error_code error; is_path(name) && !std::filesystem::exists(from_folder_of(reader.file(), name), error)) {
    reader.problem("recipe", fmt::format("there is no file '{}'", from_folder_of(reader.file(), name)));
    return nullptr;
  }
  const std::string source = is_path(name) ? from_folder_of(reader.file(), name) : name;
  if (const auto found = context.recipes.find(source); found != context.recipes.end()) return found->second;
  auto& slot = context.recipes[source];
  if (auto loaded = probes::load_recipe(source, context.settings.recipe_dir)) {
    if (tell_label_faults(*loaded, context.problems)) return nullptr;
    slot = std::make_shared<const probes::Recipe>(std::move(*loaded));
  } else {
    for (const Problem& problem : loaded.error()) context.problems.push_back(problem);
  }
  return slot;
}

Transactions read_transactions(config::Reader reader) {
  Transactions transactions;
  bool enabled = false;
  if (reader.get("enabled", enabled)) transactions.enabled = enabled;
  get_interval(reader, transactions.interval);
  reader.finish();
  return transactions;
}

/// Who names a table for a write test wants the test. What has a default, or is for other measurements too, asks for
/// none.
std::set<std::string> asked_tests(const probes::Recipe& recipe, const probes::Arguments& arguments) {
  std::set<std::string> asked;
  for (const probes::Measurement& measurement : recipe.measurements) {
    if (measurement.transaction.empty() || !arguments.given(measurement.when)) continue;
    const probes::Parameter* parameter = recipe.parameter(measurement.when);
    const bool for_it_alone = std::all_of(
        recipe.measurements.begin(), recipe.measurements.end(),
        [&](const probes::Measurement& other) { return other.when != measurement.when || !other.transaction.empty(); });
    if (parameter != nullptr && !parameter->required && !parameter->default_text && for_it_alone)
      asked.insert(measurement.when);
  }
  return asked;
}

std::map<std::string, MeasurementSettings> read_measurements(config::Reader reader, const probes::Recipe& recipe) {
  std::map<std::string, MeasurementSettings> out;
  for (const auto& measurement : recipe.measurements) {
    if (!reader.has(measurement.id)) continue;
    config::Reader item = reader.child(measurement.id);
    MeasurementSettings& wanted = out[measurement.id];
    get_interval(item, wanted.interval);
    item.get("enabled", wanted.enabled);
    Duration timeout{};
    if (item.get("timeout", timeout, kMinTimeout, kMaxTimeout)) wanted.timeout = timeout;
    if (measurement.liveness && !wanted.enabled)
      item.problem("enabled", "the liveness measurement decides crm_up and cannot be off");
    item.finish();
  }
  for (const std::string& id : reader.keys()) {
    const auto known = [&](const probes::Measurement& m) { return m.id == id; };
    if (std::any_of(recipe.measurements.begin(), recipe.measurements.end(), known)) continue;
    std::vector<std::string> ids;
    for (const auto& measurement : recipe.measurements) ids.push_back(measurement.id);
    reader.raw(id);
    reader.problem(id, fmt::format("recipe '{}' has no such measurement{}", recipe.name, config::suggestion(id, ids)));
  }
  reader.finish();
  return out;
}

/// The recipe's measurements as this CRM runs them; ids of those it does not go to `off`.
std::shared_ptr<probes::Recipe> adapt(const probes::Recipe& recipe,
                                      const std::map<std::string, MeasurementSettings>& wanted,
                                      const Transactions& transactions, Duration interval,
                                      std::vector<std::string>& off) {
  auto adapted = std::make_shared<probes::Recipe>(recipe);
  std::erase_if(adapted->measurements, [&](const probes::Measurement& measurement) {
    const auto found = wanted.find(measurement.id);
    const bool on = (found == wanted.end() || found->second.enabled) && transactions.run(measurement);
    if (!on) off.push_back(measurement.id);
    return !on;
  });
  for (auto& measurement : adapted->measurements) {
    if (!measurement.transaction.empty() && transactions.interval) measurement.interval = transactions.interval;
    if (const auto found = wanted.find(measurement.id); found != wanted.end()) {
      if (found->second.interval) measurement.interval = found->second.interval;
      if (found->second.timeout) measurement.timeout = found->second.timeout;
    }
    if (!measurement.interval) measurement.interval = interval;
  }
  return adapted;
}

/// What they left behind is still removed, with the user's timeouts.
std::vector<std::shared_ptr<const probes::Measurement>> write_tests_off(
    const probes::Recipe& recipe, const std::map<std::string, MeasurementSettings>& wanted,
    const std::vector<std::string>& off) {
  std::vector<std::shared_ptr<const probes::Measurement>> out;
  if (recipe.transport != probes::Transport::http) return out;
  for (const probes::Measurement& measurement : recipe.measurements) {
    if (measurement.transaction.empty() || std::find(off.begin(), off.end(), measurement.id) == off.end()) continue;
    auto kept = std::make_shared<probes::Measurement>(measurement);
    const auto found = wanted.find(measurement.id);
    if (found != wanted.end() && found->second.timeout) kept->timeout = found->second.timeout;
    out.push_back(std::move(kept));
  }
  return out;
}

/// A node as text, unequal for nodes that read differently.
void write_out(const config::Node& node, std::string& out) {
  out += fmt::format("{}{}{}:{}", static_cast<int>(node.kind), node.quoted ? "q" : "", node.scalar.size(), node.scalar);
  for (const config::Node& item : node.items) write_out(item, out);
  for (const config::Member& member : node.members) {
    out += fmt::format(".{}:{}", member.first.size(), member.first);
    write_out(member.second, out);
  }
  out += ';';
}

/// All that makes a CRM's recipe differ from its file. Marks the keys it looks at as known.
std::string wishes_of(config::Reader& reader, const probes::Recipe& recipe, const Transactions& transactions,
                      Duration interval) {
  const int enabled = transactions.enabled ? (*transactions.enabled ? 1 : 0) : -1;
  std::string out = fmt::format("{} {} {} {} {} ", fmt::ptr(&recipe), interval.count(), enabled,
                                transactions.interval.value_or(Duration{}).count(), fmt::join(transactions.asked, ","));
  for (const std::string_view key : {"measurements", "checks", "requests"}) {
    out += key;
    if (const config::Node* node = reader.raw(key)) write_out(*node, out);
  }
  return out;
}

std::shared_ptr<const Adapted> adapted_for(config::Reader& reader, Context& context, const probes::Recipe& recipe,
                                           const Transactions& transactions, Duration interval) {
  std::string wishes = wishes_of(reader, recipe, transactions, interval);
  if (const auto known = context.adapted.find(wishes); known != context.adapted.end()) return known->second;
  const std::size_t before = context.problems.size();
  const auto wanted = read_measurements(reader.child("measurements"), recipe);
  const auto made = std::make_shared<Adapted>();
  const auto own = adapt(recipe, wanted, transactions, interval, made->off);
  read_additions(reader, recipe, transactions.enabled.value_or(false), *own, made->off);
  made->recipe = own;
  made->write_tests_off = write_tests_off(recipe, wanted, made->off);
  // Each CRM tells its own problems.
  if (context.problems.size() == before) context.adapted.emplace(std::move(wishes), made);
  return made;
}

/// `transactions.enabled` that would write nothing is a misunderstanding worth a word.
void check_transactions(config::Reader& reader, const CrmSettings& crm, const Transactions& transactions) {
  if (!transactions.enabled.value_or(false)) return;
  std::string needed;
  for (const auto& measurement : crm.recipe->measurements) {
    if (measurement.transaction.empty()) continue;
    if (measurement.when.empty() || crm.arguments.given(measurement.when)) return;
    needed = measurement.when;
  }
  reader.problem("transactions", needed.empty() ? fmt::format("recipe '{}' has no write test", crm.recipe->name)
                                                : fmt::format("the recipe's write test needs with.{}", needed));
}

/// How to log in and the way to an HTTP CRM; a database has both in its URL.
void read_access(config::Reader& reader, const probes::Recipe& recipe, CrmSettings& crm) {
  if (recipe.transport == probes::Transport::http) {
    crm.auth = probes::auth::read_settings(recipe, reader.child("auth"));
    const HttpSettings http = read_http(reader.child("http"));
    crm.tls = http.tls;
    crm.proxy = http.proxy;
    return;
  }
  if (reader.raw("auth") != nullptr) {
    reader.problem("auth",
                   "a database needs no authentication flow: its user is part of with.url, its password in "
                   "with.password_file, password_env or password_credential");
  }
  if (reader.raw("http") != nullptr) reader.problem("http", "a database is not reached over HTTP");
}

void read_budget(config::Reader& reader, double& budget) {
  reader.get("budget", budget, 0, 1);
  if (!(budget > 0)) reader.problem("budget", "must be above 0: nothing could be measured");
}

void read_hours(config::Reader& reader, CrmSettings& crm) {
  if (!reader.has("hours")) return;
  config::Reader hours = reader.child("hours");
  config::read_crm_hours(hours, crm.hours.emplace());
  hours.finish();
}

void read_crm(config::Reader& reader, Context& context, std::set<std::string>& names) {
  CrmSettings crm;
  reader.require("name", crm.name);
  if (const auto fault = name_fault(crm.name, "crm"); fault && reader.has("name")) reader.problem("name", *fault);
  if (!crm.name.empty() && !names.insert(crm.name).second)
    reader.problem("name", fmt::format("there are two CRMs named '{}'", crm.name));
  Duration interval = context.settings.interval;
  reader.get("interval", interval, kMinInterval, kMaxInterval);
  read_budget(reader, crm.budget);
  auto labels = reader.child("labels");
  read_labels(labels, crm.labels);
  read_hours(reader, crm);
  reader.get_path("textfile_dir", crm.textfile_dir);
  Transactions transactions = read_transactions(reader.child("transactions"));
  const auto recipe = find_recipe(reader, context);
  if (!recipe) {
    for (const std::string_view key : {"with", "auth", "http", "measurements", "checks", "requests"}) reader.raw(key);
    reader.finish();
    return;
  }
  read_access(reader, *recipe, crm);
  const std::size_t before = context.problems.size();
  crm.arguments = probes::Arguments::read(*recipe, reader.child("with"));
  transactions.asked = asked_tests(*recipe, crm.arguments);
  const auto adapted = adapted_for(reader, context, *recipe, transactions, interval);
  crm.recipe = adapted->recipe;
  crm.off = adapted->off;
  for (const auto& test : adapted->write_tests_off)
    if (test->when.empty() || crm.arguments.given(test->when)) crm.switched_off_write_tests.push_back(test);
  if (context.problems.size() == before) check_transactions(reader, crm, transactions);
  reader.finish();
  context.settings.crms.push_back(std::move(crm));
}

}  // namespace

void read_labels(config::Reader& reader, Labels& labels) {
  constexpr std::array<std::string_view, 3> kOurs{"crm", "kind", "agent"};
  for (const std::string& name : reader.keys()) {
    std::string value;
    if (!reader.get(name, value)) continue;
    if (std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end()) {
      reader.problem(name, "is set by the agent itself");
    } else if (!is_own_label(name)) {
      reader.problem(name, "is not a valid label name: use letters, digits and _, not starting with a digit or __");
    } else if (value.empty() || value.size() > 1024) {
      reader.problem(name, "a label's value must be 1 to 1024 bytes");
    } else {
      labels.set(name, value);
    }
  }
  reader.finish();
}

std::set<std::string> read_crms(config::Reader& root, Settings& settings, Problems& problems) {
  Context context{settings, problems};
  std::set<std::string> names;
  if (!root.has("crms")) root.missing("crms");
  for (config::Reader& reader : root.each("crms")) read_crm(reader, context, names);
  return names;
}

}  // namespace crmpulse::agent
