"""Agent, collector and PostgreSQL as real processes: what an admin's database can do to us, and how it is told."""

import os
import pathlib
import signal
import unittest

from harness import SOURCE, EndToEnd, eventually, stop_every_thread

RECIPE = """
recipe: shop
title: {en: A shop, zh: 商店}
transport: sql
dialects: [postgresql]
parameters:
  url: {type: url, required: true, help: {en: where, zh: 地址}}
measurements:
  - {id: liveness, liveness: true, operation: query, query: SELECT 1}
  - id: customers
    operation: read
    object: customer
    query: SELECT count(*) AS n, sum(CASE WHEN email IS NULL THEN 1 ELSE 0 END) AS incomplete FROM customer
    samples:
      - {metric: crm_records, value: n, labels: {object: customer}}
      - {metric: crm_records_incomplete, value: incomplete, labels: {object: customer, field: email}}
"""


class PostgreSQL(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.postgres()
        self.server.sql("CREATE DATABASE shop", "postgres")
        self.server.sql("CREATE ROLE monitor LOGIN; ", "shop")
        self.server.sql("CREATE TABLE customer (id int PRIMARY KEY, email text); INSERT INTO customer SELECT i, 'c' || i FROM generate_series(1, 50) i;"
                        "UPDATE customer SET email = NULL WHERE id = 1; GRANT SELECT ON customer TO monitor", "shop")
        recipe = self.write("shop.yaml", RECIPE)
        self.alerts = self.sink()
        self.collector(self.alerts, rules=[SOURCE / "config/rules/demo.yaml"])
        self.agent(f"  - {{name: shop, recipe: {recipe}, with: {{url: \"{self.server.url('shop', 'monitor')}\"}}}}\n")

    def failure(self, operation, stage, reason, value=1.0):
        eventually(lambda: self.metric("crm_failure", crm="shop", operation=operation, stage=stage, reason=reason) == value, 40,
                   f"crm_failure of {operation} with {stage}/{reason} = {value}")

    def test_an_outage_is_told_with_its_reason_and_its_end(self):
        self.wait_state("shop", "healthy", 60)
        self.assertEqual(self.metric("crm_records", crm="shop", object="customer"), 50)
        self.assertEqual(self.metric("crm_records_incomplete", crm="shop", object="customer", field="email"), 1)
        self.server.stop()
        self.wait_state("shop", "poor", 60)
        self.failure("query", "connect", "refused")
        opened = eventually(lambda: [body for _, body in self.alerts.requests if body["state"] == "poor"], 30, "the alert arrives")[0]
        self.assertEqual(opened["fault"]["verdict"], "database")
        self.assertTrue(any("refused" in line for line in opened["evidence"]), opened["evidence"])
        self.server.start()
        self.wait_state("shop", "healthy", 120)
        self.failure("query", "connect", "refused", 0.0)
        eventually(lambda: self.alerts.messages("shop")[-1][0] == "incident.resolved", 30, "resolved arrives")
        self.assertEqual([kind for kind, _ in self.alerts.messages("shop")].count("incident.resolved"), 1)

    def test_schema_and_rights_that_change_are_named_and_the_other_measurements_go_on(self):
        self.wait_state("shop", "healthy", 60)
        self.server.sql("ALTER TABLE customer RENAME TO client", "shop")
        self.failure("read", "request", "missing")
        self.assertEqual(self.metric("crm_up", crm="shop"), 1.0)
        self.server.sql("ALTER TABLE client RENAME TO customer; REVOKE SELECT ON customer FROM monitor", "shop")
        self.failure("read", "request", "permission")
        self.server.sql("GRANT SELECT ON customer TO monitor", "shop")
        self.failure("read", "request", "permission", 0.0)
        self.server.sql("ALTER TABLE customer ALTER COLUMN id TYPE text; UPDATE customer SET email = NULL", "shop")
        eventually(lambda: self.metric("crm_records_incomplete", crm="shop", object="customer", field="email") == 50, 30, "new counts arrive")

    def test_a_server_that_hangs_is_a_timeout_and_the_agent_still_stops_cleanly(self):
        self.wait_state("shop", "healthy", 60)
        postmaster = self.server.process.child.pid
        self.addCleanup(self._continue, postmaster)
        stop_every_thread(postmaster)  # the parent first: it makes no more children then
        for child in map(int, pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()):
            self.addCleanup(self._continue, child)
            stop_every_thread(child)
        eventually(lambda: [1 for (name, labels), value in self.metrics().items()
                            if name == "crm_failure" and value == 1 and ("reason", "timeout") in labels], 60, "a timeout is told")
        agent = next(process for process in self.processes if process.name == "agent")
        self.assertEqual(agent.stop(), 0)

    @staticmethod
    def _signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def _continue(self, pid):
        self._signal(pid, signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
