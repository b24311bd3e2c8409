#pragma once
// The JSON addresses under /api/v1 and the page: what people and scripts read. Belongs to the loop's thread.

#include <boost/json.hpp>

#include "collector/engine_loop.h"
#include "collector/router.h"
#include "net/loop.h"
#include "store/writer.h"

namespace crmpulse::collector {

class Api {
 public:
  Api(net::Loop& loop, store::Writer& writer, const EngineLoop& engine)
      : loop_(loop), writer_(writer), engine_(engine) {}
  void add_routes(Router& router);

 private:
  void list_crms(net::Respond respond) const;
  void show_crm(const std::string& crm, net::Respond respond) const;
  void list_incidents(const net::HttpRequest& request, net::Respond respond);
  void show_incident(const std::string& id, net::Respond respond);
  void list_deliveries(const net::HttpRequest& request, net::Respond respond);
  void retry_delivery(const std::string& id, net::Respond respond);
  /// Runs `job` on the store's thread and answers with what it gives.
  void from_store(std::function<Result<net::HttpResponse>(store::Database&)> job, net::Respond respond);

  net::Loop& loop_;
  store::Writer& writer_;
  const EngineLoop& engine_;
};

/// One element of `crms`: state, dimensions, open incident.
[[nodiscard]] boost::json::object crm_json(const EngineLoop& engine, const rules::CrmStatus& status);
/// The same with evidence, newest failures and every rule.
[[nodiscard]] boost::json::object crm_details_json(const EngineLoop& engine, const rules::CrmStatus& status);
[[nodiscard]] boost::json::object incident_json(const store::StoredIncident& incident);
[[nodiscard]] boost::json::object delivery_json(const store::OutboxRow& row);

/// A plain table of all states in English and Chinese.
[[nodiscard]] std::string render_page(const EngineLoop& engine);

}  // namespace crmpulse::collector
