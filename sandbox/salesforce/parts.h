#pragma once
// What the files of the Salesforce API share; private to sandbox/salesforce/salesforce*.cpp.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/salesforce/fields.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::salesforce {

/// Why a call is refused: becomes `[{"message","errorCode","fields"}]`.
struct ApiError {
  int status = 400;
  std::string code;
  std::string message;
  std::vector<std::string> fields;
};
template <class T>
using Answer = boost::system::result<T, ApiError>;
[[noreturn]] void throw_exception_from_error(const ApiError& refusal, const boost::source_location&);

/// Answer to one call or sub-request. No body: 204.
struct Reply {
  int status = 200;
  std::optional<boost::json::value> body;
  std::vector<std::pair<std::string, std::string>> headers;
};
[[nodiscard]] Reply reply_of(const ApiError& refusal);
[[nodiscard]] boost::json::object error_of(const ApiError& refusal);
[[nodiscard]] net::HttpResponse response_of(Reply reply);
[[nodiscard]] ApiError not_found();

/// One call of the REST API, or one sub-request of a composite one.
struct ApiCall {
  std::string method;
  std::string path;  ///< behind /services/data/vXX.0: `/sobjects/Lead/00Q…`
  std::map<std::string, std::string, std::less<>> query;
  boost::json::value body;  ///< null when there is none
  std::string version;      ///< `60.0`
  bool allow_duplicates = false;
  std::size_t batch_size = 2000;
};
[[nodiscard]] std::string parameter(const ApiCall& call, std::string_view name);

/// missing_field of the faults: an object, or a field of it, that is gone for this call.
[[nodiscard]] bool is_gone(const World& world, const Object& object, std::string_view column = {});
/// Return null if it is unknown or gone.
[[nodiscard]] const Object* visible_object(const World& world, std::string_view name);
[[nodiscard]] const Field* visible_column(const World& world, const Object& object, std::string_view name);
[[nodiscard]] std::string record_url(std::string_view version, const Object& object, std::string_view id);

/// The records of an object nobody writes (Organization, OpportunityHistory, …).
[[nodiscard]] std::vector<Record> made_up_records(const World& world, const Object& object);

/// Rows as the API gives them. `total`: what `totalSize` says.
struct Asked {
  boost::json::array records;
  std::size_t total = 0;
};
[[nodiscard]] Answer<Asked> ask(const World& world, const std::string& soql, const std::string& version,
                                bool deleted_too);
/// One object of a search; `fields` with commas between, empty: Id.
struct SearchPlace {
  std::string object;
  std::string fields;
  std::size_t limit = 200;
};
/// Adds what is found; searches see a new record only after the search lag.
[[nodiscard]] std::optional<ApiError> search_in(const World& world, const SearchPlace& place, const std::string& text,
                                                bool names_only, const std::string& version, boost::json::array& found);
/// `FIND {…} IN NAME FIELDS RETURNING Lead(Id), …`
[[nodiscard]] Answer<boost::json::object> search(const World& world, const std::string& sosl,
                                                 const std::string& version);
/// /parameterizedSearch, by GET or POST.
[[nodiscard]] Answer<boost::json::object> parameterized_search(const World& world, const ApiCall& call);

/// What a write changed, so that an all-or-none request can be taken back.
class Undo {
 public:
  void created(RecordId id) { created_.push_back(id); }
  void changes(const Record& record) { before_.push_back(record); }
  /// Changes made after ours.
  void add(Undo later);
  void take_back(Company& company);

 private:
  std::vector<RecordId> created_;
  std::vector<Record> before_;
};

/// /sobjects and everything below it.
[[nodiscard]] Reply serve_sobjects(World& world, const ApiCall& call, Undo& undo);
/// What the list of objects says of each.
[[nodiscard]] boost::json::object summary(const Object& object, const std::string& version);
/// As `type` of describe has it.
[[nodiscard]] std::string_view type_name(FieldType type);
[[nodiscard]] boost::json::object describe(const World& world, const Object& object);
/// Creates or updates one record; `id` null: creates. The id of the record.
[[nodiscard]] Answer<std::string> write_record(World& world, const Object& object, const boost::json::object& body,
                                               const std::string* id, const ApiCall& call, Undo& undo);
[[nodiscard]] std::optional<ApiError> delete_record(World& world, const Object& object, const std::string& id,
                                                    Undo& undo);
[[nodiscard]] Answer<boost::json::object> read_record(const World& world, const Object& object, const std::string& id,
                                                      const std::string& fields, const std::string& version);
/// /composite/sobjects
[[nodiscard]] Reply serve_collection(World& world, const ApiCall& call, Undo& undo);

/// GET /v1/instances/… of api.status.salesforce.com; `path` from /v1 on.
[[nodiscard]] net::HttpResponse serve_status(const World& world, std::string_view path);

}  // namespace crmpulse::sandbox::salesforce
