#pragma once
// Remote-write bodies by hand, with whatever labels a test wants: wire::encode() makes sound ones only.

#include <snappy.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/collector/collector_fixture.h"

namespace crmpulse::test {

using LabelList = std::vector<std::pair<std::string, std::string>>;

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  return out + static_cast<char>(value);
}

inline std::string bytes_field(int field, const std::string& value) {
  return std::string(1, static_cast<char>((field << 3) | 2)) + varint(value.size()) + value;
}

inline std::string sample_message(double value, TimePoint at) {
  std::string out{"\x09"};
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i));
  return out + "\x10" + varint(static_cast<std::uint64_t>(unix_millis(at)));
}

inline std::string compress(const std::string& body) {
  std::string out;
  snappy::Compress(body.data(), body.size(), &out);
  return out;
}

struct WrittenSeries {
  LabelList labels;  ///< as they are to stand, `__name__` among them
  double value = 1;
  TimePoint at;
};

inline std::string v1_bytes(const std::vector<WrittenSeries>& all) {
  std::string out;
  for (const WrittenSeries& series : all) {
    std::string message;
    for (const auto& [name, value] : series.labels)
      message += bytes_field(1, bytes_field(1, name) + bytes_field(2, value));
    out += bytes_field(1, message + bytes_field(2, sample_message(series.value, series.at)));
  }
  return out;
}

/// `more` goes into the first series: histograms (3), exemplars (4).
inline std::string v2_bytes(const std::vector<WrittenSeries>& all, const std::string& more = {}) {
  std::map<std::string, std::size_t> symbols{{"", 0}};
  std::string table = bytes_field(4, "");
  const auto symbol = [&](const std::string& text) {
    const auto [place, fresh] = symbols.try_emplace(text, symbols.size());
    if (fresh) table += bytes_field(4, text);
    return varint(place->second);
  };
  std::string series;
  for (const WrittenSeries& one : all) {
    std::string refs;
    for (const auto& [name, value] : one.labels) {
      refs += symbol(name);
      refs += symbol(value);
    }
    series += bytes_field(5, bytes_field(1, refs) + bytes_field(2, sample_message(one.value, one.at)) +
                                 (&one == all.data() ? more : std::string{}));
  }
  return table + series;
}

inline net::ClientResponse write_v1(const RunningCollector& running, const std::vector<WrittenSeries>& all) {
  return send(write_call(running.base(), compress(v1_bytes(all))));
}
inline net::ClientResponse write_v2(const RunningCollector& running, const std::vector<WrittenSeries>& all,
                                    const std::string& more = {}) {
  Call call = write_call(running.base(), compress(v2_bytes(all, more)));
  call.headers[0].second = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  call.headers[2].second = "2.0.0";
  return send(call);
}

/// Returns the value of a line of /metrics, -1 if there is no such line.
inline double metric(const RunningCollector& running, const std::string& series) {
  const std::string text = running.get("/metrics").body;
  const auto at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

inline double skipped(const RunningCollector& running, const std::string& reason) {
  return metric(running, "crmpulse_collector_ingest_skipped_series_total{reason=\"" + reason + "\"}");
}

/// `crm_up` of a CRM, as an agent names it.
inline WrittenSeries up(const std::string& crm, TimePoint at, double value = 1) {
  return {{{"__name__", "crm_up"}, {"crm", crm}, {"kind", "tryton"}}, value, at};
}

}  // namespace crmpulse::test
