#pragma once
// `setup`, step by step: what stands at the address, what must be known, does it work; only then is anything written.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "agent/print/judge.h"
#include "agent/settings/settings.h"
#include "agent/setup/address.h"
#include "agent/setup/database.h"
#include "agent/setup/dialogue.h"
#include "agent/setup/entry.h"
#include "agent/setup/files.h"
#include "agent/setup/recognise.h"
#include "agent/setup/steps/options.h"
#include "agent/setup/steps/trial.h"
#include "config/secret_source.h"
#include "core/words/language.h"
#include "probes/auth/flows.h"

namespace crmpulse::agent::setup {

/// Why it goes no further.
struct Stop {
  enum class Kind {
    usage,   ///< something must be told, or is wrong here
    unknown  ///< the CRM does not let us go on, or the person does not
  };
  Kind kind = Kind::usage;
  std::string why;
};
[[nodiscard]] inline Stop usage(std::string why) {
  return {Stop::Kind::usage, std::move(why)};
}
[[nodiscard]] inline Stop unknown(std::string why) {
  return {Stop::Kind::unknown, std::move(why)};
}
template <class T>
using Step = boost::system::result<T, Stop>;

/// `KEY=VALUE`; nullopt if it is written in another way.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> pair_of(const std::string& text);

/// One run of the command, on one thread. Waits for the person, the disk and the CRM.
class Run {
 public:
  Run(const SetupOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err);
  /// All of it. What was found is told on the way.
  [[nodiscard]] Step<void> steps();

 private:
  template <class... Args>
  std::string say(fmt::format_string<Args...> en, fmt::format_string<Args...> zh, Args&&... args) const {
    return in_words(language_, en, zh, std::forward<Args>(args)...);
  }
  template <class... Args>
  void tell(fmt::format_string<Args...> en, fmt::format_string<Args...> zh, Args&&... args) {
    out_ << in_words(language_, en, zh, std::forward<Args>(args)...) << '\n' << std::flush;
  }
  const std::string& words(const probes::Text& text) const { return language_ == Language::zh ? text.zh : text.en; }

  // What is there already.

  [[nodiscard]] Step<void> read_file();
  [[nodiscard]] Step<void> read_address();
  /// Shipped ones, and those in the folder recipes beside agent.yaml. A broken one is told and passed over.
  void load_recipes();
  [[nodiscard]] std::string source_of(const KnownRecipe& known) const;
  /// The recipe that was named, null if none was.
  [[nodiscard]] Step<KnownRecipe> named_recipe();

  // Recognising.

  [[nodiscard]] std::string title_of(const Candidate& candidate) const;
  [[nodiscard]] Step<void> take(Recognition recognition, const KnownRecipe& named);
  /// Nothing is recognised: a recipe is made of what is there, if that is wanted.
  [[nodiscard]] Step<void> make_skeleton(const std::vector<Resemblance>& near);
  [[nodiscard]] Result<std::string> skeleton_text(const std::string& name);
  /// It is read from a folder of our own as long as nothing is written.
  [[nodiscard]] Step<void> use_skeleton(const std::string& name, std::string text);
  [[nodiscard]] Stop stopped() const;
  [[nodiscard]] Step<void> find_database();
  [[nodiscard]] std::string empty_database();
  [[nodiscard]] Step<void> open_database();
  /// The tables that the recipe asks and that are there, by size.
  void tell_tables();
  [[nodiscard]] bool is_asked(const std::string& table) const;
  [[nodiscard]] Step<void> find_web();

  // What must be known.

  [[nodiscard]] Step<void> name_it();
  [[nodiscard]] bool is_taken(const std::string& name) const;
  /// What was given and is used by nothing would be missed later.
  [[nodiscard]] Step<void> all_used() const;
  [[nodiscard]] Step<void> fill_in();
  void put(const std::string& name, const std::string& value);
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] Step<void> fill_parameters(const probes::Recipe& recipe);
  /// What was given for a secret, nullopt if nothing was.
  [[nodiscard]] Step<std::optional<Secret>> secret_given(const std::string& key);
  [[nodiscard]] static config::SecretForm form_of(std::string_view key);
  [[nodiscard]] EntrySecret entry_secret(const std::string& key, Secret value) const;
  [[nodiscard]] Step<void> fill_parameter_secrets(const probes::Recipe& recipe);
  /// The flow that was named, the only one, or the one that is chosen; null if the recipe has none.
  [[nodiscard]] Step<const probes::auth::Flow*> choose_flow(const probes::Recipe& recipe);
  [[nodiscard]] Step<void> fill_login(const probes::Recipe& recipe);
  [[nodiscard]] Step<void> fill_text(const probes::auth::Field& field);
  [[nodiscard]] Step<void> fill_secret(const probes::auth::Field& field);
  /// A key of many lines is asked for by its file.
  [[nodiscard]] Step<Secret> ask_for(const probes::auth::Field& field);
  [[nodiscard]] Step<void> fill_hours();
  [[nodiscard]] Step<void> all_told();

  // Trying.

  [[nodiscard]] Step<void> check_rights();
  [[nodiscard]] Step<void> try_it();
  [[nodiscard]] Step<void> try_login();
  /// Lists of objects that the user gave stay; of the others those that are used.
  void choose_objects();
  /// What fails because something is not there or not allowed would fail each time: it is switched off, and said.
  [[nodiscard]] Step<void> probe_all();
  /// What was recognised without its version tells it in what was measured, or does not tell it.
  void tell_version();

  // Writing.

  [[nodiscard]] Step<void> write();
  [[nodiscard]] Step<void> write_files(const std::string& text);
  /// Is there a service of this program with this configuration?
  [[nodiscard]] bool runs_as_service() const;
  void tell_next();

  const SetupOptions& options_;
  const SettingsDefaults& defaults_;
  std::ostream& out_;
  std::ostream& err_;
  std::unique_ptr<Terminal> terminal_;
  Language language_;
  Dialogue dialogue_;
  std::optional<std::string> file_;  ///< agent.yaml as it is; nullopt: there is none
  std::string before_;               ///< the same, or a new one without a CRM
  Address address_;
  Secret password_;  ///< of the database
  std::vector<KnownRecipe> recipes_;
  std::vector<std::string> sources_;  ///< of the recipes: names, or paths
  net::HttpClient client_;
  std::optional<Database> database_;
  std::vector<SeenTable> tables_;
  std::string skeleton_;       ///< a recipe made here; empty: none
  std::string skeleton_file_;  ///< where it is to lie
  std::optional<Draft> draft_;
  Candidate candidate_;
  const probes::auth::Flow* flow_ = nullptr;
  CrmEntry entry_;
  std::optional<Trial> trial_;
  std::optional<Trial::Made> made_;  ///< goes before the trial
  CrmReport report_;
};

}  // namespace crmpulse::agent::setup
