"""A real Tryton 6.0 on PostgreSQL: probed, watched, compared with queries by hand, stopped and started again."""

import json
import subprocess
import time
import unittest

from harness import BIN, SOURCE, EndToEnd, eventually
import os

SEED = SOURCE / "tests/probes/recipes/tryton/seed.postgresql.sql"

# What the recipe says, asked in other words. (metric, labels, query)
BY_HAND = [
    ("crm_records", {"object": "party"}, "SELECT count(*) FROM party_party WHERE active AND replaced_by IS NULL"),
    ("crm_records", {"object": "opportunity"}, "SELECT count(*) FROM sale_opportunity"),
    ("crm_records", {"object": "sale"}, "SELECT count(*) FROM sale_sale"),
    ("crm_records_created", {"object": "party", "period": "24h"}, "SELECT count(*) FROM party_party WHERE create_date > now() AT TIME ZONE 'UTC' - interval '1 day'"),
    ("crm_licensed_users", {}, "SELECT count(*) FROM res_user WHERE active AND id <> 0"),
    ("crm_last_modified_timestamp_seconds", {"object": "party"},
     "SELECT extract(epoch FROM greatest(max(write_date), max(create_date))) FROM party_party"),
    ("crm_records_incomplete", {"object": "party", "field": "email"},
     "SELECT count(*) FROM party_party p WHERE active AND replaced_by IS NULL AND id NOT IN (SELECT party FROM party_contact_mechanism "
     "WHERE active AND type = 'email' AND trim(coalesce(value, '')) <> '')"),
    ("crm_records_incomplete", {"object": "open_opportunity", "field": "amount"},
     "SELECT count(*) FROM sale_opportunity WHERE state NOT IN ('won', 'lost', 'cancelled') AND (amount IS NULL OR amount = 0)"),
    ("crm_customers_retained", {"period": "365d"},
     "SELECT count(DISTINCT a.party) FROM sale_sale a, sale_sale b WHERE a.party = b.party AND a.state IN ('confirmed','processing','done') "
     "AND b.state IN ('confirmed','processing','done') AND (now() AT TIME ZONE 'UTC')::date - a.sale_date BETWEEN 0 AND 364 "
     "AND (now() AT TIME ZONE 'UTC')::date - b.sale_date BETWEEN 365 AND 729"),
    ("crm_sales_amount", {"period": "365d"},
     "SELECT coalesce(sum(untaxed_amount_cache), 0) FROM sale_sale WHERE state IN ('confirmed','processing','done') "
     "AND sale_date > (now() AT TIME ZONE 'UTC')::date - 365 AND sale_date <= (now() AT TIME ZONE 'UTC')::date"),
]
# One metric of every row of "What is measured" that Tryton's schema allows.
MEASURED = ["crm_operation_duration_seconds", "crm_operation_phase_seconds", "crm_operation_success", "crm_up", "crm_transaction_success",
            "crm_transaction_duration_seconds", "crm_last_modified_timestamp_seconds", "crm_records", "crm_records_created", "crm_records_modified",
            "crm_activities", "crm_active_users", "crm_licensed_users", "crm_feature_used", "crm_records_incomplete", "crm_records_duplicate",
            "crm_records_invalid", "crm_records_outdated", "crm_records_orphaned", "crm_process_seconds", "crm_process_overdue_ratio",
            "crm_sales_amount", "crm_customers", "crm_customers_retained"]


class Tryton(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.postgres()
        cache = os.environ.get("CRMPULSE_CACHE", str(self.folder / "cache"))
        subprocess.run([SOURCE / "scripts/tryton-database", "--port", str(self.server.port), "--cache", cache, "--work", str(self.folder), str(SEED)],
                       check=True)
        self.server.sql("CREATE TABLE crmpulse_heartbeat (run_id varchar(16) PRIMARY KEY, at timestamp NOT NULL); CREATE ROLE monitor LOGIN", "crm")
        for right in self.rights():
            self.server.sql(right, "crm")

    def rights(self):
        """The GRANT statements the recipe itself names are all the account gets."""
        shown = subprocess.run([BIN / "crmpulse-agent", "recipes", "tryton"], check=True, capture_output=True, text=True).stdout
        return [line.strip().lstrip("- ").split(" -- ")[0] for line in shown.splitlines() if line.strip().lstrip("- ").startswith("GRANT")]

    def crms(self):
        return (f"  - name: backoffice\n    recipe: tryton\n    with: {{url: \"{self.server.url('crm', 'monitor')}\", heartbeat_table: crmpulse_heartbeat}}\n"
                "    transactions: {enabled: true, interval: 2s}\n    measurements: {automation: {interval: 5s}}\n")

    def all_measured(self):
        shown = {name for (name, labels) in self.metrics() if ("crm", "backoffice") in labels}
        missing = [metric for metric in MEASURED if metric not in shown]
        if missing:
            raise ValueError(f"missing: {missing}")
        return True

    def check(self):
        done = subprocess.run([BIN / "crmpulse-agent", "check", "--config", self.agent_yaml], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("backoffice", done.stdout)
        self.assertRegex(done.stdout, r"calls a day")

    def probe(self):
        done = subprocess.run([BIN / "crmpulse-agent", "probe", "--config", self.agent_yaml, "--format", "json"], capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout)

    def test_the_whole_way_from_tryton_to_the_alert_and_back(self):
        alerts = self.sink()
        self.collector(alerts, rules=[SOURCE / "config/rules/demo.yaml", self.write("own.yaml", "rules:\n  - {id: staleness, sub: {enter: 60d}, poor: {enter: 90d}}\n")])
        self.agent(self.crms())
        self.check()
        eventually(self.all_measured, 120, f"every row that Tryton allows is in /metrics, of {MEASURED}")
        for metric, labels, query in BY_HAND:
            with self.subTest(metric=metric, **labels):
                self.assertAlmostEqual(self.metric(metric, crm="backoffice", **labels), float(self.server.sql(query, "crm")), places=3)
        before = eventually(lambda: (lambda crm: crm if crm and crm["data_status"] == "fresh" and crm["state"] != "poor" else None)(self.crm("backoffice")),
                            60, "the state is judged")["state"]
        code, _ = self.probe()
        self.assertIn(code, (0, 1))

        self.server.stop()
        self.wait_state("backoffice", "poor", 60)
        code, found = self.probe()
        self.assertEqual(code, 2, found)
        poor = eventually(lambda: [body for _, body in alerts.requests if body["state"] == "poor"], 30, "the alert arrives")[0]
        self.assertEqual(poor["fault"]["verdict"], "database")
        self.assertTrue(any("refused" in line for line in poor["evidence"]), poor["evidence"])
        down = {item["dimension"]: item for item in poor["failing"]}["availability"]
        self.assertTrue(down["remedy"]["en"] and down["remedy"]["zh"])

        self.server.start()
        self.wait_state("backoffice", before, 180)
        if before == "healthy":
            eventually(lambda: alerts.messages("backoffice")[-1][0] == "incident.resolved", 60, "resolved arrives")
        self.assertEqual(self.server.sql("SELECT count(*) FROM crmpulse_heartbeat", "crm"), "0")


if __name__ == "__main__":
    unittest.main()
