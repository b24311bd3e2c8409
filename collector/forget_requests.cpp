#include "collector/forget_requests.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "collector/text/json_text.h"
#include "core/log.h"
#include "core/loop_thread.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostAtOnce = 100;

/// Beside the database: whoever wrote it, the collector may delete it there.
constexpr std::string_view kPrefix = "forget-";

std::optional<ForgetRequest> read_request(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text(kMostBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  boost::system::error_code error;
  const json::value read = json::parse(text, error);
  if (error || !read.is_object()) return std::nullopt;
  ForgetRequest request{file.string(), string_member(read.get_object(), "crm"),
                        string_member(read.get_object(), "who")};
  if (request.crm.empty()) return std::nullopt;
  return request;
}

}  // namespace

Result<std::string> ask_to_forget(const std::string& state_dir, const std::string& crm, const std::string& who) {
  std::error_code error;
  const fs::path file = fs::path{state_dir} / fmt::format("{}{}.json", kPrefix, net::hex(net::sha256(crm)));
  const fs::path written = file.string() + ".new";
  {
    std::ofstream out{written, std::ios::binary | std::ios::trunc};
    out << to_text(json::object{{"crm", crm}, {"who", who}}) << '\n';
    if (!out.flush()) return Error{fmt::format("{} cannot be written", written.string())};
  }
  fs::rename(written, file, error);
  if (error) return Error{fmt::format("{} cannot be written: {}", file.string(), error.message())};
  return file.string();
}

std::vector<ForgetRequest> forget_requests(const std::string& state_dir) {
  CRMPULSE_OFF_LOOP();
  std::vector<ForgetRequest> requests;
  std::error_code error;
  fs::directory_iterator entry{state_dir, error};
  for (; !error && entry != fs::directory_iterator{} && requests.size() < kMostAtOnce; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(".json")) continue;
    if (auto request = read_request(entry->path())) {
      requests.push_back(std::move(*request));
      continue;
    }
    log::warning("a request to forget a CRM cannot be read", {{"file", entry->path().string()}});
    std::error_code ignored;
    fs::remove(entry->path(), ignored);
  }
  return requests;
}

void Forgetter::take(const ForgetRequest& request) {
  if (!asked_.insert(request.file).second) return;
  const bool known = engine_.forget(request.crm, [this, request](const Result<void>& stored) {
    if (stored) return forgotten(request, true);
    asked_.erase(request.file);  // told again until it is on disk
  });
  if (!known) forgotten(request, false);
}

void Forgetter::forgotten(const ForgetRequest& request, bool known) {
  ++deleting_;
  const auto remove = [file = request.file] {
    std::error_code error;
    fs::remove(file, error);
    return error;
  };
  files_.run(remove, [this, request, known](const std::error_code& error) {
    --deleting_;
    if (error) {
      log::error("a request to forget a CRM is done, but its file cannot be deleted",
                 {{"file", request.file}, {"why", error.message()}});
    } else {
      asked_.erase(request.file);
    }
    audit_.add_local(request.who, "forget", request.crm, known ? "done" : "not watched");
  });
}

}  // namespace crmpulse::collector
