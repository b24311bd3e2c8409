#include "probes/auth/flows.h"

#include <algorithm>

#include "probes/auth/flow_table.h"

namespace crmpulse::probes::auth {

std::span<const Flow> flows() {
  static const std::vector<Flow> table{
      jwt_bearer_flow(), client_credentials_flow(), refresh_token_flow(), bearer_flow(),      api_key_flow(),
      basic_flow(),      tryton_session_flow(),     odoo_login_flow(),    recipe_login_flow()};
  return table;
}

const Flow* find_flow(std::string_view name) {
  const auto table = flows();
  const auto found = std::find_if(table.begin(), table.end(), [name](const Flow& flow) { return flow.name == name; });
  return found == table.end() ? nullptr : &*found;
}

Field client_id_field() {
  return {"client_id",
          false,
          true,
          {"Client id or consumer key of the app that is registered in the CRM",
           "在 CRM 中登记的应用的标识：client ID 或 consumer key"}};
}
Field client_secret_field() {
  return {"client_secret", true, true, {"Secret of that app", "该应用的密钥"}};
}
Field username_field() {
  return {"username",
          false,
          true,
          {"User to log in as; give the agent one of its own, with read rights only",
           "用来登录的用户；请使用专用账号，只授予读权限"}};
}
Field password_field() {
  return {"password", true, true, {"That user's password", "该用户的密码"}};
}

}  // namespace crmpulse::probes::auth
