#pragma once
// Failure is data: where a run failed (stage), why (reason), and one line for a person. Both lists are closed;
// they are label values of `crm_failure`.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace crmpulse {

enum class Stage { resolve, connect, tls, auth, request, response, content, cleanup };

enum class Reason {
  timeout,
  refused,
  unreachable,
  certificate,
  credentials,
  permission,
  quota,
  rate_limited,
  maintenance,
  server_error,
  bad_content,
  missing,
  conflict,
  skipped,
  internal
};

/// Returns the names of all stages, in the order of Stage.
[[nodiscard]] std::span<const std::string_view> stage_names();
[[nodiscard]] std::string_view to_string(Stage stage);
[[nodiscard]] std::string_view to_string(Reason reason);
[[nodiscard]] std::optional<Stage> stage_from(std::string_view name);
[[nodiscard]] std::optional<Reason> reason_from(std::string_view name);

struct Failure {
  Stage stage = Stage::request;
  Reason reason = Reason::internal;
  std::string message;  ///< one line, bounded, no secret, no record's text
  friend bool operator==(const Failure&, const Failure&) = default;
};

/// Makes foreign text fit for a Failure or Evidence: control characters become blanks, runs of blanks one, what
/// else cannot be seen is escaped (core/text/printable.h),
/// `user:password@` in URLs is masked, at most `max_bytes` of valid UTF-8 with a closing "…".
[[nodiscard]] std::string one_line(std::string_view text, std::size_t max_bytes = 300);

}  // namespace crmpulse
