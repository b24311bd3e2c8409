#pragma once
// The JSON addresses under /api/v1 and the page: what people and scripts read. Belongs to the loop's thread.

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/engine/engine_loop.h"
#include "collector/http/router.h"
#include "collector/trouble/watch.h"
#include "net/loop/loop.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class Api {
 public:
  using Troubles = std::function<std::vector<TroubleWatch::Present>()>;
  Api(net::Loop& loop, store::Writer& writer, EngineLoop& engine, Troubles troubles)
      : loop_(loop), writer_(writer), engine_(engine), troubles_(std::move(troubles)) {}
  /// The router must outlive this: it is asked for its table.
  void add_routes(Router& router);

  using Job = std::function<Result<net::HttpResponse>(store::Database&)>;
  /// Runs `job` on the store's thread and answers with its result. `then` runs on the loop before that, once what the
  /// job wrote is on disk.
  void from_store(Job job, net::Respond respond, std::function<void(net::HttpResponse&)> then = nullptr);

 private:
  using Kind = Suppression::Kind;

  void add_reading_routes(Router& router);
  void add_operator_routes(Router& router);
  void add_suppression_routes(Router& router, Kind kind, const std::string& path);

  void list_crms(const net::HttpRequest& request, net::Respond respond) const;
  void show_crm(const std::string& crm, net::Respond respond) const;
  void list_incidents(const net::HttpRequest& request, net::Respond respond);
  void show_incident(const std::string& id, net::Respond respond);
  void list_deliveries(const net::HttpRequest& request, net::Respond respond);
  void show_page(net::Respond respond);
  void show_incident_page(const std::string& id, net::Respond respond);

  void forget_crm(const std::string& crm, net::Respond respond);
  void retry_delivery(const Request& request, const std::string& id, net::Respond respond);
  void list_suppressions(Kind kind, const net::HttpRequest& request, net::Respond respond);
  void show_suppression(Kind kind, const std::string& id, net::Respond respond);
  void create_suppression(Kind kind, const Request& request, net::Respond respond);
  void end_suppression(Kind kind, const Request& request, const std::string& id, net::Respond respond);
  void acknowledge(const Request& request, const std::string& id, net::Respond respond);
  void unacknowledge(const Request& request, const std::string& id, net::Respond respond);
  void add_note(const Request& request, const std::string& id, net::Respond respond);
  /// Answers that an incident cannot be acknowledged because it does not exist, or is over.
  void refuse_ack(const std::string& id, net::Respond respond);
  /// Returns a function that writes the line of the audit log (who did what from where). Call it when the action is
  /// done.
  [[nodiscard]] std::function<void()> audit(const Request& request, std::string action, std::string about,
                                            std::string author) const;

  net::Loop& loop_;
  store::Writer& writer_;
  EngineLoop& engine_;
  Troubles troubles_;      ///< of crmpulse itself, now
  std::int64_t made_ = 0;  ///< operations of this process: makes ids differ within a millisecond
};

/// One element of `crms`: state, dimensions, open incident.
[[nodiscard]] boost::json::object crm_json(const EngineLoop& engine, const rules::CrmStatus& status);
/// Like crm_json(), with evidence, newest failures and every rule.
[[nodiscard]] boost::json::object crm_details_json(const EngineLoop& engine, const rules::CrmStatus& status);
/// Returns an incident without its timeline.
[[nodiscard]] boost::json::object incident_json(const store::StoredIncident& incident);
/// Returns the lines of a timeline. Messages among them say whether they were delivered, as long as the outbox knows.
[[nodiscard]] boost::json::array timeline_json(store::Database& database,
                                               const std::vector<store::IncidentEvent>& events);
[[nodiscard]] boost::json::object delivery_json(const store::OutboxRow& row);
[[nodiscard]] boost::json::value ack_json(const Acknowledgement* ack);

/// Returns a query parameter, empty if it is absent.
[[nodiscard]] std::string parameter(const net::HttpRequest& request, std::string_view name);
/// Returns the parameter `limit`, which was checked (parameters.h); without it, `without`.
[[nodiscard]] int limit_of(const net::HttpRequest& request, int without = 200);
[[nodiscard]] net::HttpResponse no_such(std::string_view what);

/// Plain tables of all states, what operators said, and what could not be delivered, in English and Chinese.
/// Its style: beside it, because nothing inline is allowed.
[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string render_page(const EngineLoop& engine, const std::vector<TroubleWatch::Present>& troubles,
                                      const std::vector<store::OutboxRow>& dead);
/// Returns crmpulse's own troubles, with what to do.
[[nodiscard]] boost::json::object troubles_json(const std::vector<TroubleWatch::Present>& troubles);

}  // namespace crmpulse::collector
