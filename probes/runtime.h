#pragma once
// Threads and timers behind Runtime, for probes/ itself.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "net/client/http_client.h"
#include "probes/auth/session.h"
#include "probes/sql/driver/connection.h"
#include "probes/sql/kept_connections.h"
#include "probes/target.h"

namespace crmpulse::probes {

/// Worker threads, made as they are needed, up to a bound. A job may block.
class WorkerPool {
 public:
  explicit WorkerPool(int max_threads);
  /// Drops what has not begun, waits `kStopWait` for what has, and leaves behind a thread that a driver still holds.
  ~WorkerPool();
  void submit(std::function<void()> job);
  static constexpr Duration kStopWait{5000};

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  std::shared_ptr<Shared> shared_;
  std::vector<std::thread> threads_;
};

/// One thread that calls functions at points of steady time. They must not block.
class TimerThread {
 public:
  using Id = std::pair<sql::SteadyTime, std::uint64_t>;
  TimerThread();
  ~TimerThread();
  [[nodiscard]] Id set(sql::SteadyTime at, std::function<void()> call);
  /// Never waits for a call that is running.
  void clear(const Id& id);

 private:
  void loop();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Id, std::function<void()>> calls_;
  std::uint64_t next_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

/// Something that runs and can be told to end now.
class CancellableRun {
 public:
  virtual ~CancellableRun() = default;
  virtual void stop() = 0;
};

struct Runtime::Impl {
  explicit Impl(Options options)
      : http(http_options(options)),
        kept(std::make_shared<sql::KeptConnections>(options.max_connections)),
        workers(options.max_sql_threads),
        liveness_workers(options.max_liveness_threads) {}
  ~Impl();
  void register_run(const std::shared_ptr<CancellableRun>& target);

  std::mutex mutex;
  std::vector<std::weak_ptr<CancellableRun>> targets;
  [[nodiscard]] static net::HttpClient::Options http_options(const Options& options);
  net::HttpClient http;
  std::shared_ptr<sql::KeptConnections> kept;  ///< shared with runs that a driver still holds when this goes
  auth::Sessions sessions{http};
  TimerThread alarms;
  WorkerPool workers;
  WorkerPool liveness_workers;
};

}  // namespace crmpulse::probes
