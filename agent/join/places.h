#pragma once
// Where `join` puts what it was given, and how it is put there: whole, or not at all.

#include <string>

#include "agent/settings/ship_edit.h"
#include "core/failure/error.h"

namespace crmpulse::agent {

/// All beside the configuration.
struct JoinPlaces {
  std::string config;      ///< absolute
  std::string ca_file;     ///< `collector-ca.pem`
  std::string token_file;  ///< of the service alone
  /// How the configuration names the token: the name of a credential where systemd hands them over; empty: by its file.
  std::string credential;
};
[[nodiscard]] JoinPlaces places_beside(const std::string& config);

/// Returns the configuration's text; if there is none, that of one without CRMs.
[[nodiscard]] Result<std::string> present_configuration(const std::string& config);

/// Returns the edit that makes the configuration send to `url` as `agent`, with the token and, if `own_authority`, the
/// authority at these places.
[[nodiscard]] ShipEdit edit_for(const JoinPlaces& places, const std::string& url, const std::string& agent,
                                bool own_authority);

/// Returns whether files can be made where they must be.
[[nodiscard]] Result<void> check_writable(const JoinPlaces& places);

/// A file that goes with this object.
class PassingFile {
 public:
  PassingFile() = default;
  ~PassingFile();
  PassingFile(const PassingFile&) = delete;
  PassingFile& operator=(const PassingFile&) = delete;
  [[nodiscard]] Result<void> write(std::string file, const std::string& text);
  [[nodiscard]] const std::string& name() const { return file_; }  ///< empty: none was written

 private:
  std::string file_;
};

}  // namespace crmpulse::agent
