#pragma once
// The files that `setup` writes: agent.yaml whole or not at all, secrets for their owner alone.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/failure/error.h"
#include "core/secret.h"

namespace crmpulse::agent::setup {

/// Returns what the file holds, nullopt if there is none.
[[nodiscard]] Result<std::optional<std::string>> text_of_file(const std::string& file);
/// Returns why nothing could be written into the folder of the file, nullopt if it could. Writes nothing.
[[nodiscard]] std::optional<Error> not_writable(const std::string& file);
/// Replaces a file as files::replace_public() does: secrets do not stand in it. An error if it does not hold `before`
/// any more (nullopt: it is not there).
[[nodiscard]] Result<void> replace_text(const std::string& file, const std::optional<std::string>& before,
                                        std::string_view after);
/// Writes a secret, mode 0600, into the folder, which is made with mode 0700 if it is not there. An error if there is a
/// file of that name that holds something else.
[[nodiscard]] Result<void> write_secret(const std::string& folder, const std::string& name, const Secret& secret);

/// A file in a folder that is this program's alone, gone with the object.
class Draft {
 public:
  [[nodiscard]] static Result<Draft> make(const std::string& name, std::string_view text);
  ~Draft();
  Draft(Draft&& other) noexcept : folder_(std::exchange(other.folder_, {})), name_(std::move(other.name_)) {}
  Draft& operator=(Draft&& other) noexcept;
  [[nodiscard]] std::string file() const { return folder_ + "/" + name_; }

 private:
  Draft(std::string folder, std::string name) : folder_(std::move(folder)), name_(std::move(name)) {}
  std::string folder_;
  std::string name_;
};

}  // namespace crmpulse::agent::setup
