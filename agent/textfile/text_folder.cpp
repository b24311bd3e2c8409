#include "agent/textfile/text_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "agent/textfile/text_format.h"
#include "core/files/public_file.h"
#include "core/files/utf8_path.h"
#include "core/loop_thread.h"
#include "core/text/utf8.h"

namespace crmpulse::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 100;
constexpr std::size_t kMostEntries = 10'000;  ///< looked at for names that end with .prom
constexpr std::size_t kMostBytes = 64 * 1024;

/// Names of the files, sorted, one more than are read if there are more.
std::set<std::string> names_in(const std::string& folder, std::error_code& error) {
  std::set<std::string> names;
  std::size_t entries = 0;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
    if (++entries > kMostEntries) break;
    if (entry->path().extension() != ".prom") continue;
    names.insert(files::utf8(entry->path().filename()));
    if (names.size() > kMostFiles + 1) names.erase(std::prev(names.end()));
  }
  return names;
}

Sample with_labels_of(const TextFolder& what, Sample sample) {
  for (const auto& [name, value] : what.labels) sample.labels.set(name, value);
  return sample;
}

Sample written_sample(const TextFolder& what, const std::string& name, fs::file_time_type written, TimePoint now) {
  const auto at = std::chrono::time_point_cast<Duration>(fs::file_time_type::clock::to_sys(written));
  return with_labels_of(
      what, {"crm_agent_textfile_timestamp_seconds", {{"file", name}}, to_seconds(at.time_since_epoch()), now});
}

}  // namespace

Sample refused_sample(const TextFolder& what, std::size_t refused, TimePoint now) {
  return with_labels_of(what, {"crm_agent_textfiles_refused", {}, static_cast<double>(refused), now});
}

TextReading read_text_folder(const TextFolder& what, TimePoint now) {
  CRMPULSE_OFF_LOOP();
  TextReading out;
  const auto refuse = [&](const std::string& file, std::string why) {
    out.refused.push_back({file, 0, "", std::move(why)});
  };
  std::error_code error;
  const auto names = names_in(what.folder, error);
  if (error) refuse(what.folder, fmt::format("the folder cannot be read: {}", error.message()));
  std::set<std::pair<std::string, Labels>> seen;
  std::size_t count = 0;
  for (const std::string& name : names) {
    const std::string file = what.folder + "/" + name;
    if (++count > kMostFiles) {
      refuse(file,
             fmt::format("the folder has more than {} files; this one and those behind it are not read", kMostFiles));
      break;
    }
    if (!utf8::is_valid(name)) {
      refuse(what.folder, "a file's name is not valid UTF-8");
      continue;
    }
    const auto text = files::read_whole(file, kMostBytes);
    if (!text) {
      refuse(file, text.error().message);
      continue;
    }
    if (const auto written = fs::last_write_time(fs::path{file}, error); !error)
      out.samples.push_back(written_sample(what, name, written, now));
    auto read = parse_text_format(*text, file, what.taken, now);
    if (!read) {
      out.refused.push_back(read.error().front());
      continue;
    }
    const auto twice = std::find_if(read->begin(), read->end(), [&seen](const Sample& sample) {
      return seen.contains({sample.metric, sample.labels});
    });
    if (twice != read->end()) {
      refuse(file, fmt::format("{}{} stands in a file before this one", twice->metric, to_string(twice->labels)));
      continue;
    }
    for (Sample& sample : *read) {
      seen.emplace(sample.metric, sample.labels);
      out.samples.push_back(with_labels_of(what, std::move(sample)));
    }
  }
  out.samples.push_back(refused_sample(what, out.refused.size(), now));
  return out;
}

}  // namespace crmpulse::agent
