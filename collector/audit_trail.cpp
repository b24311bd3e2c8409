#include "collector/audit_trail.h"

#include <boost/json.hpp>
#include <utility>

#include "collector/text/json_text.h"
#include "core/failure/failure.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMostLogged = 256;

/// What was made, when the answer says so (201 with an `id`), and under whose name.
void describe(const net::HttpResponse& answer, AuditEntry& entry) {
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(answer.body, error);
  if (error || !body.is_object()) return;
  const boost::json::object& object = body.get_object();
  if (answer.status == 201) {
    entry.about = string_member(object, "id");
    if (entry.about.empty()) entry.about = string_member(object, "name");
    entry.author = string_member(object, "author");
  }
  const boost::json::value* const ack = object.if_contains("ack");
  if (ack != nullptr && ack->is_object()) entry.author = string_member(ack->get_object(), "author");
  if (entry.author == entry.who) entry.author.clear();
}

/// Its failure must not undo what is committed with it.
void append(const std::string& state_dir, const AuditEntry& entry) {
  if (auto written = append_audit(state_dir, entry); !written)
    log::error("the audit log cannot be written", {{"why", written.error().message}});
}

}  // namespace

void AuditTrail::add(AuditEntry entry, const net::HttpResponse& answer) {
  entry.at = wall_.now();
  entry.result = std::to_string(answer.status);
  if (answer.status >= 400) return refusals_.add(entry);
  describe(answer, entry);
  write(std::move(entry));
}

void AuditTrail::add_local(std::string who, std::string action, std::string about, std::string result) {
  write({wall_.now(), std::move(who), "local", std::move(action), std::move(about), std::move(result)});
}

void AuditTrail::tick() {
  for (AuditEntry& line : refusals_.take_due(wall_.now())) write(std::move(line));
}

void AuditTrail::close() {
  for (const AuditEntry& line : refusals_.take_all()) append(state_dir_, line);
}

void AuditTrail::write(AuditEntry entry) {
  log::info("audit", {{"who", entry.who},
                      {"from", entry.from},
                      {"action", one_line(entry.action, kMostLogged)},
                      {"about", entry.about},
                      {"author", entry.author},
                      {"result", entry.result}});
  const auto job = [state_dir = state_dir_, entry = std::move(entry)](store::Database&) -> Result<void> {
    append(state_dir, entry);
    return {};
  };
  if (!writer_.submit(job, [](const Result<void>&) {}))
    log::error("the audit log cannot be written", {{"why", "more is arriving than the disk takes"}});
}

}  // namespace crmpulse::collector
