#include "agent/setup/entry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/files/utf8_path.h"
#include "core/text/ascii.h"
#include "core/time/hours.h"

namespace crmpulse::agent::setup {
namespace {

std::string variable_of(const EntrySecret& secret) {
  std::string name = "CRMPULSE_SETUP_";
  for (const char c : secret.key) name += ascii::upper(c);
  return name;
}

std::string secret_line(const EntrySecret& secret, SecretsIn where) {
  if (where == SecretsIn::environment) return fmt::format("{}_env: {}", secret.key, variable_of(secret));
  return fmt::format("{}_credential: {}", secret.key, yaml_value(secret.credential));
}

std::string list_of(const std::vector<std::string>& items) {
  std::vector<std::string> values;
  for (const std::string& item : items) values.push_back(yaml_value(item));
  return fmt::format("[{}]", fmt::join(values, ", "));
}

void put_section(std::vector<std::string>& out, std::string_view name, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out.push_back(fmt::format("{}:", name));
  for (const std::string& line : lines) out.push_back("  " + line);
}

std::vector<std::string> with_lines(const CrmEntry& entry, SecretsIn secrets) {
  std::vector<std::string> out;
  for (const auto& [name, value] : entry.with) out.push_back(fmt::format("{}: {}", name, yaml_value(value)));
  for (const auto& [name, items] : entry.lists) out.push_back(fmt::format("{}: {}", name, list_of(items)));
  for (const EntrySecret& secret : entry.with_secrets) out.push_back(secret_line(secret, secrets));
  return out;
}

std::vector<std::string> auth_lines(const CrmEntry& entry, SecretsIn secrets) {
  std::vector<std::string> out;
  if (!entry.flow.empty()) out.push_back(fmt::format("flow: {}", entry.flow));
  for (const auto& [name, value] : entry.auth) out.push_back(fmt::format("{}: {}", name, yaml_value(value)));
  for (const EntrySecret& secret : entry.auth_secrets) out.push_back(secret_line(secret, secrets));
  return out;
}

std::string without_newlines(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::vector<std::string> off_lines(const CrmEntry& entry) {
  std::vector<std::string> out;
  for (const auto& [id, why] : entry.off)
    out.push_back(fmt::format("{}: {{enabled: false}}   # {}", id, without_newlines(why)));
  return out;
}

bool is_plain(std::string_view text) {
  constexpr std::string_view kInside = "/:._-@%+=&?";
  constexpr std::array<std::string_view, 8> kWords{"true", "false", "null", "yes", "no", "on", "off", "~"};
  if (text.empty() || text.ends_with(':')) return false;
  const std::string lower = ascii::lower(text);
  if (lower != "true" && lower != "false" && std::find(kWords.begin(), kWords.end(), lower) != kWords.end())
    return false;
  if (!ascii::is_letter(text.front()) && text.front() != '/' && !ascii::is_digit(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return ascii::is_letter(c) || ascii::is_digit(c) || kInside.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string yaml_value(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

std::vector<std::string> entry_lines(const CrmEntry& entry, SecretsIn secrets) {
  const bool trial = secrets == SecretsIn::environment && !entry.trial_recipe.empty();
  const std::string& recipe = trial ? entry.trial_recipe : entry.recipe;
  std::vector<std::string> out{fmt::format("name: {}", yaml_value(entry.name)),
                               fmt::format("recipe: {}", yaml_value(recipe))};
  if (entry.hours) {
    const EntryHours& hours = *entry.hours;
    out.push_back(fmt::format("hours: {{days: {}, from: \"{}\", to: \"{}\", tz: {}}}   # when its people work",
                              hours.days.find(',') == std::string::npos ? hours.days : fmt::format("[{}]", hours.days),
                              hours.from, hours.to, hours.zone));
  }
  put_section(out, "with", with_lines(entry, secrets));
  put_section(out, "auth", auth_lines(entry, secrets));
  if (!entry.ca_file.empty()) out.push_back(fmt::format("http: {{ca_file: {}}}", yaml_value(entry.ca_file)));
  put_section(out, "measurements", off_lines(entry));
  return out;
}

void put_into_environment(const CrmEntry& entry) {
  for (const auto* secrets : {&entry.with_secrets, &entry.auth_secrets}) {
    for (const EntrySecret& secret : *secrets) {
#ifdef _WIN32
      ::_putenv_s(variable_of(secret).c_str(), secret.value.reveal().c_str());
#else
      ::setenv(variable_of(secret).c_str(), secret.value.reveal().c_str(), 1);
#endif
    }
  }
}

std::optional<EntryHours> hours_of(std::string_view text) {
  const std::size_t blank = text.find(' ');
  const std::size_t dash = text.rfind('-');
  if (blank == std::string_view::npos || dash == std::string_view::npos || dash < blank) return std::nullopt;
  std::string_view from = text.substr(blank, dash - blank);
  from.remove_prefix(std::min(from.find_first_not_of(' '), from.size()));
  EntryHours hours{std::string{text.substr(0, blank)}, std::string{from}, std::string{text.substr(dash + 1)}, {}};
  std::string_view days = hours.days;
  while (!days.empty()) {
    const std::size_t comma = std::min(days.find(','), days.size());
    if (days_from(days.substr(0, comma)) == 0) return std::nullopt;
    days.remove_prefix(std::min(comma + 1, days.size()));
  }
  if (!clock_from(hours.from) || !clock_from(hours.to)) return std::nullopt;
  return hours;
}

std::string own_zone() {
  const char* const named = std::getenv("TZ");
  std::string zone = named == nullptr ? "" : named;
  if (zone.starts_with(':')) zone.erase(0, 1);
  std::error_code error;
  if (zone.empty()) {
    const std::string link = files::utf8(std::filesystem::read_symlink("/etc/localtime", error));
    const std::size_t at = link.find("zoneinfo/");
    if (at != std::string::npos) zone = link.substr(at + std::string_view{"zoneinfo/"}.size());
  }
  if (zone.empty()) {
    std::ifstream file{"/etc/timezone"};
    std::getline(file, zone);
  }
  // `Etc/UTC` and the like is a machine's zone, hardly that of people.
  return zone.starts_with("Etc/") ? "UTC" : zone;
}

}  // namespace crmpulse::agent::setup
