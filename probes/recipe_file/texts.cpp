// Texts, pointers and patterns, as every part of a recipe has them.
#include "probes/json/json.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Reader;

}  // namespace

Text read_text(Reader& parent, std::string_view key) {
  Text text;
  const config::Node* node = parent.raw(key);
  if (node != nullptr && node->kind == config::Node::Kind::scalar) {
    parent.get(key, text.en);
    text.zh = text.en;
    return text;
  }
  Reader reader = parent.child(key);
  const bool english = reader.get("en", text.en);
  const bool chinese = reader.get("zh", text.zh);
  if (!reader.has("en") && !reader.has("zh")) reader.missing("en");
  if (!english) text.en = text.zh;
  if (!chinese) text.zh = text.en;
  reader.finish();
  return text;
}

bool is_plain_name(std::string_view text) {
  const bool characters = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                          std::string_view::npos;
  return !text.empty() && characters && (text.front() < '0' || text.front() > '9');
}

void read_pairs(Reader reader, TextPairs& out) {
  for (const std::string& key : reader.keys()) {
    std::string value;
    if (reader.get(key, value)) out.emplace_back(key, value);
  }
}

bool get_pattern(Reader& reader, std::string_view key, Pattern& out, int groups) {
  std::string text;
  if (!reader.get(key, text)) return false;
  const Result<Pattern> pattern = Pattern::make(text);
  if (!pattern) {
    reader.problem(key, pattern.error().message);
    return false;
  }
  if (pattern->groups() < groups) {
    reader.problem(key, "needs a group: the part in brackets is the value");
    return false;
  }
  out = *pattern;
  return true;
}

bool get_pointer(Reader& reader, std::string_view key, std::string& out) {
  if (!reader.get(key, out)) return false;
  if (const auto fault = pointer_fault(out)) reader.problem(key, *fault);
  return true;
}

bool get_pointers(Reader& reader, std::string_view key, std::vector<std::string>& out) {
  if (!reader.get(key, out)) return false;
  for (const std::string& pointer : out) {
    if (const auto fault = pointer_fault(pointer)) reader.problem(key, *fault);
  }
  return true;
}

}  // namespace crmpulse::probes
