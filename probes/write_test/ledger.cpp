#include "probes/write_test/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/files/private_file.h"
#include "core/files/utf8_path.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/loop_thread.h"
#include "core/text/percent.h"

namespace crmpulse::probes {
namespace {

/// A ledger that has grown beyond this is written anew with what is still open.
constexpr std::size_t kRewriteAbove = 32 * 1024;

std::uint32_t checksum(std::string_view text) {
  std::uint32_t value = 0x811c9dc5U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x01000193U;
  return value;
}

std::string line_of(std::string_view content) {
  return fmt::format("{} {:08x}\n", content, checksum(content));
}

/// The line without its checksum; nothing when the two do not fit.
std::optional<std::string> content_of(std::string_view line) {
  if (line.size() < 10 || line[line.size() - 9] != ' ') return std::nullopt;
  const std::string_view content = line.substr(0, line.size() - 9);
  if (line.substr(line.size() - 8) != fmt::format("{:08x}", checksum(content))) return std::nullopt;
  return std::string{content};
}

/// Foreign text as one word.
std::string encode(std::string_view text) {
  return percent_encoded(text, "-_.");
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ec == std::errc{}) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string text_of(const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// The whole lines that are as they were written; `damaged` is told about the others.
std::vector<std::string> contents_of(const std::string& text, std::size_t& damaged) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const bool whole = end != std::string::npos;
    const std::string_view line = std::string_view{text}.substr(begin, (whole ? end : text.size()) - begin);
    begin = whole ? end + 1 : text.size();
    auto content = whole ? content_of(line) : std::nullopt;
    if (content) {
      out.push_back(std::move(*content));
    } else if (!line.empty()) {
      ++damaged;
    }
  }
  return out;
}

std::string intent_line(const OpenRecord& record) {
  return fmt::format("intent {} {}", record.run_id, format_time(record.at));
}

std::string id_line(const OpenRecord& record) {
  return fmt::format("id {} {}", record.run_id, encode(record.id));
}

void apply_line(const std::string& content, std::vector<OpenRecord>& records, int& failed_clean_ups) {
  std::istringstream words{content};
  std::string kind;
  std::string first;
  std::string second;
  words >> kind >> first >> second;
  const auto found =
      std::find_if(records.begin(), records.end(), [&](const OpenRecord& record) { return record.run_id == first; });
  const bool known = found != records.end();
  if (kind == "intent" && !known) {
    const Result<TimePoint> at = parse_time(second);
    records.push_back({first, {}, at ? *at : TimePoint{}});
  } else if (kind == "id" && known) {
    found->id = decode(second);
  } else if (kind == "id") {
    records.push_back({first, decode(second), TimePoint{}});  // its first line was damaged
  } else if (kind == "gone" && known) {
    records.erase(found);
  } else if (kind == "failed") {
    std::from_chars(first.data(), first.data() + first.size(), failed_clean_ups);
  }
}

}  // namespace

std::string ledger_file(const std::string& state_dir, std::string_view crm, std::string_view transaction,
                        std::string_view address) {
  if (state_dir.empty()) return {};
  const std::string whole = fmt::format("{}\n{}\n{}", crm, transaction, address);
  // The names are for people; the hash keeps systems apart.
  std::string readable = encode(fmt::format("{}-{}", crm, transaction)).substr(0, 80);
  std::replace(readable.begin(), readable.end(), '.', '_');
  return files::utf8(std::filesystem::path{state_dir} / "test-records" /
                     fmt::format("{}-{:016x}", readable, stable_hash(whole)));
}

Result<bool> TransactionLedger::open() {
  CRMPULSE_OFF_LOOP();
  if (in_use_) return false;
  if (!file_.empty()) {
    const Result<bool> locked = lock();
    if (!locked || !*locked) return locked;
    if (const Result<void> ready = open_file(); !ready) {
      close();
      return ready.error();
    }
  }
  in_use_ = true;
  return true;
}

Result<bool> TransactionLedger::lock() {
  if (auto made = files::make_private_folder(files::utf8(std::filesystem::path{file_}.parent_path())); !made)
    return made.error();
  auto taken = files::FileLock::try_take(file_ + ".lock");
  if (!taken) return taken.error();
  lock_ = std::move(*taken);
  return lock_.has_value();
}

Result<void> TransactionLedger::open_file() {
  auto opened = files::AppendedFile::open(file_);
  if (!opened) return opened.error();
  appended_ = std::move(*opened);
  return read();
}

Result<void> TransactionLedger::read() {
  records_.clear();
  failed_clean_ups_ = 0;
  const std::string text = text_of(file_);
  std::size_t damaged = 0;
  for (const std::string& content : contents_of(text, damaged)) apply(content);
  if (damaged > 0) {
    log::warning("damaged lines in the ledger of test records are left out",
                 {{"file", file_}, {"lines", std::to_string(damaged)}});
  }
  if (damaged > 0 || text.size() > kRewriteAbove) return rewrite();
  return {};
}

/// Only what still counts, replaced whole.
Result<void> TransactionLedger::rewrite() {
  std::string text;
  for (const OpenRecord& record : records_) {
    text += line_of(intent_line(record));
    if (!record.id.empty()) text += line_of(id_line(record));
  }
  if (failed_clean_ups_ != 0) text += line_of(fmt::format("failed {}", failed_clean_ups_));
  // Windows replaces no file that is open.
  appended_.close();
  if (auto replaced = files::replace_private(file_, file_ + ".new", text); !replaced) return replaced;
  auto opened = files::AppendedFile::open(file_);
  if (!opened) return opened.error();
  appended_ = std::move(*opened);
  return {};
}

void TransactionLedger::close() {
  appended_.close();
  lock_.reset();
  in_use_ = false;
}

void TransactionLedger::apply(const std::string& content) {
  apply_line(content, records_, failed_clean_ups_);
}

Result<void> TransactionLedger::append(const std::string& content) {
  if (!file_.empty()) {
    if (!appended_.is_open()) return Error{"the ledger of test records is not open"};
    if (auto written = appended_.append(line_of(content)); !written) return written;
  }
  apply(content);
  return {};
}

Result<void> TransactionLedger::intend(const std::string& run_id, TimePoint at) {
  return append(intent_line({run_id, {}, at}));
}
Result<void> TransactionLedger::name(const std::string& run_id, const std::string& id) {
  return append(id_line({run_id, id, {}}));
}
Result<void> TransactionLedger::gone(const std::string& run_id) {
  return append("gone " + run_id);
}
Result<void> TransactionLedger::count_failed(int clean_ups) {
  if (clean_ups == failed_clean_ups_) return {};
  return append(fmt::format("failed {}", clean_ups));
}

bool TransactionLedger::has_open_records(const std::string& file) {
  std::vector<OpenRecord> records;
  int failed = 0;
  std::size_t damaged = 0;
  for (const std::string& content : contents_of(text_of(file), damaged)) apply_line(content, records, failed);
  return !records.empty() || damaged > 0;
}

}  // namespace crmpulse::probes
