#include "collector/inventory/inventory.h"

namespace crmpulse::collector {

Inventory::Inventory(Parts parts, std::span<const Library> libraries)
    : parts_(parts), libraries_(libraries), started_(parts.engine.now()) {}

void Inventory::add_routes(Router& router) {
  router.add(
      {"GET", "/api/v1/crms/{crm}/rules", AccessRole::viewer,
       [this](const Request& request, const net::Respond& respond) { list_rules(request.part("crm"), respond); }});
  router.add({"GET", "/api/v1/agents", AccessRole::viewer,
              [this](const Request&, net::Respond respond) { list_agents(std::move(respond)); }});
  router.add({"GET", "/api/v1/receivers", AccessRole::viewer,
              [this](const Request&, net::Respond respond) { list_receivers(std::move(respond)); }});
  router.add({"POST", "/api/v1/receivers/{receiver}/test", AccessRole::operator_,
              [this](const Request& request, net::Respond respond) {
                test_receiver(request.part("receiver"), std::move(respond));
              }});
  router.add({"GET", "/api/v1/tokens", AccessRole::admin,
              [this](const Request& request, const net::Respond& respond) { list_tokens(request, respond); }});
  router.add({"POST", "/api/v1/tokens", AccessRole::admin,
              [this](const Request& request, net::Respond respond) { create_token(request, std::move(respond)); }});
  router.add({"DELETE", "/api/v1/tokens/{name}", AccessRole::admin,
              [this](const Request& request, net::Respond respond) { revoke_token(request, std::move(respond)); }});
  router.add({"GET", "/api/v1/about", AccessRole::viewer,
              [this](const Request&, net::Respond respond) { about(std::move(respond)); }});
}

}  // namespace crmpulse::collector
