#pragma once
// Reads the configuration's files anew while the collector runs. Belongs to the Collector and the loop's thread; the
// files are read on the file thread.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/configuration/configuration.h"
#include "net/loop/file_thread.h"
#include "net/server/http_server.h"
#include "net/service/service_notify.h"

namespace crmpulse::collector {

/// What came of a reload.
struct Reload {
  bool applied = false;
  Problems problems;                 ///< why not
  std::vector<std::string> restart;  ///< keys whose new values wait for a restart
};

class Reloader {
 public:
  using Done = std::function<void(const Reload&)>;
  /// A configuration that was read, with its certificate.
  struct Loaded {
    std::shared_ptr<const Configuration> configuration;
    std::shared_ptr<net::LoadedTls> tls;  ///< null without
  };
  using LoadResult = boost::system::result<Loaded, Problems>;
  /// Takes what was read and says what came of it.
  using Apply = std::function<Reload(const LoadResult&)>;

  Reloader(net::FileThread& files, net::ServiceNotify& manager, std::string config_file, Apply apply)
      : files_(files), manager_(manager), config_file_(std::move(config_file)), apply_(std::move(apply)) {}

  /// Loads and applies. A request during a load is answered by the load after it, because the files may have changed
  /// meanwhile.
  void reload(Done done);
  /// Says to `done` that nothing is loaded now.
  void refuse(const Done& done, const std::string& why) const { done({false, {{config_file_, 0, "", why}}, {}}); }
  /// Begins no further load.
  void stop() { stopping_ = true; }

 private:
  void load();
  void loaded(const std::vector<Done>& asked, const LoadResult& result);

  net::FileThread& files_;
  net::ServiceNotify& manager_;
  std::string config_file_;
  Apply apply_;
  std::vector<Done> waiting_;  ///< for the next load
  bool loading_ = false;
  bool stopping_ = false;
};

}  // namespace crmpulse::collector
