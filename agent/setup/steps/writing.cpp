#include <fmt/format.h>

#include <filesystem>

#include "agent/print/probe_report.h"
#include "agent/settings/crm_settings.h"
#include "agent/setup/steps/run.h"
#include "config/service/service_reach.h"
#include "core/text/line_diff.h"

#ifndef _WIN32
#include "config/service/unit.h"
#endif

namespace crmpulse::agent::setup {

namespace fs = std::filesystem;

Step<void> Run::write() {
  const auto text = trial_->text(entry_);
  if (!text) return usage(text.error().message);
  out_ << '\n';
  if (!skeleton_.empty()) out_ << fmt::format("{}\n{}\n", skeleton_file_, line_diff("", skeleton_));
  out_ << fmt::format("{}\n{}\n", options_.config, line_diff(file_.value_or(""), *text));
  tell("It makes {}.", "每日开销：{}。", Trial::cost(*made_, language_));
  if (options_.dry_run) {
    tell("Nothing was written (--dry-run).", "未写入任何内容（--dry-run）。");
    out_ << '\n' << probe_table(std::span{&report_, 1});
    return {};
  }
  if (!dialogue_.confirm(say("Write this?", "写入以上内容？"))) {
    if (!dialogue_.is_interactive())
      return usage(say("nothing was written: --yes writes it", "未写入任何内容：加上 --yes 才会写入"));
    return stopped();
  }
  if (auto written = write_files(*text); !written) return written;
  out_ << '\n' << probe_table(std::span{&report_, 1}) << '\n';
  tell_next();
  return {};
}

Step<void> Run::write_files(const std::string& text) {
  const std::string folder =
      from_folder_of(fs::absolute(options_.config).string(), std::string{config::kCredentialsFolder});
  for (const auto* secrets : {&entry_.with_secrets, &entry_.auth_secrets}) {
    for (const EntrySecret& secret : *secrets) {
      if (auto written = write_secret(folder, secret.credential, secret.value); !written)
        return usage(written.error().message);
      tell("{}/{} is written (mode 0600).", "已写入 {}/{}（权限 0600）。", folder, secret.credential);
    }
  }
  if (!skeleton_.empty()) {
    std::error_code error;
    fs::create_directories(fs::path{skeleton_file_}.parent_path(), error);
    if (auto written = replace_text(skeleton_file_, std::nullopt, skeleton_); !written)
      return usage(written.error().message);
    tell("{} is written.", "已写入 {}。", skeleton_file_);
  }
  if (auto written = replace_text(options_.config, file_, text); !written) return usage(written.error().message);
  tell("{} is written.", "已写入 {}。", options_.config);
  const auto settings = load_settings(options_.config, defaults_);
  if (!settings) return usage(to_string(settings.error()));
  return {};
}

bool Run::runs_as_service() const {
#ifdef _WIN32
  return false;
#else
  const auto unit = config::find_unit("crmpulse-agent");
  return unit && fs::path{unit->config}.lexically_normal() == fs::absolute(options_.config).lexically_normal();
#endif
}

void Run::tell_next() {
  for (const std::string& warning : config::unreadable_for_service("crmpulse-agent", options_.config, {}))
    err_ << "warning: " << warning << '\n';
  if (runs_as_service())
    tell(
        "The running agent takes it up with: systemctl reload crmpulse-agent (not running yet: systemctl enable "
        "--now "
        "crmpulse-agent)",
        "让运行中的探针生效：systemctl reload crmpulse-agent（尚未运行：systemctl enable --now crmpulse-agent）");
  else
    tell("An agent that runs takes it up on SIGHUP; to run one: crmpulse-agent run --config {}",
         "运行中的探针收到 SIGHUP 后生效；启动探针：crmpulse-agent run --config {}", options_.config);
}

}  // namespace crmpulse::agent::setup
