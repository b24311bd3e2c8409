#include "agent/windows/configure_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <system_error>

#include "agent/commands.h"
#include "agent/settings/settings.h"
#include "agent/windows/folders.h"
#include "core/files/private_file.h"
#include "core/windows/wide.h"
#include "net/base/url.h"

namespace crmpulse::agent::windows {
namespace {

namespace fs = std::filesystem;

fs::path path_of(const std::string& text) {
  return fs::path{crmpulse::windows::to_wide(text)};
}

Result<std::string> content_of(const std::string& file) {
  std::ifstream stream{path_of(file), std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream.is_open() || stream.bad()) return Error{fmt::format("cannot read {}", file)};
  return text;
}

void make_absolute(std::optional<std::string>& path) {
  if (path) path = crmpulse::windows::to_utf8(fs::absolute(path_of(*path)).native());
}

/// An installer may run before the files are there: that is said, and does not stop it.
void tell_what_is_missing(const ShipEdit& edit, std::ostream& err) {
  for (const auto& file : {edit.token_file, edit.ca_file}) {
    std::error_code error;
    if (file && !fs::is_regular_file(path_of(*file), error))
      err << fmt::format("warning: there is no file '{}' yet; the agent does not start without it\n", *file);
  }
}

}  // namespace

int configure_command(const std::string& config, ShipEdit edit, std::ostream& out, std::ostream& err) {
  const auto fail = [&](const std::string& why, int code) {
    err << fmt::format("crmpulse-agent: {}\n", why);
    return code;
  };
  if (edit.url) {
    const auto url = net::parse_url(*edit.url);
    if (!url) return fail(fmt::format("--collector-url {}", url.error().message), kExitUsage);
    if (url->has_login()) return fail("--collector-url must not contain a user or password; use a token", kExitUsage);
  }
  make_absolute(edit.token_file);
  make_absolute(edit.ca_file);
  if (const auto example = write_example(config); !example) return fail(example.error().message, kExitFailed);
  const auto before = content_of(config);
  if (!before) return fail(before.error().message, kExitFailed);
  const auto after = edit_ship(*before, edit, config);
  if (!after) return fail(after.error().message, kExitUsage);
  if (*after != *before) {
    if (const auto written = files::replace_private(config, config + ".new", *after); !written)
      return fail(written.error().message, kExitFailed);
  }
  out << fmt::format("{} {}\n", config, *after != *before ? "is written." : "says so already.");
  tell_what_is_missing(edit, err);
  return kExitOk;
}

}  // namespace crmpulse::agent::windows
