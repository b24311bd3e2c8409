#include "tests/probes/recipes/sandbox_host.h"

#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <stdexcept>

namespace crmpulse::test {
namespace {

std::string text_of_file(const std::string& file) {
  std::ifstream stream{file};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

std::vector<std::unique_ptr<sandbox::VendorApi>> all_vendor_apis() {
  std::vector<std::unique_ptr<sandbox::VendorApi>> apis;
  apis.push_back(sandbox::make_salesforce());
  apis.push_back(sandbox::make_hubspot());
  apis.push_back(sandbox::make_zoho());
  apis.push_back(sandbox::make_dynamics());
  apis.push_back(sandbox::make_pipedrive());
  apis.push_back(sandbox::make_odoo());
  apis.push_back(sandbox::make_suitecrm());
  apis.push_back(sandbox::make_espocrm());
  return apis;
}

SandboxHost::SandboxHost() : clock_(std::chrono::floor<std::chrono::seconds>(wall_now())), twin_(clock_.now()) {
  // Salesforce knows an app by the certificate that belongs to its private key, which is RSA.
  run_to_end({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=sandbox",
              "-keyout", directory_.path() + "/server.key", "-out", directory_.path() + "/server.crt"});
  credentials_.jwt_public_key = text_of_file(directory_.path() + "/server.crt");
  places_ = {{"${private_key_file}", directory_.path() + "/server.key"},
             {"${client_secret_file}", keep("client_secret", credentials_.client_secret)},
             {"${refresh_token_file}", keep("refresh_token", credentials_.refresh_token)},
             {"${static_token_file}", keep("static_token", credentials_.static_token)},
             {"${wrong_secret_file}", keep("wrong_secret", "not-the-secret")},
             {"${client_id}", credentials_.client_id},
             {"${username}", credentials_.username}};
  sandbox::VendorHostOptions options;
  options.credentials = credentials_;
  host_ = std::make_unique<sandbox::VendorHost>(loop_, clock_, options, all_vendor_apis());
  auto server = net::HttpServer::listen(loop_, {}, [this](net::HttpRequest request, const net::Respond& respond) {
    clock_.advance(step_);
    host_->handle(std::move(request), respond);
  });
  if (!server) throw std::runtime_error(server.error().message);
  server_ = std::move(*server);
  places_.emplace_back("${sandbox}", url());
  thread_ = std::thread{[this] { loop_.run(); }};
}

SandboxHost::~SandboxHost() {
  loop_.stop();
  thread_.join();
}

std::string SandboxHost::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port());
}

std::string SandboxHost::keep(const std::string& name, const std::string& secret) {
  const std::string file = directory_.path() + "/" + name;
  std::ofstream{file} << secret;
  ::chmod(file.c_str(), 0600);
  return file;
}

net::HttpResponse SandboxHost::ask(net::HttpRequest request) {
  auto answer = std::make_shared<std::promise<net::HttpResponse>>();
  auto came = answer->get_future();
  loop_.post([this, request = std::move(request), answer] {
    host_->handle(request, [answer](net::HttpResponse response) { answer->set_value(std::move(response)); });
  });
  return came.get();
}

void SandboxHost::move_clock_with_each_call(Duration step) {
  std::promise<void> moved;
  loop_.post([&] {
    step_ = step;
    moved.set_value();
  });
  moved.get_future().wait();
}

void SandboxHost::fault(const std::string& crm, const std::string& members) {
  const auto answer = ask({"POST", "/_sandbox/faults", {}, {}, {}, R"({"crm":")" + crm + "\"," + members + "}", {}});
  if (answer.status != 200) throw std::runtime_error("fault " + members + ": " + answer.body);
}

void SandboxHost::clear_faults() {
  (void)ask({"DELETE", "/_sandbox/faults", {}, {}, {}, {}, {}});
}

boost::json::object SandboxHost::requests(const std::string& crm, const std::string& operation) {
  net::HttpRequest request{"GET", "/_sandbox/requests", {{"crm", crm}}, {}, {}, {}, {}};
  if (!operation.empty()) request.query["operation"] = operation;
  return boost::json::parse(ask(std::move(request)).body).as_object();
}

std::uint64_t SandboxHost::count(const std::string& crm, const std::string& operation) {
  return requests(crm, operation).at("total").to_number<std::uint64_t>();
}

void SandboxHost::forget_requests() {
  (void)ask({"DELETE", "/_sandbox/requests", {}, {}, {}, {}, {}});
}

std::size_t SandboxHost::archive_won_deals(std::size_t most) {
  const auto ask_pipedrive = [&](const std::string& method, const std::string& path,
                                 std::map<std::string, std::string, std::less<>> query, const std::string& body) {
    net::HttpRequest request;
    request.method = method;
    request.path = path;
    request.query = std::move(query);
    request.headers = {{"x-api-token", credentials_.static_token}};
    request.body = body;
    return boost::json::parse(ask(std::move(request)).body).as_object();
  };
  const auto deals = ask_pipedrive("GET", "/api/v2/deals", {{"status", "won"}, {"limit", std::to_string(most)}}, {});
  std::size_t archived = 0;
  for (const auto& deal : deals.at("data").as_array()) {
    const std::string path = "/api/v2/deals/" + boost::json::serialize(deal.at("id"));
    const auto told = ask_pipedrive("PATCH", path, {}, R"({"is_archived":true})");
    archived += told.at("data").at("is_archived").as_bool() ? 1 : 0;
  }
  return archived;
}

std::size_t SandboxHost::set_lead_status(const std::string& status, std::size_t most) {
  const auto ask_espocrm = [&](const std::string& method, const std::string& path,
                               std::map<std::string, std::string, std::less<>> query, const std::string& body) {
    net::HttpRequest request;
    request.method = method;
    request.path = "/api/v1/Lead" + path;
    request.query = std::move(query);
    request.headers = {{"x-api-key", credentials_.static_token}};
    request.body = body;
    return boost::json::parse(ask(std::move(request)).body).as_object();
  };
  const auto leads = ask_espocrm("GET", "",
                                 {{"where[0][type]", "equals"},
                                  {"where[0][attribute]", "status"},
                                  {"where[0][value]", "New"},
                                  {"maxSize", std::to_string(most)}},
                                 {});
  std::size_t changed = 0;
  for (const auto& lead : leads.at("list").as_array()) {
    const std::string id{lead.at("id").as_string()};
    const auto told = ask_espocrm("PUT", "/" + id, {}, R"({"status":")" + status + "\"}");
    changed += told.at("status").as_string() == status ? 1 : 0;
  }
  return changed;
}

std::string SandboxHost::fill(std::string text) const {
  for (const auto& [name, value] : places_) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  }
  return text;
}

std::vector<std::string> SandboxHost::secrets() const {
  return {credentials_.client_secret, credentials_.refresh_token, credentials_.static_token,
          // tokens the vendors give out begin with these
          "-access-", "Bearer ", "BEGIN PRIVATE KEY", "PRIVATE KEY"};
}

std::string SandboxHost::new_state_dir() {
  const std::string path = directory_.path() + "/state-" + std::to_string(++state_dirs_);
  std::filesystem::create_directory(path);
  return path;
}

}  // namespace crmpulse::test
