#include "collector/message/stored.h"

#include <cstdint>
#include <exception>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <type_traits>
#include <utility>

#include "collector/message/version_0.h"

namespace crmpulse::collector {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::pbf_writer;
using Tag = protozero::pbf_tag_type;

constexpr Tag kVersionTag = 1;
constexpr std::uint32_t kVersion = 1;
/// How the version's tag is written: no JSON begins so.
constexpr char kFirstByte = '\x08';

template <class Type>
concept Part = std::is_same_v<Type, Bilingual> || std::is_same_v<Type, Failing> || std::is_same_v<Type, Fault> ||
               std::is_same_v<Type, EarlierChange> || std::is_same_v<Type, ListedCrm>;

// Every fact stands once below, with its tag, for both ways. A tag is never given to another fact.

template <class Fields>
void fields(Fields& field, Bilingual& text) {
  field(1, text.en);
  field(2, text.zh);
}

template <class Fields>
void fields(Fields& field, Failing& failing) {
  field(1, failing.dimension);
  field(2, failing.rule);
  field(3, failing.unit);
  field(4, failing.worst_of);
  field(5, failing.state);
  field(6, failing.data_status);
  field(7, failing.value);
  field(8, failing.threshold);
  field(9, failing.worse);
  field(10, failing.sub_healthy);
  field(11, failing.poor);
  field(12, failing.working_time);
  field(13, failing.since);
  field(14, failing.remedy);
}

template <class Fields>
void fields(Fields& field, Fault& fault) {
  field(1, fault.verdict);
  field(2, fault.why_en);
  field(3, fault.why_zh);
}

template <class Fields>
void fields(Fields& field, EarlierChange& change) {
  field(1, change.at);
  field(2, change.what);
  field(3, change.from);
  field(4, change.to);
  field(5, change.object);
  field(6, change.agent);
  field(7, change.text);
}

template <class Fields>
void fields(Fields& field, ListedCrm& crm) {
  field(1, crm.crm);
  field(2, crm.kind);
  field(3, crm.state);
  field(4, crm.incident);
}

template <class Fields>
void fields(Fields& field, Message& message) {
  field(2, message.type);
  field(3, message.at);
  field(4, message.language);
  field(5, message.subject);
  field(6, message.kind);
  field(7, message.state);
  field(8, message.previous);
  field(9, message.crm_state);
  field(10, message.data_status);
  field(11, message.score);
  field(12, message.reason);
  field(13, message.since);
  field(14, message.incident);
  field(15, message.opened);
  field(16, message.link);
  field(17, message.failing);
  field(18, message.fault);
  field(19, message.changes);
  field(20, message.evidence);
  field(21, message.listed);
  field(22, message.unlisted);
  field(23, message.instances);
  field(24, message.undelivered);
  field(25, message.about);
  field(26, message.why);
  field(27, message.ahead);
  field(28, message.text);
}

class Writer {
 public:
  explicit Writer(pbf_writer& out) : out_(out) {}

  void operator()(Tag tag, const std::string& text) { out_.add_string(tag, text); }
  void operator()(Tag tag, const EventName& event) { out_.add_string(tag, std::string{event.text()}); }
  void operator()(Tag tag, double number) { out_.add_double(tag, number); }
  void operator()(Tag tag, bool yes) { out_.add_bool(tag, yes); }
  void operator()(Tag tag, std::size_t count) { out_.add_uint64(tag, count); }
  void operator()(Tag tag, Duration span) { out_.add_sint64(tag, span.count()); }
  void operator()(Tag tag, TimePoint time) { out_.add_sint64(tag, time.time_since_epoch().count()); }
  template <class Enum>
  void operator()(Tag tag, Enum value)
    requires std::is_enum_v<Enum>
  {
    out_.add_uint32(tag, static_cast<std::uint32_t>(value));
  }
  template <class Value>
  void operator()(Tag tag, std::optional<Value>& value) {
    if (value) (*this)(tag, *value);
  }
  template <class Value>
  void operator()(Tag tag, std::vector<Value>& values) {
    for (Value& value : values) (*this)(tag, value);
  }
  void operator()(Tag tag, Part auto& part) {
    pbf_writer inner{out_, tag};
    Writer writer{inner};
    fields(writer, part);
  }

 private:
  pbf_writer& out_;
};

template <class Facts>
void read_fields(pbf_reader& in, Facts& facts);

/// Gives one tag's value to the fact it belongs to. A value of another kind is nobody's.
class Reader {
 public:
  explicit Reader(pbf_reader& in) : in_(in) {}

  template <class Value>
  void operator()(Tag tag, Value& value) {
    if (!taken_ && in_.tag() == tag) taken_ = read(value);
  }
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  bool read(std::string& text) { return take(pbf_wire_type::length_delimited, text, &pbf_reader::get_string); }
  bool read(EventName& event) { return take(pbf_wire_type::length_delimited, event, &pbf_reader::get_string); }
  bool read(double& number) { return take(pbf_wire_type::fixed64, number, &pbf_reader::get_double); }
  bool read(bool& yes) { return take(pbf_wire_type::varint, yes, &pbf_reader::get_bool); }
  bool read(std::size_t& count) { return take(pbf_wire_type::varint, count, &pbf_reader::get_uint64); }
  bool read(Duration& span) { return take(pbf_wire_type::varint, span, &pbf_reader::get_sint64); }
  bool read(TimePoint& time) {
    Duration since{};
    if (!read(since)) return false;
    time = TimePoint{since};
    return true;
  }
  template <class Enum>
  bool read(Enum& value)
    requires std::is_enum_v<Enum>
  {
    return take(pbf_wire_type::varint, value, &pbf_reader::get_uint32);
  }
  template <class Value>
  bool read(std::optional<Value>& value) {
    Value one{};
    if (!read(one)) return false;
    value = std::move(one);
    return true;
  }
  template <class Value>
  bool read(std::vector<Value>& values) {
    Value one{};
    if (!read(one)) return false;
    values.push_back(std::move(one));
    return true;
  }
  bool read(Part auto& part) {
    if (in_.wire_type() != pbf_wire_type::length_delimited) return false;
    pbf_reader inner = in_.get_message();
    read_fields(inner, part);
    return true;
  }

  template <class Value, class Get>
  bool take(pbf_wire_type type, Value& value, Get get) {
    if (in_.wire_type() != type) return false;
    value = static_cast<Value>((in_.*get)());
    return true;
  }

  pbf_reader& in_;
  bool taken_ = false;
};

template <class Facts>
void read_fields(pbf_reader& in, Facts& facts) {
  while (in.next()) {
    Reader field{in};
    fields(field, facts);
    if (!field.taken()) in.skip();
  }
}

Message read_version_1(std::string_view body) {
  Message message;
  pbf_reader in{body.data(), body.size()};
  read_fields(in, message);
  return message;
}

std::string subject_of(const store::OutboxRow& row) {
  const auto slash = row.dedup_key.find('/');
  return slash == std::string::npos ? row.dedup_key : row.dedup_key.substr(slash + 1);
}

}  // namespace

std::string stored_message(Message message) {
  std::string body;
  pbf_writer out{body};
  out.add_uint32(kVersionTag, kVersion);
  Writer writer{out};
  fields(writer, message);
  return body;
}

bool is_version_0(std::string_view body) {
  return !body.starts_with(kFirstByte);
}

Message read_message(const store::OutboxRow& row) {
  std::optional<Message> message;
  try {
    message = is_version_0(row.body) ? read_version_0(row.body) : read_version_1(row.body);
  } catch (const std::exception&) {
    // Cut short, a number out of range: somebody must be told all the same.
    message.reset();
  }
  if (!message || message->type.text().empty()) {
    message.emplace();
    message->type = EventName{kUnreadable};
    message->state = row.level >= 2 ? Level::poor : row.level == 1 ? Level::sub_healthy : Level::healthy;
    message->undelivered = row.event.text();
  }
  const bool about_one = is_incident(message->type) || message->type.text() == kUnreadable;
  if (message->subject.empty() && about_one) message->subject = subject_of(row);
  if (message->at == TimePoint{}) message->at = row.created;
  return *std::move(message);
}

}  // namespace crmpulse::collector
