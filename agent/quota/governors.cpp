#include "agent/quota/governors.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "config/reader.h"
#include "core/log.h"
#include "probes/template/template.h"

namespace crmpulse::agent {
namespace {

constexpr std::string_view kHeader = "crmpulse-calls 1";

std::optional<double> allowance_of(const CrmSettings& crm, const probes::Recipe& recipe) {
  if (!recipe.allowance) return std::nullopt;
  const probes::Values values{recipe, crm.arguments, "", ""};
  const auto text = probes::expand(recipe.allowance->per_day, values, probes::Place::header);
  if (!text) return std::nullopt;
  const auto number = config::parse_number(*text);
  if (!number || !(*number > 0)) return std::nullopt;
  return *number;
}

}  // namespace

Governor::Options governor_options(const CrmSettings& crm, const probes::Target& target) {
  const probes::Recipe& recipe = *target.spec().recipe;
  Governor::Options options;
  for (const auto& planned : target.measurements()) options.runs.push_back(planned_run(planned));
  options.allowance = recipe.allowance ? recipe.allowance->name : "";
  options.per_day = allowance_of(crm, recipe);
  options.budget = crm.budget;
  options.logs_in = !recipe.auth.flows.empty();
  options.backs_off = recipe.transport == probes::Transport::http;
  return options;
}

void Governors::configure(const std::vector<CrmSettings>& crms, const Targets& targets, TimePoint now) {
  std::map<std::string, std::unique_ptr<Governor>, std::less<>> next;
  for (std::size_t index = 0; index < crms.size(); ++index) {
    Governor::Options options = governor_options(crms[index], *targets[index]);
    auto& slot = next[crms[index].name];
    if (const auto known = governors_.find(crms[index].name); known != governors_.end()) {
      slot = std::move(known->second);
      governors_.erase(known);
      slot->configure(std::move(options));
      continue;
    }
    slot = std::make_unique<Governor>(std::move(options));
    if (folder_.empty() || !slot->backs_off()) continue;
    std::ifstream file{file_of(crms[index].name), std::ios::binary};
    if (!file) continue;
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (const auto memory = decode_memory(text))
      slot->restore(*memory, now);
    else
      log::warning("cannot read the counted calls of a CRM; counting starts again from zero",
                   {{"crm", crms[index].name}});
  }
  save_all();
  governors_ = std::move(next);
}

Governor* Governors::find(std::string_view crm) {
  const auto found = governors_.find(crm);
  return found == governors_.end() ? nullptr : found->second.get();
}

void Governors::save(const std::string& crm, Governor& governor) {
  if (governor.worth_saving()) write(crm, governor);
}

void Governors::save_changed() {
  for (const auto& [crm, governor] : governors_) {
    if (governor->worth_saving()) write(crm, *governor);
  }
}

void Governors::save_all() {
  for (const auto& [crm, governor] : governors_) {
    if (governor->changed()) write(crm, *governor);
  }
}

void Governors::write(const std::string& crm, Governor& governor) {
  governor.saved();
  if (folder_.empty() || !governor.backs_off()) return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  const std::string file = file_of(crm);
  const std::string next = file + ".new";
  bool written = false;
  {
    std::ofstream out{next, std::ios::binary | std::ios::trunc};
    out << encode_memory(governor.memory());
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
std::string Governors::file_of(std::string_view crm) const {
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
    if (key == "penalty") {
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
