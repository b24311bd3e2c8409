#include "collector/openapi/schemas.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::string_view kSchemas = R"json({
"Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "object", "required": ["code", "message"],
  "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "field": {"type": "string"},
    "problems": {"type": "array", "items": {"type": "string"}}}}}},
"Time": {"type": "string", "format": "date-time"},
"Document": {"type": "object", "required": ["openapi", "info", "paths"], "properties": {"openapi": {"type": "string"},
  "info": {"type": "object"}, "paths": {"type": "object"}, "components": {"type": "object"}}},
"Author": {"type": "string", "nullable": true, "maxLength": 100, "pattern": "^[^\\x00-\\x1f\\x7f]*$",
  "description": "default: the token's name"},
"Comment": {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "^ *[^ \\x00-\\x1f\\x7f][^\\x00-\\x1f\\x7f]*$"},
"LabelValue": {"type": "string", "minLength": 1, "maxLength": 1024, "pattern": "^ *[^ \\x00-\\x1f\\x7f][^\\x00-\\x1f\\x7f]*$"},
"Text": {"type": "object", "properties": {"en": {"type": "string"}, "zh": {"type": "string"}}},
"State": {"type": "string", "enum": ["healthy", "sub_healthy", "poor"]},
"ShownState": {"type": "string", "enum": ["unknown", "healthy", "sub_healthy", "poor"],
  "description": "unknown only while data_status is warming_up"},
"DataStatus": {"type": "string", "enum": ["warming_up", "fresh", "stale", "no_data"]},
"Matchers": {"type": "object", "minProperties": 1, "maxProperties": 20,
  "description": "labels of the CRM, their names at most 128 characters; all must match, any value of each",
  "additionalProperties": {"oneOf": [{"$ref": "#/components/schemas/LabelValue"},
    {"type": "array", "items": {"$ref": "#/components/schemas/LabelValue"}, "minItems": 1, "maxItems": 1000}]}},
"Weekly": {"type": "object", "required": ["days", "from", "to", "tz"], "additionalProperties": false, "properties": {
  "days": {"type": "array", "minItems": 1, "description": "mon … sun, or ranges: mon-fri; the day it begins",
    "items": {"type": "string", "pattern": "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$"}},
  "from": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": "local time of day: 22:00"},
  "to": {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "description": "at or before from: of the next day"},
  "tz": {"type": "string", "minLength": 1, "description": "Europe/Berlin, UTC, local"}}},
"NewSilence": {"type": "object", "required": ["matchers", "comment"], "additionalProperties": false,
  "oneOf": [{"required": ["ends_at"]}, {"required": ["expires_in"]}], "properties": {
  "matchers": {"$ref": "#/components/schemas/Matchers"},
  "starts_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}, "ends_at": {"$ref": "#/components/schemas/Time"},
  "expires_in": {"type": "string", "minLength": 1, "description": "instead of ends_at: 30m, 2h, 1d from starts_at on; at most 30 days"},
  "author": {"$ref": "#/components/schemas/Author"}, "comment": {"$ref": "#/components/schemas/Comment"}}},
"NewMaintenance": {"type": "object", "required": ["matchers", "comment"], "additionalProperties": false, "properties": {
  "matchers": {"$ref": "#/components/schemas/Matchers"},
  "starts_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}, "ends_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "expires_in": {"type": "string", "minLength": 1, "description": "instead of ends_at: 30m, 2h, 1d from starts_at on; at most 366 days"},
  "weekly": {"allOf": [{"$ref": "#/components/schemas/Weekly"}], "nullable": true},
  "author": {"$ref": "#/components/schemas/Author"}, "comment": {"$ref": "#/components/schemas/Comment"}}},
"NewSession": {"type": "object", "required": ["token"], "properties": {"token": {"type": "string", "minLength": 1, "maxLength": 200}}},
"Session": {"type": "object", "required": ["signed_in", "auth"], "properties": {
  "signed_in": {"type": "boolean"}, "name": {"type": "string"}, "role": {"type": "string", "enum": ["ingest", "viewer", "operator", "admin"]},
  "auth": {"type": "string", "enum": ["off", "required", "token", "session", "proxy"],
    "description": "how the caller is known; required: not at all"},
  "expires_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}}},
"FleetRow": {"type": "object", "required": ["crm", "kind", "labels", "state", "data_status", "since", "score", "flapping", "says", "failing",
    "failing_count", "dimension_count", "fault", "incident", "quiet", "strip"], "properties": {
  "crm": {"type": "string"}, "kind": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}},
  "state": {"$ref": "#/components/schemas/ShownState"}, "data_status": {"$ref": "#/components/schemas/DataStatus"},
  "since": {"$ref": "#/components/schemas/Time"}, "score": {"type": "number", "nullable": true}, "flapping": {"type": "boolean"},
  "says": {"allOf": [{"$ref": "#/components/schemas/Text"}], "nullable": true, "description": "the worst failing dimension in words; null while none fails"},
  "failing": {"type": "array", "maxItems": 3, "description": "the worst ones", "items": {"type": "object"}},
  "failing_count": {"type": "integer"}, "dimension_count": {"type": "integer"},
  "fault": {"type": "object", "nullable": true, "properties": {"verdict": {"type": "string"}, "why": {"$ref": "#/components/schemas/Text"}}},
  "incident": {"type": "object", "nullable": true, "properties": {"id": {"type": "string"}, "level": {"$ref": "#/components/schemas/State"},
    "opened_at": {"$ref": "#/components/schemas/Time"}, "acked_by": {"type": "string", "nullable": true}}},
  "quiet": {"type": "object", "nullable": true, "description": "what holds news back", "properties": {
    "kind": {"type": "string", "enum": ["silence", "maintenance"]}, "id": {"type": "string"},
    "until": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}, "author": {"type": "string"}, "comment": {"type": "string"}}},
  "strip": {"type": "string", "description": "the worst state of each of the last 48 half hours, the oldest first: 0 healthy, 1 sub-healthy, 2 poor, n no data, m maintenance"}}},
"Fleet": {"type": "object", "required": ["seq", "now", "time_zone", "muted", "recovering", "lost_agents", "dead_deliveries", "troubles", "crms"], "properties": {
  "seq": {"type": "integer", "description": "the newest event that is part of it"}, "now": {"$ref": "#/components/schemas/Time"},
  "time_zone": {"type": "string"}, "muted": {"type": "boolean"}, "recovering": {"type": "boolean", "description": "the journal is being replayed after a start"},
  "lost_agents": {"type": "integer"}, "dead_deliveries": {"type": "integer"}, "troubles": {"type": "array", "items": {"type": "object"}},
  "crms": {"type": "array", "items": {"$ref": "#/components/schemas/FleetRow"}}}},
"Suppression": {"type": "object", "properties": {
  "id": {"type": "string"}, "status": {"type": "string", "enum": ["pending", "active", "expired"]},
  "matchers": {"$ref": "#/components/schemas/Matchers"},
  "starts_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "ends_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "author": {"type": "string"}, "comment": {"type": "string"},
  "created_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "configured": {"type": "boolean", "description": "maintenance: defined in collector.yaml"},
  "weekly": {"allOf": [{"$ref": "#/components/schemas/Weekly"}], "nullable": true},
  "window": {"type": "object", "nullable": true, "description": "weekly: the window now or next", "properties": {
    "from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"}}},
  "matches": {"type": "object", "description": "in the answer to its creation: the CRMs known now that it matches", "properties": {
    "count": {"type": "integer"}, "crms": {"type": "array", "description": "the first 20", "items": {"type": "string"}}}},
  "warning": {"allOf": [{"$ref": "#/components/schemas/Text"}], "description": "in the answer to its creation, when it matches no CRM"}}},
"Silences": {"type": "object", "properties": {"silences": {"type": "array", "items": {"$ref": "#/components/schemas/Suppression"}}}},
"Maintenances": {"type": "object", "properties": {"maintenance": {"type": "array", "items": {"$ref": "#/components/schemas/Suppression"}}}},
"NewAck": {"type": "object", "additionalProperties": false, "properties": {
  "author": {"$ref": "#/components/schemas/Author"},
  "comment": {"type": "string", "nullable": true, "maxLength": 1000, "pattern": "^[^\\x00-\\x1f\\x7f]*$"},
  "expires_in": {"type": "string", "nullable": true, "minLength": 1, "description": "30m, 2h, 1d; at most 30 days; default: ack_expiry of the rules"},
  "expires_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}}},
"NewNote": {"type": "object", "required": ["text"], "additionalProperties": false, "properties": {
  "author": {"$ref": "#/components/schemas/Author"},
  "text": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "of one or more lines",
    "pattern": "^[ \\n]*[^ \\x00-\\x1f\\x7f][^\\x00-\\x09\\x0b-\\x1f\\x7f]*$"}}},
"Audit": {"type": "object", "properties": {"entries": {"type": "array", "items": {"type": "object", "properties": {
  "at": {"$ref": "#/components/schemas/Time"},
  "who": {"type": "string", "description": "a token's name; user NAME at the command line; signal; anybody without authentication"},
  "from": {"type": "string", "description": "an IP address, or local"}, "action": {"type": "string"},
  "about": {"type": "string", "description": "what it made or concerns, when the action does not say"},
  "result": {"type": "string", "description": "the HTTP status, or done"}}}}}},
"Ack": {"type": "object", "nullable": true, "properties": {"author": {"type": "string"}, "comment": {"type": "string"},
  "at": {"$ref": "#/components/schemas/Time"}, "expires_at": {"$ref": "#/components/schemas/Time"},
  "from": {"type": "string", "description": "the receiver where it was made; absent: here"}}},
"Troubles": {"type": "object", "properties": {"troubles": {"type": "array", "items": {"$ref": "#/components/schemas/Trouble"}}}},
"Trouble": {"type": "object", "properties": {"kind": {"type": "string", "enum": ["disk", "damaged", "samples_left_out", "tokens",
    "receiver", "certificate", "token", "collector_clock", "agent_clock", "agent_refused", "agent_dropped", "agent_damaged",
    "renewal", "authority"]},
  "subject": {"type": "string", "description": "the agent, receiver or token; else empty"},
  "detail": {"type": "string"}, "since": {"$ref": "#/components/schemas/Time"},
  "told": {"type": "boolean", "description": "receivers were told of it"},
  "text": {"$ref": "#/components/schemas/Text"}, "remedy": {"$ref": "#/components/schemas/Text"}}},
"EventTaken": {"type": "object", "properties": {"status": {"type": "string", "enum": ["acknowledged", "ignored"]},
  "reason": {"type": "string", "description": "why it is ignored"}}},
"Acknowledged": {"type": "object", "properties": {"id": {"type": "string"}, "crm": {"type": "string"},
  "ack": {"$ref": "#/components/schemas/Ack"}}},
"Fault": {"type": "object", "properties": {"verdict": {"type": "string", "enum":
  ["vendor", "network", "credentials", "quota", "automation", "data", "database", "agent", "unknown"]},
  "why": {"type": "string"}, "why_zh": {"type": "string"}}},
"Change": {"type": "object", "properties": {"at": {"$ref": "#/components/schemas/Time"},
  "what": {"type": "string", "enum": ["version", "release", "instance", "schema", "agent_version", "configuration"]},
  "object": {"type": "string"}, "agent": {"type": "string"}, "from": {"type": "string", "nullable": true},
  "to": {"type": "string"}, "text": {"$ref": "#/components/schemas/Text"}}},
"Dimension": {"type": "object", "properties": {"dimension": {"type": "string"}, "rule": {"type": "string"},
  "state": {"$ref": "#/components/schemas/ShownState"}, "value": {"type": "number", "nullable": true},
  "unit": {"type": "string"}, "sub_healthy": {"type": "number"}, "poor": {"type": "number"},
  "data_status": {"$ref": "#/components/schemas/DataStatus"}, "since": {"$ref": "#/components/schemas/Time"},
  "worst_of": {"type": "string"}, "text": {"$ref": "#/components/schemas/Text"}}},
"OpenIncident": {"type": "object", "nullable": true, "properties": {"id": {"type": "string"},
  "level": {"$ref": "#/components/schemas/State"}, "worst": {"$ref": "#/components/schemas/State"},
  "opened_at": {"$ref": "#/components/schemas/Time"}, "acked_by": {"type": "string", "nullable": true},
  "ack": {"$ref": "#/components/schemas/Ack"}, "fault": {"$ref": "#/components/schemas/Fault"},
  "remedies": {"type": "array", "items": {"type": "object", "properties": {
    "dimension": {"type": "string"}, "en": {"type": "string"}, "zh": {"type": "string"}}}}}},
"Crm": {"type": "object", "properties": {"crm": {"type": "string"}, "kind": {"type": "string"},
  "labels": {"type": "object", "additionalProperties": {"type": "string"}},
  "state": {"$ref": "#/components/schemas/ShownState"}, "data_status": {"$ref": "#/components/schemas/DataStatus"},
  "since": {"$ref": "#/components/schemas/Time"}, "score": {"type": "number", "nullable": true},
  "flapping": {"type": "boolean"},
  "says": {"allOf": [{"$ref": "#/components/schemas/Text"}], "nullable": true, "description": "what fails most, as messages say it"},
  "silences": {"type": "array", "items": {"$ref": "#/components/schemas/Suppression"}},
  "maintenance": {"type": "array", "items": {"$ref": "#/components/schemas/Suppression"}},
  "dimensions": {"type": "array", "items": {"$ref": "#/components/schemas/Dimension"}},
  "vendor_report": {"type": "object", "nullable": true, "description": "what the vendor's own status page says",
    "properties": {"en": {"type": "string"}, "zh": {"type": "string"}}},
  "incident": {"$ref": "#/components/schemas/OpenIncident"},
  "rules": {"type": "array", "description": "of one CRM", "items": {"$ref": "#/components/schemas/Dimension"}},
  "evidence": {"type": "array", "description": "of one CRM", "items": {"type": "object"}},
  "failures": {"type": "array", "description": "of one CRM", "items": {"type": "object"}}}},
"Crms": {"type": "object", "properties": {"crms": {"type": "array", "items": {"$ref": "#/components/schemas/Crm"}},
  "next_cursor": {"type": "string", "nullable": true}}},
"History": {"type": "object", "properties": {"crm": {"type": "string"}, "dimension": {"type": "string", "nullable": true},
  "from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"},
  "step": {"type": "string", "description": "a duration; steps begin at its multiples since 1970"},
  "series": {"type": "array", "items": {"type": "object", "properties": {"metric": {"type": "string"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "points": {"type": "array", "description": "in order; steps without readings are left out",
      "items": {"type": "object", "properties": {"at": {"$ref": "#/components/schemas/Time"}, "avg": {"type": "number"},
        "min": {"type": "number"}, "max": {"type": "number"}, "last": {"type": "number"}, "count": {"type": "integer"},
        "p50": {"type": "number", "nullable": true, "description": "of durations, to within 2 % of its value; else null"},
        "p75": {"type": "number", "nullable": true}, "p95": {"type": "number", "nullable": true}}}}}}},
  "source": {"type": "string", "enum": ["samples", "minutes", "hours", "days"],
    "description": "what the points were summed up from: the coarsest that has such steps and reaches back so far"},
  "series_omitted": {"type": "integer", "description": "series beyond the first 100"},
  "blocks_damaged": {"type": "integer", "description": "stored blocks that cannot be used: what is in them is missing"}}},
"NewRehearsal": {"type": "object", "required": ["crm", "rule"], "additionalProperties": false, "properties": {
  "crm": {"$ref": "#/components/schemas/LabelValue"}, "rule": {"$ref": "#/components/schemas/LabelValue"},
  "sub_healthy": {"type": "number", "nullable": true, "description": "sub.enter; its exit keeps its share of it"},
  "poor": {"type": "number", "nullable": true, "description": "poor.enter, likewise"},
  "for": {"type": "string", "nullable": true, "minLength": 1, "description": "of both: 0s, 5m, 1d"},
  "days": {"type": "integer", "nullable": true, "enum": [7, 30], "description": "default: 7"}}},
"RehearsedSide": {"type": "object", "properties": {
  "incidents": {"type": "array", "description": "the first 1000", "items": {"type": "object", "properties": {
    "opened_at": {"$ref": "#/components/schemas/Time"},
    "resolved_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
    "worst": {"$ref": "#/components/schemas/State"}, "minutes": {"type": "number"}}}},
  "incident_count": {"type": "integer"},
  "minutes": {"type": "object", "properties": {"sub_healthy": {"type": "number"}, "poor": {"type": "number"}}}}},
"Rehearsal": {"type": "object", "properties": {
  "from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"},
  "truncated": {"type": "boolean", "description": "a bound was met: what came after `to` was not looked at"},
  "samples": {"type": "integer"}, "blocks_damaged": {"type": "integer"},
  "before": {"$ref": "#/components/schemas/RehearsedSide"}, "after": {"$ref": "#/components/schemas/RehearsedSide"},
  "yaml": {"type": "string", "description": "lines for a rules file that is loaded after the others"},
  "took_ms": {"type": "integer"}}},
"ReportPeriod": {"type": "object", "properties": {"id": {"type": "string"},
  "kind": {"type": "string", "enum": ["week", "month", "quarter", "year", "range"]},
  "from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"}}},
"ReportStates": {"type": "object", "description": "planned maintenance and time without data are in no other sum",
  "properties": {"healthy_seconds": {"type": "number"}, "degraded_seconds": {"type": "number"},
    "poor_seconds": {"type": "number"}, "maintenance_seconds": {"type": "number"}, "no_data_seconds": {"type": "number"},
    "score": {"type": "number", "nullable": true, "description": "mean, weighted by time"}}},
"ReportTrend": {"type": "string", "enum": ["unknown", "same", "better", "worse", "more", "less"]},
"ReportFigure": {"type": "object", "required": ["dimension", "metric", "value"], "properties": {
  "dimension": {"type": "string"}, "metric": {"type": "string"},
  "of": {"type": "string", "description": "operation, object, process, period; empty: of all"}, "unit": {"type": "string"},
  "value": {"type": "number", "nullable": true, "description": "null: not measured"},
  "target": {"type": "number", "nullable": true, "description": "where sub-healthy begins, by the rule in force"},
  "poor": {"type": "number", "nullable": true}, "met": {"type": "boolean", "nullable": true},
  "previous": {"type": "number", "nullable": true}, "trend": {"$ref": "#/components/schemas/ReportTrend"},
  "year_ago": {"type": "number", "nullable": true}, "year_trend": {"$ref": "#/components/schemas/ReportTrend"}}},
"Goals": {"type": "object", "properties": {"made_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true, "description": "null: not worked out yet"},
  "goals": {"type": "array", "items": {"$ref": "#/components/schemas/ReportGoal"}}}},
"ReportGoal": {"type": "object", "properties": {"name": {"type": "string"}, "metric": {"type": "string"},
  "where": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
  "direction": {"type": "string", "enum": ["at_least", "at_most"]}, "target": {"type": "number"},
  "owner": {"type": "string"}, "by": {"type": "string", "format": "date"},
  "baseline": {"type": "number", "nullable": true},
  "baseline_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "value": {"type": "number", "nullable": true, "description": "mean of the last week"}, "reached": {"type": "boolean"},
  "standing": {"type": "string", "enum": ["no_data", "begun", "on_track", "behind", "reached", "missed"]},
  "says": {"$ref": "#/components/schemas/Text"},
  "over": {"type": "boolean", "description": "the date has passed"},
  "progress": {"type": "number", "nullable": true, "description": "0 at the baseline, 1 at the target"},
  "pace_per_week": {"type": "number", "nullable": true}, "pace_needed_per_week": {"type": "number", "nullable": true},
  "on_track": {"type": "boolean", "nullable": true}}},
"ReportIncident": {"type": "object", "properties": {"id": {"type": "string"},
  "worst": {"$ref": "#/components/schemas/State"}, "opened_at": {"$ref": "#/components/schemas/Time"},
  "resolved_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "acknowledged_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "acknowledged_by": {"type": "string"}, "seconds": {"type": "number", "description": "within the period"},
  "cost_seconds": {"type": "number", "description": "of these, outside maintenance"},
  "dimensions": {"type": "array", "items": {"type": "string"}},
  "fault": {"type": "object", "properties": {"verdict": {"type": "string"}, "why": {"$ref": "#/components/schemas/Text"}}},
  "timeline": {"type": "array", "items": {"type": "object", "properties": {"at": {"$ref": "#/components/schemas/Time"},
    "type": {"type": "string"}, "text": {"$ref": "#/components/schemas/Text"}}}},
  "timeline_omitted": {"type": "integer"}}},
"Report": {"type": "object", "properties": {"crm": {"type": "string"}, "kind": {"type": "string"},
  "made_at": {"$ref": "#/components/schemas/Time"}, "time_zone": {"type": "string"},
  "period": {"$ref": "#/components/schemas/ReportPeriod"}, "until": {"$ref": "#/components/schemas/Time"},
  "under_way": {"type": "boolean", "description": "the period is not over"},
  "previous": {"allOf": [{"$ref": "#/components/schemas/ReportPeriod"}], "nullable": true},
  "year_ago": {"allOf": [{"$ref": "#/components/schemas/ReportPeriod"}], "nullable": true},
  "summary": {"$ref": "#/components/schemas/Text"}, "states": {"$ref": "#/components/schemas/ReportStates"},
  "figures": {"type": "array", "items": {"$ref": "#/components/schemas/ReportFigure"}},
  "not_measured": {"type": "array", "description": "dimensions", "items": {"type": "string"}},
  "idle_features": {"type": "array", "items": {"type": "string"}},
  "goals": {"type": "array", "items": {"$ref": "#/components/schemas/ReportGoal"}},
  "improvements": {"type": "array", "description": "the three dimensions that cost most, the dearest first",
    "items": {"type": "object", "properties": {"dimension": {"type": "string"}, "rule": {"type": "string"},
      "poor_seconds": {"type": "number"}, "degraded_seconds": {"type": "number"}, "score_points": {"type": "number"},
      "incidents": {"type": "integer"}, "remedy": {"$ref": "#/components/schemas/Text"}}}},
  "incidents": {"type": "array", "description": "oldest first", "items": {"$ref": "#/components/schemas/ReportIncident"}},
  "incidents_omitted": {"type": "integer"},
  "vendor_notices": {"type": "array", "items": {"type": "object", "properties": {"instance": {"type": "string"},
    "from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"},
    "level": {"type": "integer", "description": "1 maintenance, 2 minor, 3 major incident"}}}},
  "buckets": {"type": "array", "description": "days, weeks or months of the period", "items": {"type": "object",
    "properties": {"from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"},
      "states": {"$ref": "#/components/schemas/ReportStates"}, "availability": {"type": "number", "nullable": true},
      "latency": {"type": "array", "items": {"type": "object", "properties": {"metric": {"type": "string"},
        "of": {"type": "string"}, "value": {"type": "number", "nullable": true}}}}}}},
  "series_omitted": {"type": "integer"}, "blocks_damaged": {"type": "integer"}}},
"States": {"type": "object", "properties": {"crm": {"type": "string"}, "from": {"$ref": "#/components/schemas/Time"},
  "to": {"$ref": "#/components/schemas/Time"},
  "changes": {"type": "array", "description": "in order; the first may lie before `from`", "items": {"type": "object",
    "properties": {"at": {"$ref": "#/components/schemas/Time"}, "state": {"$ref": "#/components/schemas/State"},
      "data_status": {"type": "string", "enum": ["warming_up", "fresh", "stale", "no_data"]},
      "score": {"type": "number", "nullable": true}, "maintenance": {"type": "boolean"}}}},
  "changes_omitted": {"type": "integer", "description": "changes beyond the first 10000"}}},
"Changes": {"type": "object", "properties": {"crm": {"type": "string"},
  "changes": {"type": "array", "description": "oldest first", "items": {"$ref": "#/components/schemas/Change"}}}},
"Days": {"type": "object", "properties": {"crm": {"type": "string"},
  "time_zone": {"type": "string", "description": "by whose clock days begin"},
  "days": {"type": "array", "description": "in order; the last is today, up to now", "items": {"type": "object",
    "properties": {"day": {"type": "string", "description": "2026-11-21"}, "healthy_seconds": {"type": "integer"},
      "sub_healthy_seconds": {"type": "integer"}, "poor_seconds": {"type": "integer"},
      "no_data_seconds": {"type": "integer"},
      "maintenance_seconds": {"type": "integer", "description": "apart from the others, whatever the state was"},
      "availability": {"type": "number", "nullable": true,
        "description": "the part of the known time outside maintenance in which the CRM was not poor"}}}}}},
"TimelineLine": {"type": "object", "required": ["at", "type"], "properties": {"at": {"$ref": "#/components/schemas/Time"},
  "type": {"type": "string", "enum": ["state", "dimension", "message", "ack", "ack_ended", "silence", "maintenance", "change",
    "evidence", "late", "note"]},
  "text": {"$ref": "#/components/schemas/Text"},
  "delivery": {"type": "string", "description": "of a message: its id among the deliveries"},
  "author": {"type": "string", "description": "of a note, an acknowledgement, a silence, maintenance"},
  "note": {"type": "string", "description": "of a note: what its author wrote, which may have several lines"},
  "outcome": {"type": "object", "nullable": true, "properties": {"status": {"type": "string"}, "attempts": {"type": "integer"},
    "at": {"type": "string", "nullable": true}, "code": {"type": "integer"}, "error": {"type": "string"}}}},
  "additionalProperties": true},
"Incident": {"type": "object", "properties": {"id": {"type": "string"}, "crm": {"type": "string"}, "kind": {"type": "string"},
  "state": {"type": "string", "enum": ["open", "resolved"]}, "level": {"$ref": "#/components/schemas/State"},
  "opened_at": {"$ref": "#/components/schemas/Time"},
  "resolved_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "acknowledged_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true, "description": "the first time"},
  "worst": {"$ref": "#/components/schemas/State"}, "fault": {"$ref": "#/components/schemas/Fault"},
  "failing": {"type": "array", "items": {"type": "object"}}, "evidence": {"type": "array", "items": {"type": "string"}},
  "changes": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
  "ack": {"$ref": "#/components/schemas/Ack"},
  "timeline_omitted": {"type": "integer", "description": "lines beyond the bound of 1000"},
  "timeline": {"type": "array", "description": "of one incident", "items": {"$ref": "#/components/schemas/TimelineLine"}}}},
"Incidents": {"type": "object", "properties": {
  "incidents": {"type": "array", "items": {"$ref": "#/components/schemas/Incident"}},
  "next_before": {"type": "string", "nullable": true}}},
"Selection": {"type": "object", "description": "labels and the values each may have; none: everything",
  "additionalProperties": {"type": "array", "items": {"type": "string"}}},
"Rule": {"type": "object", "properties": {"dimension": {"type": "string"}, "rule": {"type": "string", "description": "its id"},
  "says": {"$ref": "#/components/schemas/Text"},
  "measure": {"type": "object", "properties": {"metric": {"type": "string"}, "where": {"$ref": "#/components/schemas/Selection"},
    "aggregator": {"type": "string"}, "window": {"type": "string", "nullable": true, "description": "a duration"},
    "each": {"type": "string", "nullable": true, "description": "a label: each of its values is judged by itself"},
    "per": {"type": "object", "nullable": true, "description": "what the metric is divided by", "properties": {
      "metric": {"type": "string"}, "where": {"$ref": "#/components/schemas/Selection"}}}}},
  "op": {"type": "string", "enum": ["above", "below"], "description": "which way is worse"},
  "sub_healthy": {"type": "number"}, "poor": {"type": "number"}, "unit": {"type": "string"},
  "for": {"type": "object", "properties": {"sub_healthy": {"type": "string"}, "poor": {"type": "string"}}},
  "role": {"type": "string", "enum": ["gate", "soft"]}, "weight": {"type": "number"},
  "applies_to": {"$ref": "#/components/schemas/Selection"},
  "file": {"type": "string", "description": "without its folder"}, "line": {"type": "integer"},
  "state": {"allOf": [{"$ref": "#/components/schemas/ShownState"}], "nullable": true, "description": "null: nothing feeds it"},
  "value": {"type": "number", "nullable": true}}},
"Rules": {"type": "object", "properties": {"rules": {"type": "array", "items": {"$ref": "#/components/schemas/Rule"}}}},
"Agent": {"type": "object", "properties": {"agent": {"type": "string"}, "version": {"type": "string", "nullable": true},
  "system": {"type": "string", "nullable": true}, "last_seen": {"$ref": "#/components/schemas/Time"},
  "clock_skew_seconds": {"type": "number", "nullable": true, "description": "above zero: its clock is ahead"},
  "spool_bytes": {"type": "number", "nullable": true},
  "oldest_unsent": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "lost": {"type": "boolean"}, "lost_since": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "crms": {"type": "array", "items": {"type": "object", "properties": {"crm": {"type": "string"},
    "kind": {"type": "string", "nullable": true}, "calls_per_day": {"type": "number", "nullable": true},
    "allowance": {"type": "number", "nullable": true, "description": "calls a day"},
    "stretch": {"type": "number", "nullable": true, "description": "by how much intervals are longer than configured"}}}},
  "refused": {"type": "object", "nullable": true, "description": "its last request that was not let through", "properties": {
    "at": {"$ref": "#/components/schemas/Time"}, "reason": {"type": "string"}}}}},
"Agents": {"type": "object", "properties": {"agents": {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}}}},
"Receiver": {"type": "object", "properties": {"name": {"type": "string"}, "type": {"type": "string"},
  "language": {"type": "string", "enum": ["en", "zh"]}, "min_state": {"$ref": "#/components/schemas/State"},
  "heartbeat": {"type": "boolean", "description": "it gets heartbeats and nothing else"},
  "waiting": {"type": "integer"}, "dead": {"type": "integer"},
  "last_delivered_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "last_failure": {"type": "object", "nullable": true, "properties": {"at": {"$ref": "#/components/schemas/Time"},
    "error": {"type": "string"}, "code": {"type": "integer", "description": "0: there was no answer"}}},
  "healthy": {"type": "boolean", "description": "the last attempt was delivered, and nothing holds it back"}}},
"Receivers": {"type": "object", "properties": {"receivers": {"type": "array", "items": {"$ref": "#/components/schemas/Receiver"}}}},
"Tested": {"type": "object", "properties": {"delivered": {"type": "boolean"}, "code": {"type": "integer"},
  "error": {"type": "string", "description": "empty when it was delivered"}}},
"Role": {"type": "string", "enum": ["ingest", "viewer", "operator", "admin"]},
"NewToken": {"type": "object", "required": ["name", "role"], "additionalProperties": false, "properties": {
  "name": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
  "role": {"$ref": "#/components/schemas/Role"},
  "agent": {"type": "string", "nullable": true, "maxLength": 64, "description": "role ingest: only as this agent"},
  "crms": {"type": "array", "nullable": true, "description": "role ingest: only about these", "items": {"type": "string", "minLength": 1}},
  "expires_in": {"type": "string", "nullable": true, "minLength": 1, "description": "90d; at most 3660d; default: never"}}},
"MadeToken": {"type": "object", "properties": {"name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "token": {"type": "string", "description": "crmp_…; shown nowhere else"}}},
"Token": {"type": "object", "properties": {"name": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "created_at": {"$ref": "#/components/schemas/Time"}, "agent": {"type": "string", "nullable": true},
  "crms": {"type": "array", "items": {"type": "string"}},
  "expires_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}, "expired": {"type": "boolean"},
  "own": {"type": "boolean", "description": "the one that this request is made with"}}},
"Tokens": {"type": "object", "properties": {"tokens": {"type": "array", "items": {"$ref": "#/components/schemas/Token"}}}},
"NewInvitation": {"type": "object", "required": ["agent"], "additionalProperties": false, "properties": {
  "agent": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"},
  "crms": {"type": "array", "nullable": true, "description": "what its token is limited to", "items": {"type": "string", "minLength": 1}}}},
"MadeInvitation": {"type": "object", "properties": {"name": {"type": "string", "description": "as `agent`"}, "agent": {"type": "string"},
  "code": {"type": "string", "description": "crmi_…; shown nowhere else"}, "expires_at": {"$ref": "#/components/schemas/Time"},
  "ca_hash": {"type": "string", "nullable": true, "description": "sha256:…; null: the system's authorities are trusted"},
  "command": {"type": "string", "nullable": true, "description": "the line for the other machine; null while its address is not known"}}},
"Invitation": {"type": "object", "properties": {"agent": {"type": "string"}, "crms": {"type": "array", "items": {"type": "string"}},
  "created_at": {"$ref": "#/components/schemas/Time"}, "expires_at": {"$ref": "#/components/schemas/Time"}}},
"Invitations": {"type": "object", "properties": {"invitations": {"type": "array", "items": {"$ref": "#/components/schemas/Invitation"}}}},
"NewJoin": {"type": "object", "required": ["code"], "additionalProperties": false, "properties": {
  "code": {"type": "string", "minLength": 1, "maxLength": 256}}},
"Joined": {"type": "object", "properties": {"agent": {"type": "string"}, "name": {"type": "string", "description": "the token's"},
  "token": {"type": "string", "description": "crmp_…, of role ingest; shown nowhere else"}}},
"About": {"type": "object", "properties": {"version": {"type": "string"}, "licence": {"type": "string"},
  "started_at": {"$ref": "#/components/schemas/Time"},
  "libraries": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"},
    "version": {"type": "string"}, "licence": {"type": "string", "description": "as SPDX writes it"}}}},
  "retention": {"type": "object", "properties": {"samples": {"type": "string"}, "states": {"type": "string"}}},
  "journal_max_bytes": {"type": "integer", "description": "beyond it the oldest samples go earlier"},
  "store": {"type": "array", "description": "on disk: journal, stored (everything else), free", "items": {"type": "object",
    "properties": {"kind": {"type": "string"}, "bytes": {"type": "integer"}}}},
  "contents": {"type": "array", "description": "what the store's contents are kept for: journal, samples, minutes, hours, days, states, incidents, messages, snapshots; looked at once an hour, empty until then",
    "items": {"type": "object", "properties": {"kind": {"type": "string"}, "bytes": {"type": "integer"},
    "oldest_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true, "description": "null where nothing is kept by age, or nothing is there"}}}}}},
"PublicCrm": {"type": "object", "properties": {"crm": {"type": "string"}, "name": {"$ref": "#/components/schemas/Text"},
  "state": {"$ref": "#/components/schemas/PublicState"},
  "since": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}, "says": {"$ref": "#/components/schemas/Text"},
  "usable": {"type": "number", "nullable": true, "description": "share of the measured time of 90 days, without maintenance, that it was not poor"},
  "days": {"type": "array", "items": {"type": "object", "properties": {"day": {"type": "string", "format": "date"},
    "state": {"$ref": "#/components/schemas/PublicState"}, "healthy_seconds": {"type": "integer"},
    "sub_healthy_seconds": {"type": "integer"}, "poor_seconds": {"type": "integer"}, "unknown_seconds": {"type": "integer"},
    "maintenance_seconds": {"type": "integer"}}}},
  "incidents": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"},
    "level": {"$ref": "#/components/schemas/State"}, "opened_at": {"$ref": "#/components/schemas/Time"},
    "resolved_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}, "says": {"$ref": "#/components/schemas/Text"}}}},
  "maintenance": {"type": "array", "description": "under way, or planned within 30 days", "items": {"type": "object", "properties": {
    "from": {"$ref": "#/components/schemas/Time"}, "to": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}}}}}},
"PublicState": {"type": "string", "enum": ["healthy", "sub_healthy", "poor", "unknown", "maintenance"]},
"PublicStatus": {"type": "object", "properties": {"title": {"$ref": "#/components/schemas/Text"},
  "updated_at": {"$ref": "#/components/schemas/Time"}, "time_zone": {"type": "string"},
  "state": {"$ref": "#/components/schemas/PublicState"}, "says": {"$ref": "#/components/schemas/Text"},
  "crms": {"type": "array", "items": {"$ref": "#/components/schemas/PublicCrm"}}}},
"Delivery": {"type": "object", "properties": {"id": {"type": "string"}, "receiver": {"type": "string"},
  "about": {"type": "string", "description": "crm/NAME, agent/NAME, …"}, "seq": {"type": "integer"}, "event": {"type": "string"},
  "status": {"type": "string", "enum": ["pending", "inflight", "delivered", "dead", "superseded", "abandoned"]},
  "attempts": {"type": "integer"}, "last_code": {"type": "integer"}, "last_error": {"type": "string"},
  "created_at": {"$ref": "#/components/schemas/Time"},
  "not_before": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true},
  "finished_at": {"allOf": [{"$ref": "#/components/schemas/Time"}], "nullable": true}}},
"Deliveries": {"type": "object", "properties": {
  "deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}},
  "next_before": {"type": "string", "nullable": true}}},
"Reloaded": {"type": "object", "properties": {"status": {"type": "string"},
  "needs_restart": {"type": "array", "items": {"type": "string"}}}}
})json";

/// No control character; in a part of a path no slash either.
constexpr std::string_view kPlainText = "^[^\\x00-\\x1f\\x7f]+$";
constexpr std::string_view kPlainPart = "^[^/\\x00-\\x1f\\x7f]+$";
constexpr std::string_view kAgentTime =
    "^([0-9]{1,14}|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$";
constexpr std::string_view kDuration = "^([0-9]{1,6}(ms|s|m|h|d))+$";

json::object text_of(std::string_view pattern, std::size_t longest) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", longest}, {"pattern", pattern}};
}

json::object header(std::string_view name, bool required, std::string_view about, json::object schema) {
  return {
      {"name", name}, {"in", "header"}, {"required", required}, {"description", about}, {"schema", std::move(schema)}};
}

}  // namespace

json::object openapi_schemas() {
  return json::parse(kSchemas).as_object();
}

json::object part_schema() {
  return text_of(kPlainPart, kLongestParameter);
}

json::object parameter_schema(const Parameter& parameter) {
  switch (parameter.kind) {
    case Parameter::Kind::text: return text_of(kPlainText, kLongestParameter);
    case Parameter::Kind::count: return {{"type", "integer"}, {"minimum", 1}, {"maximum", kMostCount}};
    case Parameter::Kind::time: return {{"type", "string"}, {"format", "date-time"}};
    case Parameter::Kind::duration: return text_of(kDuration, 40);
    case Parameter::Kind::choice: break;
  }
  json::array choices;
  for (std::string_view rest = parameter.choices; !rest.empty();) {
    const std::string_view choice = rest.substr(0, rest.find('|'));
    choices.push_back(json::value(choice));
    rest.remove_prefix(std::min(choice.size() + 1, rest.size()));
  }
  return {{"type", "string"}, {"enum", std::move(choices)}};
}

void add_ingest_headers(json::array& parameters, bool samples) {
  if (samples) {
    const json::object snappy{{"type", "string"}, {"enum", json::array{"snappy"}}};
    parameters.push_back(header("Content-Encoding", true, "the block format", snappy));
  }
  parameters.push_back(header("X-Crm-Agent", false, "the agent that sends; its token may be bound to the name",
                              text_of("^[!-~]+$", 128)));
  parameters.push_back(
      header("X-Crm-Batch-Seq", false, "one that the agent sent before is not taken again; 0 is none",
             {{"type", "integer"}, {"minimum", 0}, {"maximum", std::numeric_limits<std::uint64_t>::max()}}));
  parameters.push_back(
      header("X-Crm-Time", false, "the agent's clock: RFC 3339, or Unix milliseconds", text_of(kAgentTime, 40)));
}

json::object written_headers() {
  json::object out;
  for (const std::string_view what : {"Samples", "Histograms", "Exemplars"}) {
    const std::string name = "X-Prometheus-Remote-Write-" + std::string{what} + "-Written";
    out[name] = json::object{{"description", "answers to remote write 2.0: how many were written"},
                             {"schema", json::object{{"type", "integer"}, {"minimum", 0}}}};
  }
  return out;
}

}  // namespace crmpulse::collector
