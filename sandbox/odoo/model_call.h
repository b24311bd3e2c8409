#pragma once
// Private to sandbox/odoo/: one call of one model, its arguments by place or by name, and what its methods do.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/odoo/calls.h"
#include "sandbox/odoo/domain.h"
#include "sandbox/odoo/groups.h"

namespace crmpulse::sandbox::selfhosted {

class ModelCall {
 public:
  using value = boost::json::value;

  /// `parameters`: what the method takes, in their order. Throws a Refusal if the call has others.
  ModelCall(World& world, const OdooCall& call, const Object& model, std::vector<std::string> parameters);

  [[nodiscard]] value search() const;
  [[nodiscard]] value search_count() const;
  [[nodiscard]] value search_read() const;
  [[nodiscard]] value read() const;
  [[nodiscard]] value read_group() const;
  [[nodiscard]] value formatted_read_group() const;
  [[nodiscard]] value name_get() const;
  [[nodiscard]] value name_search() const;
  [[nodiscard]] value fields_get() const;
  [[nodiscard]] value context_get() const;
  [[nodiscard]] value check_access_rights() const;
  [[nodiscard]] value check() const;  ///< of ir.model.access
  [[nodiscard]] value create() const;
  [[nodiscard]] value write() const;
  [[nodiscard]] value unlink() const;

 private:
  using Order = std::vector<std::pair<std::string, bool>>;  ///< names, and whether they descend

  [[nodiscard]] const Field* field(std::string_view name) const;
  [[nodiscard]] const Field& own_field(std::string_view name) const;  ///< throws; no path over another model
  /// Of the model itself, in its order.
  [[nodiscard]] std::vector<const Field*> own_fields() const;
  [[nodiscard]] value argument(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> bound(std::string_view name) const;  ///< a limit or an offset
  [[nodiscard]] std::vector<RecordId> ids() const;
  [[nodiscard]] std::vector<ModelRow> chosen() const;  ///< the rows of ids(); throws if one is not there
  [[nodiscard]] Refusal missing(RecordId id) const;
  [[nodiscard]] Refusal no_access(std::string_view doing) const;
  [[nodiscard]] bool allows(const std::string& operation) const;
  [[nodiscard]] bool active_test() const;
  [[nodiscard]] std::vector<ModelRow> matching(const value& domain) const;
  [[nodiscard]] Order order() const;
  [[nodiscard]] std::vector<ModelRow> found() const;  ///< matching, ordered and cut
  [[nodiscard]] value told(const std::vector<ModelRow>& rows) const;
  [[nodiscard]] value named(const std::vector<ModelRow>& rows) const;
  [[nodiscard]] NameOf names() const;
  [[nodiscard]] Fields canonical(const boost::json::object& values, Kind kind) const;
  void check_value(const Field& known, const Value& written) const;
  [[nodiscard]] value created(const boost::json::object& values) const;

  World& world_;
  const OdooCall& call_;
  const Object& model_;
  std::vector<std::string> parameters_;
  FieldOf field_of_;
};

}  // namespace crmpulse::sandbox::selfhosted
