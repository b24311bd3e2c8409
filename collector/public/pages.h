#pragma once
// The addresses of the public page. Whoever asks costs little: what is shown is made once every few seconds at most,
// and each form of it once from that. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collector/api/api.h"
#include "collector/http/router.h"
#include "collector/public/status.h"

namespace crmpulse::collector {

class PublicPages {
 public:
  /// Both outlive this.
  PublicPages(Api& api, const EngineLoop& engine) : api_(api), engine_(engine) {}
  void add_routes(Router& router);

  /// How old what is shown may be.
  static constexpr Duration kFresh{std::chrono::seconds{5}};

 private:
  /// Renders one form of the page; nullopt: it does not show that.
  using Render = std::function<std::optional<std::string>(const PublicStatus&)>;
  /// What is asked for: a form of the page, under a name by which it is kept.
  struct Asked {
    std::string form;
    std::string content_type;
    bool by_language = false;  ///< another one gets another language
    bool for_others = false;   ///< pages elsewhere may show it
    std::string known;         ///< `If-None-Match`: what the client has
    Render render;
  };
  struct Rendered {
    std::shared_ptr<const std::string> body;
    std::string etag;
  };

  void answer(const net::HttpRequest& request, Asked asked, net::Respond respond);
  void badge(const Request& request, net::Respond respond);
  void refresh();
  void give(const Asked& asked, const net::Respond& respond);
  [[nodiscard]] bool fresh() const;

  Api& api_;
  const EngineLoop& engine_;
  std::shared_ptr<const PublicStatus> status_;
  const Configuration* made_under_ = nullptr;
  std::map<std::string, Rendered> rendered_;  ///< of status_, by form
  std::vector<std::function<void(bool)>> waiting_;
};

/// Returns the language that a request asks for: `lang=` of the query, else the first of Accept-Language that is known.
[[nodiscard]] Language wanted_language(const net::HttpRequest& request);

}  // namespace crmpulse::collector
