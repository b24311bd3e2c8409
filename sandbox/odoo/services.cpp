#include "sandbox/odoo/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/odoo/calls.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::string text_at(const array& args, std::size_t place) {
  return place < args.size() && args[place].is_string() ? std::string{args[place].get_string()} : std::string{};
}

Refusal no_method(std::string_view name, const std::string& method) {
  return odoo_error(std::string{name}, "Method not found: " + method);
}

Refusal access_denied() {
  return odoo_error("odoo.exceptions.AccessDenied", "Access Denied");
}

void need_database(const std::string& name) {
  if (name != kOdooDatabase)
    throw odoo_error("psycopg2.OperationalError", "FATAL:  database \"" + name + "\" does not exist");
}

void need_arguments(const ServiceCall& call, std::size_t least, std::size_t most) {
  if (call.args.size() < least || call.args.size() > most)
    throw odoo_error("builtins.TypeError", fmt::format("exp_{}() takes {} positional arguments but {} were given",
                                                       call.method, most, call.args.size()));
}

value log_in(const World& world, const ServiceCall& call, std::string_view operation) {
  // authenticate() has a fourth, about the client; login() has not.
  const std::size_t arguments = call.method == "login" ? 3 : 4;
  need_arguments(call, arguments, arguments);
  need_database(text_at(call.args, 0));
  const bool right =
      text_at(call.args, 1) == world.credentials.username && knows_secret(world, text_at(call.args, 2), operation);
  return right ? value(world.company.api_user()) : value(false);
}

value common(const World& world, const ServiceCall& call, std::string_view operation) {
  if (call.method == "version") return odoo_version();
  if (call.method == "about") return value("See http://openerp.com");
  if (call.method == "login" || call.method == "authenticate") return log_in(world, call, operation);
  throw no_method("builtins.Exception", call.method);
}

constexpr const char* kLanguages = R"json([["en_US", "English (US)"]])json";

/// What needs the master password is denied: it has none.
value databases(const ServiceCall& call) {
  static constexpr std::array<std::string_view, 8> kMasters{
      "create_database", "duplicate_database",    "drop",   "dump",
      "restore",         "change_admin_password", "rename", "migrate_databases"};
  if (call.method == "list") return array{value(kOdooDatabase)};
  if (call.method == "db_exist") return text_at(call.args, 0) == kOdooDatabase;
  if (call.method == "server_version") return odoo_version().at("server_version");
  if (call.method == "list_lang") return boost::json::parse(kLanguages);
  if (std::find(kMasters.begin(), kMasters.end(), call.method) != kMasters.end()) throw access_denied();
  throw no_method("builtins.KeyError", call.method);
}

/// db, uid, password, model, method, then what the method takes: as it comes, or as a list and by name.
value models(World& world, const ServiceCall& call, std::string_view operation) {
  const array& args = call.args;
  const bool by_name = call.method == "execute_kw";
  if (!by_name && call.method != "execute") throw no_method("builtins.NameError", call.method);
  if (args.size() < 5 || (by_name && args.size() > 7))
    throw odoo_error("builtins.TypeError", call.method + "() got a wrong number of arguments");
  need_database(text_at(args, 0));
  if (args[1] != value(world.company.api_user()) || !knows_secret(world, text_at(args, 2), operation))
    throw access_denied();
  OdooCall inner{text_at(args, 3), text_at(args, 4), {}, {}};
  if (!by_name) {
    inner.args = array(args.begin() + 5, args.end());
  } else {
    if (args.size() > 5 && !args[5].is_array())
      throw odoo_error("builtins.TypeError", "the arguments of execute_kw() are a list");
    if (args.size() > 6 && !args[6].is_object() && !args[6].is_null())
      throw odoo_error("builtins.TypeError", "the keyword arguments of execute_kw() are a mapping");
    if (args.size() > 5) inner.args = args[5].get_array();
    if (args.size() > 6 && args[6].is_object()) inner.kwargs = args[6].get_object();
  }
  auto told = execute(world, inner);
  if (!told) throw told.error();
  return std::move(*told);
}

}  // namespace

std::string called_method(const ServiceCall& call) {
  return call.service == "object" ? text_at(call.args, 4) : call.method;
}

Understood<value> answer_service(World& world, const ServiceCall& call, std::string_view operation) {
  return understood([&]() -> value {
    if (call.service == "common") return common(world, call, operation);
    if (call.service == "db") return databases(call);
    if (call.service == "object") return models(world, call, operation);
    throw odoo_error("builtins.KeyError", call.service);
  });
}

bool knows_secret(const World& world, std::string_view secret, std::string_view operation) {
  if (world.fault("token_revoked", operation) != nullptr) return false;
  return secret == world.credentials.client_secret || secret == world.credentials.static_token;
}

value odoo_version() {
  return object{{"server_version", "17.0"},
                {"server_version_info", array{17, 0, 0, "final", 0, ""}},
                {"server_serie", "17.0"},
                {"protocol_version", 1}};
}

}  // namespace crmpulse::sandbox::selfhosted
