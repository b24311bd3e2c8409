#pragma once
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace crmpulse::test {

/// Carries bytes between clients and a server, as a firewall does until it forgets.
class Relay {
 public:
  explicit Relay(unsigned short server_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] unsigned short port() const { return port_; }
  /// The connections that are open now: what is sent over them is taken, and goes nowhere, without a word.
  void forget();
  /// The connections that are open now are reset at the next byte from the client.
  void reset_at_next_byte();
  /// New connections are taken, and nothing more happens on them.
  void forget_new(bool yes) { forget_new_ = yes; }
  /// From now on the server reads `to` where a client wrote `from`; both are of one length, and nothing is encrypted.
  void replace(std::string from, std::string to);
  /// What a client writes with `text` in it reaches the server; the answer does not come back, the connection ends.
  void lose_answer_to(std::string text);
  /// How often a client wrote something with that text in it.
  [[nodiscard]] int answers_lost() const { return lost_; }
  /// How many came in all.
  [[nodiscard]] int connections() const { return connections_; }

 private:
  enum class Way { carry, forget, reset };
  struct Pair {
    int client;
    int server;
    Way way;
    bool answer_is_lost = false;  ///< what the server says next goes nowhere
  };
  void loop();
  void take_client();
  /// False: the pair is closed.
  bool carry(Pair& pair, bool from_client);

  unsigned short server_port_;
  unsigned short port_ = 0;
  int listener_;
  std::mutex mutex_;
  std::vector<Pair> pairs_;
  std::string from_;
  std::string to_;
  std::string lost_text_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> forget_new_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> lost_{0};
  std::thread thread_;
};

/// An address of this machine on which nobody ever answers: the queue of a listener that accepts nothing is full, and
/// the kernel drops what comes.
class SilentAddress {
 public:
  /// 127.0.0.`last_byte`, with the given port; 0: any.
  explicit SilentAddress(int last_byte, unsigned short port = 0);
  ~SilentAddress();
  SilentAddress(const SilentAddress&) = delete;
  SilentAddress& operator=(const SilentAddress&) = delete;
  [[nodiscard]] unsigned short port() const { return port_; }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  std::string address_;
  unsigned short port_ = 0;
  std::vector<int> sockets_;
};

}  // namespace crmpulse::test
