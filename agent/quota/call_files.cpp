#include "agent/quota/call_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "core/log.h"
#include "core/loop_thread.h"

namespace crmpulse::agent {
namespace {

constexpr std::string_view kHeader = "crmpulse-calls 1";

}  // namespace

std::optional<Governor::Memory> CallFiles::read(const std::string& crm) const {
  CRMPULSE_OFF_LOOP();
  std::ifstream file{file_of(crm), std::ios::binary};
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto memory = decode_memory(text);
  if (!memory) log::warning("cannot read the counted calls of a CRM; counting starts again from zero", {{"crm", crm}});
  return memory;
}

void CallFiles::write(const std::string& crm, const Governor::Memory& memory) {
  CRMPULSE_OFF_LOOP();
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const std::string file = file_of(crm);
  const std::string next = file + ".new";
  bool written = false;
  {
    std::ofstream out{next, std::ios::binary | std::ios::trunc};
    out << encode_memory(memory);
    out.close();
    written = !out.fail();
  }
  if (written) std::filesystem::rename(next, file, error);
  const bool failed = !written || error;
  if (failed && !failing_)
    log::error("cannot save the counted calls; after a restart they are missing from the count", {{"file", file}});
  failing_ = failed;
}

/// Returns the CRM's file. Names of CRMs are free text, so bytes other than letters, digits and `-` are written in hex.
std::string CallFiles::file_of(std::string_view crm) const {
  std::string name;
  for (const char c : crm) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (plain)
      name += c;
    else
      name += fmt::format("_{:02x}", static_cast<unsigned char>(c));
  }
  // A name may be longer than a file's may be.
  if (name.size() > 200) name = fmt::format("{}_{:016x}", name.substr(0, 180), std::hash<std::string_view>{}(crm));
  return folder_ + "/" + name;
}

std::string encode_memory(const Governor::Memory& memory) {
  std::string text = fmt::format("{}\npenalty {}\npaused_until {}\n", kHeader, memory.penalty,
                                 memory.paused_until.time_since_epoch().count());
  if (!memory.account.empty()) text += fmt::format("account {}\n", memory.account);
  if (memory.limit) text += fmt::format("limit {}\n", *memory.limit);
  for (const CallLedger::Slot& slot : memory.slots)
    text += fmt::format("calls {} {} {} {}\n", slot.number, slot.calls[0], slot.calls[1], slot.calls[2]);
  return text;
}

std::optional<Governor::Memory> decode_memory(std::string_view text) {
  std::istringstream in{std::string{text}};
  std::string line;
  if (!std::getline(in, line) || line != kHeader) return std::nullopt;
  Governor::Memory memory;
  while (std::getline(in, line)) {
    std::istringstream words{line};
    std::string key;
    words >> key;
    if (key == "account") {
      std::getline(words >> std::ws, memory.account);
    } else if (key == "penalty") {
      words >> memory.penalty;
    } else if (key == "paused_until") {
      Duration::rep millis = 0;
      words >> millis;
      memory.paused_until = TimePoint{Duration{millis}};
    } else if (key == "limit") {
      double limit = 0;
      words >> limit;
      memory.limit = limit;
    } else if (key == "calls") {
      CallLedger::Slot slot;
      words >> slot.number >> slot.calls[0] >> slot.calls[1] >> slot.calls[2];
      memory.slots.push_back(slot);
    } else {
      return std::nullopt;
    }
    if (words.fail()) return std::nullopt;
  }
  return memory;
}

}  // namespace crmpulse::agent
