#include "collector/invitation/desk.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "collector/api/api.h"
#include "collector/api/body.h"
#include "collector/http/answers.h"
#include "collector/invitation/join_line.h"
#include "collector/invitation/renewal.h"
#include "core/files/public_file.h"
#include "core/log.h"
#include "net/certificates/bundle.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestCode = 256;

net::HttpResponse not_done(std::string_view what, const Error& why) {
  log::error("an invitation cannot be served", {{"what", std::string{what}}, {"why", why.message}});
  return busy_answer("the invitations cannot be read or written now; the collector's log says why");
}

/// Nobody else may keep what is shown once.
net::HttpResponse secret_answer(const json::object& body) {
  net::HttpResponse answer = json_answer(body, 201);
  answer.headers.emplace_back("Pragma", "no-cache");
  return answer;
}

json::object invitation_json(const Invitation& one) {
  return {{"agent", one.agent},
          {"crms", json::array(one.crms.begin(), one.crms.end())},
          {"created_at", format_time(one.made.wall)},
          {"expires_at", format_time(one.expires())}};
}

/// A member of no value is null.
json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

struct Wanted {
  std::string agent;
  std::vector<std::string> crms;
};

Checked<Wanted> read_wanted(const json::object& body) {
  if (auto wrong = unknown_member(body, {"agent", "crms"})) return *wrong;
  auto agent = text_member(body, "agent");
  if (!agent) return agent.error();
  auto crms = read_crms(body);
  if (!crms) return crms.error();
  if (auto fault = token_fault(*agent, AccessRole::ingest, {*agent, std::nullopt, *crms})) {
    if (fault->about == "crms") return FieldError{"crms", fault->why};
    return FieldError{"agent", "an agent's name must be 1 to 64 printable characters"};
  }
  return Wanted{std::move(*agent), std::move(*crms)};
}

}  // namespace

InvitationDesk::InvitationDesk(Parts parts) : parts_(std::move(parts)) {
  parts_.access.on_replacement([this](const Token& token) { revoke_replaced_by(token); });
}

void InvitationDesk::add_routes(Router& router) {
  router.add({"GET", "/api/v1/ca", std::nullopt,
              [this](const Request&, const net::Respond& respond) { show_authority(respond); }});
  router.add({"POST", "/api/v1/join", std::nullopt,
              [this](const Request& request, const net::Respond& respond) { join(request, respond); }});
  router.add({"GET", "/api/v1/invitations", AccessRole::admin,
              [this](const Request&, const net::Respond& respond) { list(respond); }});
  router.add({"POST", "/api/v1/invitations", AccessRole::admin,
              [this](const Request& request, const net::Respond& respond) { invite(request, respond); }});
  router.add({"DELETE", "/api/v1/invitations/{agent}", AccessRole::admin,
              [this](const Request& request, const net::Respond& respond) { revoke(request.part("agent"), respond); }});
}

template <class Work, class Then>
void InvitationDesk::with_files(const net::Respond& respond, Work work, Then then) {
  if (waiting_ >= kMostWaiting) return respond(busy_answer("too many agents join at once"));
  ++waiting_;
  parts_.files.run(std::move(work), [this, respond, then = std::move(then)](auto made) {
    --waiting_;
    respond(then(std::move(made)));
  });
}

/// Open: who is to trust an authority compares its hash, and nothing of it is secret.
void InvitationDesk::show_authority(const net::Respond& respond) {
  const auto configuration = parts_.configuration();
  if (!configuration->settings.authority)
    return respond(error_answer(404, "not_found", "this collector's certificate is not of an authority of its own"));
  with_files(
      respond, [file = configuration->settings.authority->ca_file] { return files::read_whole(file, kMostPemBytes); },
      [](const Result<std::string>& text) {
        const auto bundle = text ? net::read_bundle(*text) : Result<net::CertificateBundle>{text.error()};
        return bundle ? text_answer(bundle->pem, "application/x-pem-file") : not_done("ca", bundle.error());
      });
}

void InvitationDesk::list(const net::Respond& respond) {
  with_files(
      respond,
      [state_dir = parts_.configuration()->settings.state_dir] {
        return InvitationFile{state_dir}.open_ones(two_clocks());
      },
      [](const Result<std::vector<Invitation>>& open) {
        if (!open) return not_done("list", open.error());
        json::array out;
        for (const Invitation& one : *open) out.push_back(invitation_json(one));
        return json_answer(json::object{{"invitations", std::move(out)}});
      });
}

void InvitationDesk::invite(const Request& request, const net::Respond& respond) {
  auto body = read_body(request);
  if (!body) return respond(body.error());
  auto wanted = read_wanted(*body);
  if (!wanted) return respond(wrong_field(wanted.error()));
  struct Made {
    Result<std::string> code;
    Result<JoinAddress> address;
    TimePoint expires;
  };
  const auto configuration = parts_.configuration();
  with_files(
      respond,
      [configuration, wanted = *wanted] {
        const TwoClocks now = two_clocks();
        InvitationFile file{configuration->settings.state_dir};
        auto code = file.invite(wanted.agent, wanted.crms, now);
        return Made{std::move(code), join_address(configuration->settings), now.wall + kInvitationLifetime};
      },
      [agent = wanted->agent](const Made& made) {
        if (!made.code) return not_done("invite", made.code.error());
        const std::string line = made.address ? join_line(*made.address, *made.code) : std::string{};
        return secret_answer({{"name", agent},
                              {"agent", agent},
                              {"code", *made.code},
                              {"expires_at", format_time(made.expires)},
                              {"ca_hash", text_or_null(made.address ? made.address->ca_hash : std::string{})},
                              {"command", text_or_null(line)}});
      });
}

void InvitationDesk::revoke(const std::string& agent, const net::Respond& respond) {
  with_files(
      respond,
      [state_dir = parts_.configuration()->settings.state_dir, agent] {
        return InvitationFile{state_dir}.revoke(agent, two_clocks());
      },
      [](const Result<bool>& revoked) {
        if (!revoked) return not_done("revoke", revoked.error());
        return *revoked ? net::HttpResponse{204, {}, {}} : no_such("invitation");
      });
}

void InvitationDesk::join(const Request& request, const net::Respond& respond) {
  AuditEntry entry;
  entry.who = "invitation";
  entry.from = request.remote_address;
  entry.action = fmt::format("{} {}", request.method, request.path);
  const net::Respond answer = [audit = parts_.audit, entry, respond](net::HttpResponse response) {
    audit(entry, response);
    respond(std::move(response));
  };
  auto body = read_body(request);
  if (!body) return answer(body.error());
  if (auto wrong = unknown_member(*body, {"code"})) return answer(wrong_field(*wrong));
  const auto code = text_member(*body, "code");
  if (!code) return answer(wrong_field(code.error()));
  if (code->empty() || code->size() > kLongestCode)
    return answer(wrong_field({"code", "must be the code of an invitation"}));
  struct Outcome {
    Result<std::optional<InvitationFile::Joined>> joined;
    Tokens::Read tokens;
  };
  // Who asks is in the head alone: the body has been read.
  net::HttpRequest asker;
  asker.remote_address = request.remote_address;
  with_files(
      answer,
      [state_dir = parts_.configuration()->settings.state_dir, store = parts_.access.token_store(), code = *code] {
        auto joined = InvitationFile{state_dir}.redeem(code, *store, two_clocks());
        return Outcome{std::move(joined), store->read_if_changed()};
      },
      [this, asker](Outcome outcome) {
        parts_.access.take(std::move(outcome.tokens));
        if (!outcome.joined) return not_done("join", outcome.joined.error());
        if (!*outcome.joined)
          return parts_.access.wrong_secret(
              asker, "this code is not that of an open invitation: it was used, is over an hour old, or was revoked",
              "code");
        const InvitationFile::Joined& joined = **outcome.joined;
        log::info("an agent has joined", {{"agent", joined.agent}, {"token", joined.token.name}});
        return secret_answer({{"agent", joined.agent}, {"name", joined.token.name}, {"token", joined.token.secret}});
      });
}

/// A token of an earlier invitation is good until the agent shows the new one: between the two nothing is refused.
void InvitationDesk::revoke_replaced_by(const Token& token) {
  if (!revoking_.insert(token.name).second) return;
  struct Outcome {
    Result<std::vector<std::string>> revoked;
    Tokens::Read tokens;
  };
  parts_.files.run(
      [store = parts_.access.token_store(), name = token.name] {
        auto revoked = revoke_replaced(*store, name);
        return Outcome{std::move(revoked), store->read_if_changed()};
      },
      [this, name = token.name](Outcome outcome) {
        revoking_.erase(name);
        parts_.access.take(std::move(outcome.tokens));
        if (!outcome.revoked)
          return log::error("replaced tokens cannot be revoked",
                            {{"by", name}, {"why", outcome.revoked.error().message}});
        for (const std::string& one : *outcome.revoked)
          parts_.audit_own("token revoke", fmt::format("{}, replaced by {}", one, name));
      });
}

}  // namespace crmpulse::collector
