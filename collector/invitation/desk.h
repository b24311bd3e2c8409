#pragma once
// The addresses by which agents are invited and join, and the end of tokens that a joined agent does not need any more.
// Belongs to the loop's thread; files are read and written on the file thread.

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "collector/configuration/configuration.h"
#include "collector/http/access.h"
#include "collector/http/router.h"
#include "collector/invitation/invitation_file.h"
#include "net/loop/file_thread.h"

namespace crmpulse::collector {

class InvitationDesk {
 public:
  /// Requests whose files are being read or written at once; beyond, 503.
  static constexpr int kMostWaiting = 32;

  /// All of them outlive this.
  struct Parts {
    net::FileThread& files;
    Access& access;
    std::function<std::shared_ptr<const Configuration>()> configuration;
    Router::Audit audit;  ///< hears who joined, and who was refused
    /// Hears what was done without a request: the action and what it concerns.
    std::function<void(const std::string& action, const std::string& about)> audit_own;
  };
  explicit InvitationDesk(Parts parts);

  void add_routes(Router& router);
  /// Returns true if nothing is on its way to or from the disk.
  [[nodiscard]] bool idle() const { return waiting_ == 0 && revoking_.empty(); }

 private:
  void show_authority(const net::Respond& respond);
  void list(const net::Respond& respond);
  void invite(const Request& request, const net::Respond& respond);
  void revoke(const std::string& agent, const net::Respond& respond);
  void join(const Request& request, const net::Respond& respond);
  void revoke_replaced_by(const Token& token);
  /// Runs `work` on the file thread and `then` with what it returned; answers 503 itself if too much waits.
  template <class Work, class Then>
  void with_files(const net::Respond& respond, Work work, Then then);

  Parts parts_;
  int waiting_ = 0;
  std::set<std::string, std::less<>> revoking_;  ///< tokens whose predecessors are being revoked
};

}  // namespace crmpulse::collector
