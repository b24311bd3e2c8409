// What people write down about an incident: lines of its timeline, also when it is over.

#include <fmt/format.h>

#include <algorithm>

#include "collector/api/api.h"
#include "collector/api/body.h"
#include "collector/http/answers.h"
#include "collector/incident/timeline.h"
#include "collector/message/compose.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestNote = 2000;  ///< characters
constexpr std::int64_t kMostNotes = 200;    ///< of one incident

/// Several lines are fine: a note may be the draft of a post-mortem.
std::optional<FieldError> check_note(const std::string& text) {
  const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control))
    return FieldError{"text", "must not have control characters other than the ends of lines"};
  std::string flat = text;
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  return check_text("text", flat, kLongestNote, true);
}

Checked<Note> read_note(const json::object& body, const std::string& who) {
  if (auto wrong = unknown_member(body, {"author", "text"})) return *wrong;
  auto author = read_author(body, who);
  if (!author) return author.error();
  auto text = text_member(body, "text");
  if (!text) return text.error();
  if (auto wrong = check_note(*text)) return *wrong;
  return Note{{}, std::move(*author), std::move(*text), {}};
}

}  // namespace

void Api::add_note(const Request& request, const std::string& id, net::Respond respond) {
  auto body = read_body(request);
  if (!body) return respond(body.error());
  auto note = read_note(*body, request.caller.name());
  if (!note) return respond(wrong_field(note.error()));
  note->at = engine_.now();
  note->id = message_id(note->at, "note", id, ++made_);
  const auto noted = audit(request, "incident.note", id, note->author);
  const auto job = [id, note = std::move(*note)](store::Database& database) -> Result<net::HttpResponse> {
    const auto known = store::get_incident(database, id);
    if (!known) return known.error();
    if (!*known) return no_such("incident");
    const json::object line = note_line(note);
    const auto added = store::add_note(database, {id, note.at, 0, to_text(line)}, kMostNotes);
    if (!added) return added.error();
    if (!*added) return error_answer(409, "too_many", fmt::format("the incident has {} notes already", kMostNotes));
    return json_answer(line, 201);
  };
  from_store(job, std::move(respond), [noted](const net::HttpResponse& answer) {
    if (answer.status == 201) noted();
  });
}

}  // namespace crmpulse::collector
