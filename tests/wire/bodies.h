#pragma once
// Bodies for the codec's tests, made by libprotobuf, and what a decoder read from a body.

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "remote_write.pb.h"
#include "wire/remote_write.h"

namespace crmpulse::test {

/// One visited series, copied. Values as bits, so that NaN payloads compare.
struct Read {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::uint64_t, std::int64_t>> samples;
  std::string key;
  friend bool operator==(const Read&, const Read&) = default;
};

struct Outcome {
  boost::system::result<wire::Decoder::Counts, wire::DecodeError> result;
  std::vector<Read> series;
};

std::string compress(const std::string& bytes);
std::string uncompress(const std::string& body);
Outcome decode(wire::Version version, const std::string& body, wire::Limits limits = {});
Outcome decode(wire::Decoder& decoder, wire::Version version, const std::string& body);
inline std::string body_of(const google::protobuf::Message& message) {
  return compress(message.SerializeAsString());
}

/// What the visitor should see of a message libprotobuf understands: labels sorted and none empty; series without
/// samples and unsound ones left out.
std::vector<Read> expected(const oracle::WriteRequest& request);
std::vector<Read> expected(const oracle::Request& request);

using Random = std::mt19937_64;
/// Sound requests: sorted unique labels, any UTF-8 in values, any bits in sample values.
oracle::WriteRequest random_v1(Random& random);
oracle::Request random_v2(Random& random);
/// The same series as a 2.0 message.
oracle::Request as_v2(const oracle::WriteRequest& request);

/// `__name__` and one sample.
oracle::TimeSeries* add_series(oracle::WriteRequest& request, const std::string& metric);
void add_label(oracle::TimeSeries& series, const std::string& name, const std::string& value);

}  // namespace crmpulse::test
