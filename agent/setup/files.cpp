#include "agent/setup/files.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/files/utf8_path.h"
#include "probes/template/template.h"

#ifndef _WIN32
#include <unistd.h>
#endif

namespace crmpulse::agent::setup {
namespace {

namespace fs = std::filesystem;

/// Where the file itself lies, behind links.
std::string real_file(const std::string& file) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  return error ? file : files::utf8(real);
}

}  // namespace

Result<std::optional<std::string>> text_of_file(const std::string& file) {
  std::error_code error;
  if (!fs::exists(file, error)) return std::optional<std::string>{};
  std::ifstream stream{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream.is_open() || stream.bad()) return Error{fmt::format("cannot read {}", file)};
  return std::optional{std::move(text)};
}

std::optional<Error> not_writable(const std::string& file) {
  std::error_code error;
  const fs::path folder = fs::path{real_file(file)}.parent_path();
  if (!fs::is_directory(folder, error)) return Error{fmt::format("there is no folder {}", files::utf8(folder))};
#ifndef _WIN32
  if (::access(folder.c_str(), W_OK) != 0)
    return Error{fmt::format("cannot write into {}: run it as root (sudo), or name another file with --config",
                             files::utf8(folder))};
#endif
  return std::nullopt;
}

Result<void> replace_text(const std::string& file, const std::optional<std::string>& before, std::string_view after) {
  const std::string real = real_file(file);
  const auto now = text_of_file(real);
  if (!now) return now.error();
  if (*now != before) return Error{fmt::format("{} was changed meanwhile: run this again", file)};
  return files::replace_public(real, after);
}

Result<void> write_secret(const std::string& folder, const std::string& name, const Secret& secret) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    if (auto made = files::make_private_folder(folder); !made) return made;
  }
  const std::string file = folder + "/" + name;
  const std::string text = secret.reveal() + "\n";
  const auto there = text_of_file(file);
  if (!there) return there.error();
  if (*there == text) return {};
  if (*there)
    return Error{
        fmt::format("{} is there already and holds something else: remove it, or give the CRM another name", file)};
  return files::replace_private(file, file + ".new", text);
}

Result<Draft> Draft::make(const std::string& name, std::string_view text) {
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error) / fmt::format("crmpulse-setup-{}", probes::new_run_id());
  if (!error) fs::create_directory(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return Error{fmt::format("cannot create {}: {}", files::utf8(folder), error.message())};
  Draft draft{files::utf8(folder), name};
  if (auto written = files::replace_private(draft.file(), draft.file() + ".new", text); !written)
    return written.error();
  return draft;
}

Draft::~Draft() {
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

Draft& Draft::operator=(Draft&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(name_, other.name_);
  return *this;
}

}  // namespace crmpulse::agent::setup
