#include "tests/probes/auth/vendor.h"

#include <poll.h>

#include <catch2/catch.hpp>
#include <future>

#include "core/text/percent.h"
#include "tests/probes/auth/keys.h"

namespace crmpulse::test {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

Vendor::Vendor(Answer answer) : answer_(std::move(answer)) {
  server_ = net::HttpServer::listen(loop_, {}, [this](const net::HttpRequest& request, const net::Respond& respond) {
              serve(request, respond);
            }).value();
  thread_ = std::thread{[this] { loop_.run(); }};
}

Vendor::~Vendor() {
  loop_.stop();
  thread_.join();
  held_.clear();
  server_.reset();
}

void Vendor::serve(const net::HttpRequest& request, const net::Respond& respond) {
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (!held_back_) answer = answer_;
  }
  if (answer)
    respond(answer(request));
  else
    held_.emplace_back(request, respond);
}

void Vendor::answer(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void Vendor::hold_back(bool on) {
  {
    const std::lock_guard lock(mutex_);
    held_back_ = on;
  }
  if (on) return;
  loop_.post([this] {
    for (const auto& [request, respond] : std::exchange(held_, {})) respond(answer_(request));
  });
}

std::vector<net::HttpRequest> Vendor::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string Vendor::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
}

net::HttpResponse json(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

Vendor::Answer tokens(std::string more) {
  return [more = std::move(more), number = std::make_shared<int>(0)](const net::HttpRequest&) {
    return json(200,
                "{\"access_token\":\"TOKEN-" + std::to_string(++*number) + "\",\"token_type\":\"Bearer\"" + more + "}");
  };
}

std::map<std::string, std::string> form_of(const net::HttpRequest& request) {
  std::map<std::string, std::string> out;
  std::string_view rest = request.body;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    out[percent_decoded(pair.substr(0, equals))] = percent_decoded(pair.substr(equals + 1));
  }
  return out;
}

std::vector<std::filesystem::path> StateDir::token_files() const {
  std::vector<std::filesystem::path> out;
  if (!std::filesystem::exists(folder_.path("tokens"))) return out;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path("tokens"))) out.push_back(entry.path());
  return out;
}

namespace {

/// `${name}` alone or not at all, in the values of forms and headers.
std::string filled(const std::string& text, const auth::LoginValues& values) {
  if (!text.starts_with("${") || !text.ends_with('}')) return text;
  const auto known = values.find(text.substr(2, text.size() - 3));
  return known == values.end() ? std::string{} : known->second;
}

}  // namespace

Result<net::ClientRequest> fill_in_form(const probes::HttpCall& call, const auth::LoginValues& values) {
  net::ClientRequest request;
  request.method = call.method;
  request.url = call.url;
  for (const auto& [name, text] : call.headers) request.headers.emplace_back(name, filled(text, values));
  for (const auto& [name, text] : call.form)
    request.body += (request.body.empty() ? "" : "&") + name + "=" + percent_encoded(filled(text, values));
  if (!call.form.empty()) request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  return request;
}

std::shared_ptr<auth::Session> Program::session(const probes::AuthFlow& flow, const auth::LoginSettings& settings,
                                                const std::string& state_dir) {
  auth::RecipeRequests requests;
  if (flow.request) requests.fill_in = fill_in_form;
  auto session = sessions_->get(flow, settings, {}, {}, state_dir, std::move(requests));
  REQUIRE(session);
  return session;
}

Answered access(auth::Session& session, Duration patience) {
  auto promise = std::make_shared<std::promise<Answered>>();
  auto future = promise->get_future();
  session.access(std::chrono::steady_clock::now() + patience,
                 [promise](auto result, auto login) { promise->set_value({std::move(result), std::move(login)}); });
  if (future.wait_for(patience + std::chrono::seconds{20}) != std::future_status::ready)
    throw std::runtime_error("access() does not answer");
  return future.get();
}

std::string header(auth::Session& session) {
  const auto [result, login] = access(session);
  return result.has_value() && result->headers.size() == 1 ? result->headers[0].first + ": " + result->headers[0].second
                                                           : std::string{};
}

probes::AuthFlow flow_named(std::string_view name, const std::string& url) {
  probes::AuthFlow flow;
  flow.flow = name;
  const bool own_way = name == "tryton_session" || name == "odoo_login";
  (own_way ? flow.url : flow.token_url) = url;
  if (name == "login") {
    flow.request.emplace();
    flow.request->method = "POST";
    flow.request->url = flow.url = url;
    flow.request->form = {{"user", "${username}"}, {"pass", "${password}"}};
    flow.request->expect_status.clear();
    flow.token = "/access_token";
  }
  if (name == "jwt_bearer") flow.audience = "https://login.example.com";
  if (name == "odoo_login") flow.database = "crm";
  return flow;
}

auth::LoginSettings settings_for(std::string_view flow) {
  auth::LoginSettings settings;
  settings.flow = flow;
  for (const auth::Field& field : auth::find_flow(flow)->fields) {
    const std::string name{field.name};
    if (!field.secret)
      settings.texts[name] = "monitor-" + name;
    else
      settings.secrets[name] = Secret{name == "private_key" ? test_key().private_pem : "hidden+" + name};
  }
  return settings;
}

}  // namespace crmpulse::test
