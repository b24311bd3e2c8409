#include "collector/invitation/invitation_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <exception>
#include <filesystem>
#include <utility>

#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/files/state_lock.h"
#include "core/loop_thread.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr const char* kLock = "invitations.lock";
constexpr std::size_t kMostBytes = 4UL * 1024 * 1024;

Result<Invitation> invitation_from(const json::value& value) {
  Invitation out;
  try {
    const json::object& object = value.as_object();
    const auto made = parse_time(std::string_view{object.at("made").as_string()});
    if (!made) return Error{"an invitation has no time"};
    out.agent = std::string_view{object.at("agent").as_string()};
    out.hash = std::string_view{object.at("sha256").as_string()};
    out.made = {*made, std::string{object.at("boot").as_string()},
                Duration{object.at("uptime_ms").to_number<std::int64_t>()}};
    for (const json::value& crm : object.at("crms").as_array()) out.crms.emplace_back(crm.as_string());
  } catch (const std::exception& broken) {
    return Error{fmt::format("an invitation cannot be read: {}", broken.what())};
  }
  return out;
}

json::object to_json(const Invitation& invitation) {
  return {{"agent", invitation.agent},    {"crms", json::array(invitation.crms.begin(), invitation.crms.end())},
          {"sha256", invitation.hash},    {"made", format_time(invitation.made.wall)},
          {"boot", invitation.made.boot}, {"uptime_ms", invitation.made.uptime.count()}};
}

void drop_closed(std::vector<Invitation>& invitations, const TwoClocks& now) {
  std::erase_if(invitations, [&](const Invitation& one) { return !is_open(one, now); });
}

Error not_locked(const std::string& state_dir) {
  return Error{fmt::format("cannot write in {}: run this as its owner, or as root", state_dir)};
}

}  // namespace

InvitationFile::InvitationFile(std::string state_dir)
    : state_dir_(std::move(state_dir)), file_(state_dir_ + "/invitations.json") {}

Result<std::vector<Invitation>> InvitationFile::read() const {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) return std::vector<Invitation>{};
  const auto text = files::read_whole(file_, kMostBytes);
  if (!text) return text.error();
  boost::system::error_code broken;
  const json::value parsed = json::parse(*text, broken);
  if (broken || !parsed.is_array())
    return Error{fmt::format("{} is damaged; delete it and invite the agents anew", file_)};
  std::vector<Invitation> out;
  for (const json::value& value : parsed.get_array()) {
    auto one = invitation_from(value);
    if (!one) return Error{fmt::format("{}: {}", file_, one.error().message)};
    out.push_back(std::move(*one));
  }
  return out;
}

Result<void> InvitationFile::write(const std::vector<Invitation>& invitations) const {
  json::array out;
  for (const Invitation& one : invitations) out.push_back(to_json(one));
  if (auto written = files::replace_private(file_, file_ + ".new", json::serialize(out) + "\n"); !written)
    return written;
  return files::own_like(file_, state_dir_);
}

Result<std::string> InvitationFile::invite(const std::string& agent, const std::vector<std::string>& crms,
                                           const TwoClocks& now) {
  CRMPULSE_OFF_LOOP();
  if (auto fault = token_fault(agent, AccessRole::ingest, {agent, std::nullopt, crms})) {
    return Error{fault->about == "crms" ? std::move(fault->why)
                                        : std::string{"an agent's name must be 1 to 64 printable characters"}};
  }
  auto code = new_code();
  if (!code) return code;
  const files::StateLock lock{state_dir_, kLock};
  if (!lock.held()) return not_locked(state_dir_);
  auto all = read();
  if (!all) return all.error();
  drop_closed(*all, now);
  std::erase_if(*all, [&](const Invitation& one) { return one.agent == agent; });
  if (all->size() >= kMostInvitations)
    return Error{fmt::format("there are {} open invitations already: revoke some", kMostInvitations)};
  all->push_back({agent, crms, hash_of_code(*code), now});
  if (auto written = write(*all); !written) return written.error();
  return code;
}

Result<std::vector<Invitation>> InvitationFile::open_ones(const TwoClocks& now) const {
  CRMPULSE_OFF_LOOP();
  auto all = read();
  if (all) drop_closed(*all, now);
  return all;
}

Result<bool> InvitationFile::revoke(const std::string& agent, const TwoClocks& now) {
  CRMPULSE_OFF_LOOP();
  const files::StateLock lock{state_dir_, kLock};
  if (!lock.held()) return not_locked(state_dir_);
  auto all = read();
  if (!all) return all.error();
  drop_closed(*all, now);
  if (std::erase_if(*all, [&](const Invitation& one) { return one.agent == agent; }) == 0) return false;
  if (auto written = write(*all); !written) return written.error();
  return true;
}

Result<std::optional<InvitationFile::Joined>> InvitationFile::redeem(std::string_view code, TokenStore& tokens,
                                                                     const TwoClocks& now) {
  CRMPULSE_OFF_LOOP();
  const std::string hash = hash_of_code(code);
  const files::StateLock lock{state_dir_, kLock};
  if (!lock.held()) return not_locked(state_dir_);
  auto all = read();
  if (!all) return all.error();
  drop_closed(*all, now);
  // By the digest: how long that takes says nothing about a code that is not known already.
  const auto found = std::find_if(all->begin(), all->end(), [&](const Invitation& one) { return one.hash == hash; });
  if (found == all->end()) return std::optional<Joined>{};
  const Invitation invitation = *found;
  const std::vector<Invitation> before = *all;
  all->erase(found);
  // First it is used, then there is a token: a crash between the two costs an invitation, and never gives two tokens.
  if (auto written = write(*all); !written) return written.error();
  auto token = create_invited_token(tokens, invitation.agent, invitation.crms);
  if (token) return std::optional{Joined{invitation.agent, std::move(*token)}};
  if (auto restored = write(before); !restored)
    return Error{fmt::format("{}; the invitation is used up: {}", token.error().message, restored.error().message)};
  return token.error();
}

}  // namespace crmpulse::collector
