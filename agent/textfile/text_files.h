#pragma once
// Reads the folders of textfile_dir once a minute, on threads of its own: a folder on a network may never answer.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/textfile/text_folder.h"
#include "core/sample.h"
#include "net/loop/loop.h"
#include "probes/workers/workers.h"

namespace crmpulse::agent {

/// On the loop's thread; goes before the loop. A folder that has not answered is not asked again, is counted as one
/// refused file, and holds one of a few threads.
class TextFiles {
 public:
  using Sink = std::function<void(std::vector<Sample>)>;
  TextFiles(net::Loop& loop, std::function<TimePoint()> wall, Sink sink);
  /// Waits for reads that are under way, at most a second.
  ~TextFiles();
  TextFiles(const TextFiles&) = delete;
  TextFiles& operator=(const TextFiles&) = delete;

  /// Reads these folders from now on, and those that are new at once.
  void configure(std::vector<TextFolder> folders);

 private:
  struct Item {
    TextFolder what;
    bool reading = false;
    std::set<std::string, std::less<>> told;  ///< problems that stand in the log
  };
  /// Outlives this: a thread that is left behind reports into the void.
  struct Mailbox {
    std::mutex mutex;
    TextFiles* owner = nullptr;  ///< null: it has gone
  };
  void read_all();
  void read(const std::shared_ptr<Item>& item);
  void finished(const std::shared_ptr<Item>& item, TextReading reading);
  void tell(Item& item, const Problems& refused);

  net::Loop& loop_;
  std::function<TimePoint()> wall_;
  Sink sink_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::map<std::string, std::shared_ptr<Item>, std::less<>> items_;  ///< by CRM
  net::Loop::Timer timer_;
  probes::Workers workers_;
};

}  // namespace crmpulse::agent
