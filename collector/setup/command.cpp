#include "collector/setup/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "collector/configuration/settings.h"
#include "collector/http/audit.h"
#include "collector/http/tokens.h"
#include "collector/invitation/renewal.h"
#include "config/service/service_reach.h"
#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/text/line_diff.h"
#include "core/text/say.h"
#include "core/time/clock.h"
#include "core/words/locale.h"

namespace crmpulse::collector {
namespace {

constexpr const char* kAdmin = "admin";

int stopped(const Error& why, int code) {
  say(stderr, "{}\n", why.message);
  return code;
}

void show(const SetupPlan& plan, const std::string& config, Language language) {
  const std::string diff = line_diff(plan.before, plan.after);
  if (diff.empty())
    say(stderr, "{}\n", in_words(language, "{} stays as it is.", "{} 保持不变。", config));
  else
    say(stderr, "{}:\n{}", config, diff);
  for (const NewFile& file : plan.files)
    say(stderr, "{}: {}\n", file.path,
        file.secret ? in_words(language, "a private key, for the collector alone", "私钥，仅供采集器使用")
                    : in_words(language, "a certificate", "证书"));
  if (!plan.names.empty())
    say(stderr, "{}\n",
        in_words(language, "The certificate is for {}.", "证书适用于：{}。", fmt::join(plan.names, ", ")));
}

bool wanted(Language language) {
  say(stderr, "{} [y/N] ", in_words(language, "Write this?", "写入以上内容？"));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes" || answer == "是";
}

/// The files of a plan. What they replace is kept until it is known that the collector starts with them.
class PlannedFiles {
 public:
  explicit PlannedFiles(const SetupPlan& plan) : plan_(plan) {}

  /// They become the service's: its state folder's owner.
  Result<void> write() {
    if (plan_.files.empty()) return {};
    std::error_code error;
    fresh_folder_ = !std::filesystem::exists(plan_.tls_dir, error);
    if (auto made = files::make_private_folder(plan_.tls_dir); !made) return made;
    if (fresh_folder_) {
      if (auto given = files::own_like(plan_.tls_dir, plan_.state_dir); !given) return given;
    }
    for (const NewFile& file : plan_.files) {
      Before before{file, std::nullopt};
      if (std::filesystem::exists(file.path, error)) {
        auto text = files::read_whole(file.path, kMostPemBytes);
        if (!text) return text.error();
        before.text = std::move(*text);
      }
      before_.push_back(std::move(before));
      if (auto written = put(file, file.text); !written) return written;
    }
    return {};
  }

  /// Returns what could not be put back as it was; empty if all was.
  [[nodiscard]] std::string take_back() {
    std::string left;
    for (const Before& one : before_) {
      const auto back = one.text ? put(one.file, *one.text) : files::remove_file(one.file.path);
      if (!back) left += (left.empty() ? "" : "\n") + back.error().message;
    }
    std::error_code ignored;
    if (fresh_folder_) std::filesystem::remove(plan_.tls_dir, ignored);
    return left;
  }

 private:
  struct Before {
    const NewFile& file;
    std::optional<std::string> text;  ///< none: there was no such file
  };
  /// The service, whose folder it is, must be able to read it, also what is put back.
  [[nodiscard]] Result<void> put(const NewFile& file, const std::string& text) const {
    const auto written = file.secret ? files::replace_private(file.path, file.path + ".new", text)
                                     : files::replace_public(file.path, text);
    return written ? files::own_like(file.path, plan_.tls_dir) : written;
  }

  const SetupPlan& plan_;
  bool fresh_folder_ = false;
  std::vector<Before> before_;
};

/// What the collector would not start with is taken back.
Result<void> write_configuration(const SetupPlan& plan, const std::string& config) {
  const bool there = !plan.before.empty();
  if (plan.after != plan.before) {
    if (auto written = files::replace_public(config, plan.after); !written) return written;
  }
  const auto settings = load_settings(config);
  if (settings) return {};
  if (plan.after != plan.before) {
    const auto restored = there ? files::replace_public(config, plan.before) : files::remove_file(config);
    if (!restored) return restored;
  }
  return Error{to_string(settings.error())};
}

/// If the audit log cannot be written, warns; the action itself is not undone.
void note(const SetupPlan& plan, std::string action, std::string about) {
  const AuditEntry entry{wall_now(), local_user(), "local", std::move(action), std::move(about), "done"};
  if (auto written = append_audit(plan.state_dir, entry); !written) say(stderr, "{}\n", written.error().message);
}

/// The first one alone: whoever has it makes the others.
Result<void> create_admin(const SetupPlan& plan, Language language) {
  const auto tokens = list_tokens(plan.state_dir);
  if (!tokens) return tokens.error();
  const auto admin =
      std::find_if(tokens->begin(), tokens->end(), [](const Token& one) { return one.role == AccessRole::admin; });
  if (admin != tokens->end()) {
    say(stderr, "{}\n",
        in_words(language, "There is an admin's token already: {}.", "已有管理员令牌：{}。", admin->name));
    return {};
  }
  const auto secret = create_token(plan.state_dir, kAdmin, AccessRole::admin);
  if (!secret) return secret.error();
  note(plan, "token create", fmt::format("{} (admin)", kAdmin));
  say(stderr, "{}\n",
      in_words(language,
               "The admin's token; it is shown this once, keep it:", "管理员令牌；仅显示这一次，请妥善保存："));
  say(stdout, "{}\n", *secret);
  return {};
}

void tell_next(const SetupPlan& plan, const std::string& config, Language language) {
  for (const std::string& warning : config::unreadable_for_service("crmpulse-collector", config, {}))
    say(stderr, "{}: {}\n", in_words(language, "warning", "警告"), warning);
  if (plan.makes_authority)
    say(stderr, "{}\n",
        in_words(language, "The authority holds for ten years; the collector renews its certificate by itself.",
                 "CA 的有效期为十年；采集器会自动续签自己的证书。"));
  say(stderr, "{}\n  crmpulse-collector invite --config {} --agent {}\n",
      in_words(language,
               "Next: start or restart the collector (systemctl restart crmpulse-collector), then invite an agent:",
               "下一步：启动或重启采集器（systemctl restart crmpulse-collector），然后邀请探针："),
      config, in_words(language, "NAME", "名称"));
}

}  // namespace

int setup_command(const SetupOptions& options) {
  const Language language = spoken_language(options.language);
  const auto plan = plan_setup(options, wall_now());
  if (!plan) return stopped(plan.error(), 2);
  show(*plan, options.config, language);
  if (options.dry_run) return 0;
  const bool changes = plan->after != plan->before || !plan->files.empty();
  if (changes && !options.yes) {
    if (::isatty(STDIN_FILENO) == 0)
      return stopped(
          Error{in_words(language, "say --yes to write it without being asked", "加上 --yes 即可不经询问直接写入")}, 2);
    if (!wanted(language)) return stopped(Error{in_words(language, "nothing was written", "没有写入任何内容")}, 2);
  }
  PlannedFiles files{*plan};
  const auto taken_back = [&](const Error& why, int code) {
    const std::string left = files.take_back();
    if (!left.empty()) return stopped(Error{why.message + '\n' + left}, code);
    return stopped(Error{why.message + '\n' +
                         in_words(language, "{} and its certificates are as they were before",
                                  "{} 及其证书均已恢复原状", options.config)},
                   code);
  };
  if (auto written = files.write(); !written) return taken_back(written.error(), 1);
  if (auto written = write_configuration(*plan, options.config); !written) return taken_back(written.error(), 2);
  if (auto created = create_admin(*plan, language); !created) return stopped(created.error(), 1);
  if (changes) note(*plan, "setup", options.config);
  tell_next(*plan, options.config, language);
  return 0;
}

}  // namespace crmpulse::collector
