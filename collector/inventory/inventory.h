#pragma once
// What is set up and in force, for the page and for scripts: the rules of a CRM, agents, receivers, tokens, the program
// itself. Belongs to the loop's thread.

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/api/api.h"
#include "collector/delivery/notifier.h"
#include "collector/delivery/sender.h"
#include "collector/engine/engine_loop.h"
#include "collector/http/access.h"
#include "collector/http/router.h"
#include "collector/inventory/trial.h"
#include "core/version/library.h"
#include "net/loop/file_thread.h"
#include "store/history/kept_sizes.h"

namespace crmpulse::collector {

class Inventory {
 public:
  /// All of them outlive this.
  struct Parts {
    net::Loop& loop;
    net::FileThread& files;
    Clients clients;
    Api& api;
    const EngineLoop& engine;
    Access& access;
    const Notifier& notifier;
    /// Returns what the store's contents are kept for; empty until somebody looked.
    std::function<std::vector<store::KeptSize>()> contents;
  };
  /// `libraries` is what the program is made of.
  Inventory(Parts parts, std::span<const Library> libraries);
  void add_routes(Router& router);
  /// Returns true if no test message and no change of the tokens is under way.
  [[nodiscard]] bool idle() const { return trial_ == nullptr && token_changes_ == 0; }

  static constexpr std::size_t kMostTokens = 10'000;

 private:
  void list_rules(const std::string& crm, const net::Respond& respond) const;
  void list_agents(net::Respond respond) const;
  void list_receivers(net::Respond respond);
  void test_receiver(const std::string& name, net::Respond respond);
  void list_tokens(const Request& request, const net::Respond& respond) const;
  void create_token(const Request& request, net::Respond respond);
  void revoke_token(const Request& request, net::Respond respond);
  void about(net::Respond respond);

  /// Runs `change` on the file thread; once the tokens are known anew, `then` answers.
  void change_tokens(std::function<Result<std::string>(TokenStore&)> change,
                     std::function<net::HttpResponse(const Result<std::string>&)> then, net::Respond respond);
  [[nodiscard]] bool has_token(std::string_view name) const;

  Parts parts_;
  std::span<const Library> libraries_;
  TimePoint started_;
  std::shared_ptr<Trial> trial_;  ///< the test message that is under way
  int token_changes_ = 0;         ///< under way
};

/// Returns the rules that judge a CRM with these labels, in the order of their files: of several with one id the last
/// that applies.
[[nodiscard]] std::vector<const Rule*> rules_in_force(const std::vector<Rule>& rules, const Labels& labels);
[[nodiscard]] boost::json::object rule_json(const Rule& rule);

}  // namespace crmpulse::collector
