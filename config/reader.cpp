#include "config/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "config/protection/dpapi.h"
#include "config/secret_source.h"
#include "config/suggest.h"
#include "core/files/utf8_path.h"
#include "core/log.h"

namespace crmpulse::config {
namespace {

const Node kNothing{};

std::string_view name_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "a single value";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::mapping: return "a mapping";
  }
  return "nothing";
}

/// Where a problem with this value is shown. A block under a key begins a line later: there the key is meant.
int line_to_show(const Node& node) {
  const bool at_key = node.key_line > 0 && node.kind != Node::Kind::scalar;
  return at_key ? node.key_line : node.line;
}

std::string join(std::string_view path, std::string_view step) {
  if (path.empty() || step.empty() || step.front() == '[') return fmt::format("{}{}", path, step);
  return fmt::format("{}.{}", path, step);
}

struct SecretKeys {
  explicit SecretKeys(std::string_view key)
      : inline_key(key),
        file(inline_key + "_file"),
        dpapi_file(inline_key + "_dpapi_file"),
        variable(inline_key + "_env"),
        credential(inline_key + "_credential") {}
  std::string inline_key, file, dpapi_file, variable, credential;

  [[nodiscard]] std::vector<std::string> all() const { return {inline_key, file, dpapi_file, variable, credential}; }
  /// Those to choose from on this system, for a message.
  [[nodiscard]] std::string choice() const {
    return has_dpapi() ? fmt::format("{}, {}, {} or {}", file, dpapi_file, variable, credential)
                       : fmt::format("{}, {} or {}", file, variable, credential);
  }
};

Result<Secret> warned_of(Result<SecretFromFile> read, const std::string& document, const std::string& path) {
  if (!read) return read.error();
  SecretFromFile& found = read.value();
  if (found.warning) log::warning(*found.warning, {{"file", document}, {"path", path}});
  return std::move(found.secret);
}

}  // namespace

Reader::Reader(const Node& node, std::string path, const std::string& file, Problems& problems)
    : node_(&node), line_(node.line), path_(std::move(path)), file_(&file), problems_(&problems) {
  if (node.kind == Node::Kind::mapping) return;
  if (node.kind != Node::Kind::null) {
    problems_->push_back(
        {*file_, line_to_show(node), path_, fmt::format("must be a mapping, not {}", name_of(node.kind))});
  }
  node_ = &kNothing;
}

const Node* Reader::look(std::string_view key) const {
  const auto found = std::find_if(node_->members.begin(), node_->members.end(),
                                  [&](const auto& member) { return member.first == key; });
  return found == node_->members.end() ? nullptr : &found->second;
}

const Node* Reader::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return look(key);
}

const Node* Reader::scalar(std::string_view key) {
  const Node* node = find(key);
  if (node == nullptr || node->kind == Node::Kind::scalar) return node;
  if (node->kind == Node::Kind::null) {
    problem(key, "has no value");
  } else {
    problem(key, fmt::format("must be a single value, not {}", name_of(node->kind)));
  }
  return nullptr;
}

std::string Reader::path_of(std::string_view key) const {
  return join(path_, key);
}

bool Reader::get(std::string_view key, std::string& out) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  out = node->scalar;
  return true;
}

bool Reader::get(std::string_view key, bool& out) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  if (node->quoted || (node->scalar != "true" && node->scalar != "false")) {
    problem(key, fmt::format("must be true or false, not '{}'", node->scalar));
    return false;
  }
  out = node->scalar == "true";
  return true;
}

bool Reader::get(std::string_view key, int& out, int min, int max) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  int value = 0;
  const std::string& text = node->scalar;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (node->quoted || error != std::errc{} || end != text.data() + text.size()) {
    problem(key, fmt::format("must be a whole number, not '{}'{}", text, node->quoted ? " in quotes" : ""));
    return false;
  }
  if (value < min || value > max) {
    problem(key, fmt::format("must be between {} and {}, not {}", min, max, value));
    return false;
  }
  out = value;
  return true;
}

bool Reader::get(std::string_view key, double& out, double min, double max) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  const auto value = node->quoted
                         ? Result<double>{Error{fmt::format("must be a number, not '{}' in quotes", node->scalar)}}
                         : parse_number(node->scalar);
  if (!value) {
    problem(key, value.error().message);
    return false;
  }
  if (*value < min || *value > max) {
    problem(key, fmt::format("must be between {} and {}, not {}", min, max, *value));
    return false;
  }
  out = *value;
  return true;
}

bool Reader::get(std::string_view key, Duration& out, Duration min, Duration max) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  const auto value = parse_duration(node->scalar);
  if (!value) {
    problem(key, value.error().message);
    return false;
  }
  if (*value < min || *value > max) {
    problem(key, fmt::format("must be between {} and {}, not {}", format_duration(min), format_duration(max),
                             format_duration(*value)));
    return false;
  }
  out = *value;
  return true;
}

bool Reader::get_bytes(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  const auto value = parse_bytes(node->scalar);
  if (!value) {
    problem(key, value.error().message);
    return false;
  }
  if (*value < min || *value > max) {
    problem(key, fmt::format("must be between {} and {} bytes, not {}", min, max, *value));
    return false;
  }
  out = *value;
  return true;
}

bool Reader::get(std::string_view key, std::vector<std::string>& out) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  std::vector<std::string> values;
  if (node->kind == Node::Kind::scalar) values.push_back(node->scalar);
  const bool listed = node->kind == Node::Kind::scalar || node->kind == Node::Kind::sequence;
  if (!listed) problem(key, node->kind == Node::Kind::null ? "has no value" : "must be a list, not a mapping");
  bool good = listed;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    if (node->items[i].kind == Node::Kind::scalar) {
      values.push_back(node->items[i].scalar);
      continue;
    }
    problem_at(node->items[i], fmt::format("{}[{}]", key, i),
               fmt::format("must be a single value, not {}", name_of(node->items[i].kind)));
    good = false;
  }
  if (good) out = std::move(values);
  return good;
}

bool Reader::get_choice(std::string_view key, std::size_t& out, const std::vector<std::string_view>& choices) {
  const Node* node = scalar(key);
  if (node == nullptr) return false;
  const auto found = std::find(choices.begin(), choices.end(), node->scalar);
  if (found == choices.end()) {
    problem(key, fmt::format("must be one of {}, not '{}'", fmt::join(choices, ", "), node->scalar));
    return false;
  }
  out = static_cast<std::size_t>(found - choices.begin());
  return true;
}

bool Reader::get_path(std::string_view key, std::string& out) {
  std::string text;
  if (!get(key, text)) return false;
  if (text.empty()) {
    problem(key, "is an empty path");
    return false;
  }
  const std::filesystem::path path{text};
  out = path.is_absolute() ? text : files::utf8(std::filesystem::path{folder()} / path);
  return true;
}

std::string Reader::folder() const {
  return files::utf8(std::filesystem::path{*file_}.parent_path());
}

bool Reader::get_secret_path(std::string_view key, std::string& out) {
  const SecretKeys keys{key};
  if (find(keys.dpapi_file) != nullptr) {
    problem(keys.dpapi_file,
            fmt::format("a library reads this file by itself, and cannot decrypt it; use {}", keys.file));
    return false;
  }
  const bool in_file = find(keys.file) != nullptr;
  const bool handed_over = find(keys.credential) != nullptr;
  if (!in_file && !handed_over) return false;
  if (in_file && handed_over) {
    problem(keys.file, fmt::format("{} or {}, not both", keys.file, keys.credential));
    return false;
  }
  std::string file;
  std::string name;
  if (in_file && !get_path(keys.file, file)) return false;
  if (handed_over) {
    if (!get(keys.credential, name)) return false;
    const auto found = credential_file(name, folder());
    if (!found) {
      problem(keys.credential, found.error().message);
      return false;
    }
    file = *found;
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    problem(in_file ? keys.file : keys.credential, fmt::format("there is no file '{}'", file));
    return false;
  }
  out = std::move(file);
  return true;
}

bool Reader::get_secret(std::string_view key, Secret& out, SecretForm form, bool allow_inline) {
  const SecretKeys keys{key};
  std::vector<std::string> given;
  for (const std::string& name : keys.all()) {
    if (find(name) != nullptr) given.push_back(name);
  }
  if (given.empty()) return false;
  if (given.size() > 1) {
    problem(given[1], fmt::format("only one of {} may be given", fmt::join(given, ", ")));
    return false;
  }
  const std::string& name = given[0];
  if (name == keys.inline_key && !allow_inline) {
    problem(name, fmt::format("a secret must not be written in this file; use {}", keys.choice()));
    return false;
  }
  if (name == keys.dpapi_file && !has_dpapi()) {
    problem(name, fmt::format("is for Windows; use {}", keys.file));
    return false;
  }
  std::string text;
  const bool is_path = name == keys.file || name == keys.dpapi_file;
  if (!(is_path ? get_path(name, text) : get(name, text))) return false;
  Result<Secret> secret = name == keys.file ? warned_of(secret_from_file(text, form), *file_, path_of(name))
                          : name == keys.dpapi_file
                              ? warned_of(secret_from_dpapi_file(text, form), *file_, path_of(name))
                          : name == keys.variable   ? secret_from_environment(text, form)
                          : name == keys.credential ? secret_from_credential(text, folder(), form)
                                                    : read_secret(text, form, "the text");
  if (!secret) {
    problem(name, secret.error().message);
    return false;
  }
  out = std::move(*secret);
  return true;
}

bool Reader::require_secret(std::string_view key, Secret& out, SecretForm form, bool allow_inline) {
  const SecretKeys keys{key};
  const std::vector<std::string> all = keys.all();
  if (std::any_of(all.begin(), all.end(), [&](const std::string& name) { return has(name); }))
    return get_secret(key, out, form, allow_inline);
  for (const std::string& name : all) find(name);
  problem(key, fmt::format("required; give {}", keys.choice()));
  return false;
}

bool Reader::has(std::string_view key) const {
  if (std::find(looked_for_.begin(), looked_for_.end(), key) == looked_for_.end()) looked_for_.emplace_back(key);
  return look(key) != nullptr;
}

const Node* Reader::raw(std::string_view key) {
  return find(key);
}

Reader Reader::reader_for(const Node& node, std::string_view step) const {
  Reader reader{node, join(path_, step), *file_, *problems_};
  if (reader.line_ == 0) reader.line_ = line_;
  return reader;
}

Reader Reader::child(std::string_view key) {
  const Node* node = find(key);
  return reader_for(node != nullptr ? *node : kNothing, key);
}

std::vector<Reader> Reader::each(std::string_view key) {
  std::vector<Reader> readers;
  const Node* node = find(key);
  if (node == nullptr) return readers;
  if (node->kind == Node::Kind::null) {
    // Items commented out by mistake must not read as "none".
    problem(key, "has no value; write [] when none are meant");
    return readers;
  }
  if (node->kind != Node::Kind::sequence) {
    problem(key, fmt::format("must be a list, not {}", name_of(node->kind)));
    return readers;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i)
    readers.push_back(reader_for(node->items[i], fmt::format("{}[{}]", key, i)));
  return readers;
}

std::vector<std::string> Reader::keys() const {
  std::vector<std::string> names;
  for (const auto& member : node_->members) names.push_back(member.first);
  return names;
}

void Reader::problem(std::string message) {
  problems_->push_back({*file_, line_, path_, std::move(message)});
}

void Reader::problem(std::string_view key, std::string message) {
  const Node* node = look(key);
  problems_->push_back({*file_, node != nullptr ? line_to_show(*node) : line_, path_of(key), std::move(message)});
}

void Reader::problem_at(const Node& node, std::string_view step, std::string message) {
  problems_->push_back({*file_, line_to_show(node), join(path_, step), std::move(message)});
}

void Reader::missing(std::string_view key) {
  find(key);
  problem(key, "required");
}

void Reader::finish() {
  // What was only looked for is known as well: it is read when it is there.
  std::vector<std::string> known = known_;
  for (const std::string& key : looked_for_) {
    if (std::find(known.begin(), known.end(), key) == known.end()) known.push_back(key);
  }
  for (const auto& [key, node] : node_->members) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    problems_->push_back(
        {*file_, node.key_line, path_of(key), fmt::format("unknown key '{}'{}", key, suggestion(key, known))});
  }
}

Result<double> parse_number(std::string_view text) {
  std::string_view digits = text;
  const bool percent = digits.ends_with('%');
  if (percent) digits.remove_suffix(1);
  // As 99.9e-2, so that 99.9% is the number nearest to 0.999: equal to a threshold is a breach.
  const std::string written = percent && digits.find_first_of("eE") == std::string_view::npos
                                  ? std::string{digits} + "e-2"
                                  : std::string{digits};
  double value = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
  const bool whole = error == std::errc{} && end == written.data() + written.size() && !digits.empty();
  if (!whole) return Error{fmt::format("must be a number, not '{}'", text)};
  if (!std::isfinite(value)) return Error{fmt::format("must be a finite number, not '{}'", text)};
  return percent && written.size() == digits.size() ? value / 100 : value;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    unsigned shift;
  };
  constexpr std::array kUnits{Unit{"KiB", 10}, Unit{"MiB", 20}, Unit{"GiB", 30},
                              Unit{"TiB", 40}, Unit{"B", 0},    Unit{"", 0}};
  std::uint64_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& known) { return known.name == name; });
  const bool fits = unit != kUnits.end() && amount <= (~std::uint64_t{0} >> unit->shift);
  if (error != std::errc{} || !fits)
    return Error{fmt::format("must be a size such as 64KiB or 512MiB, not '{}'", text)};
  return amount << unit->shift;
}

}  // namespace crmpulse::config
