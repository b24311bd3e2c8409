"""A real Tryton 6.0 asked by its JSON-RPC: every number compared with SQL by hand, its database stopped and started, and
an agent killed in the middle of its write test again and again: no test record may be left after the next start."""

import base64
import json
import os
import random
import re
import subprocess
import time
import unittest
import urllib.request

from harness import BIN, SOURCE, EndToEnd, eventually, free_port

SEED = SOURCE / "tests/probes/recipes/tryton/seed.postgresql.sql"
RECIPE = SOURCE / "config/recipes/tryton-rpc.yaml"
PASSWORD = "Wzq7-kLm2vPx9"
KILLS = int(os.environ.get("CRMPULSE_KILLS", "15"))
OURS = "SELECT count(*) FROM party_party WHERE name LIKE 'zz-crm-health-probe e2e %'"

OPEN = "FROM sale_opportunity WHERE state IN ('lead', 'opportunity', 'converted')"
LIVE = "FROM party_party p WHERE active AND replaced_by IS NULL"
SOLD = "FROM sale_sale WHERE state IN ('confirmed', 'processing', 'done') AND (now() AT TIME ZONE 'UTC')::date - sale_date"
MAIL = "FROM party_contact_mechanism m JOIN party_party p ON p.id = m.party AND p.active AND p.replaced_by IS NULL WHERE m.active AND m.type = 'email'"
# What the recipe says, asked in other words. (metric, labels, query)
BY_HAND = [
    ("crm_records", {"object": "party"}, f"SELECT count(*) {LIVE}"),
    ("crm_records", {"object": "opportunity"}, "SELECT count(*) FROM sale_opportunity"),
    ("crm_records", {"object": "open_opportunity"}, f"SELECT count(*) {OPEN}"),
    ("crm_records_created", {"object": "opportunity"}, "SELECT count(*) FROM sale_opportunity WHERE create_date > now() AT TIME ZONE 'UTC' - interval '1 day'"),
    ("crm_records_modified", {"object": "sale"}, "SELECT count(*) FROM sale_sale WHERE write_date > now() AT TIME ZONE 'UTC' - interval '1 day'"),
    ("crm_licensed_users", {}, "SELECT count(*) FROM res_user WHERE active AND id <> 0"),
    ("crm_activities", {"object": "note"}, "SELECT count(*) FROM ir_note WHERE create_date > now() AT TIME ZONE 'UTC' - interval '1 day'"),
    ("crm_last_modified_timestamp_seconds", {"object": "opportunity"},
     "SELECT extract(epoch FROM greatest(max(write_date), max(create_date))) FROM sale_opportunity"),
    ("crm_last_modified_timestamp_seconds", {"object": "sale"}, "SELECT extract(epoch FROM greatest(max(write_date), max(create_date))) FROM sale_sale"),
    ("crm_feature_used", {"feature": "notes"}, "SELECT 1"),
    ("crm_feature_used", {"feature": "invoices"}, "SELECT 0"),
    ("crm_records_incomplete", {"object": "party", "field": "name"}, f"SELECT count(*) {LIVE} AND coalesce(name, '') = ''"),
    ("crm_records_incomplete", {"object": "party", "field": "email"},
     f"SELECT count(*) {LIVE} AND id NOT IN (SELECT party FROM party_contact_mechanism WHERE active AND type = 'email' AND coalesce(value, '') <> '')"),
    ("crm_records_incomplete", {"object": "party", "field": "phone"},
     f"SELECT count(*) {LIVE} AND id NOT IN (SELECT party FROM party_contact_mechanism WHERE active AND type IN ('phone', 'mobile') AND coalesce(value, '') <> '')"),
    ("crm_records_incomplete", {"object": "party", "field": "address"}, f"SELECT count(*) {LIVE} AND id NOT IN (SELECT party FROM party_address WHERE active)"),
    ("crm_records_incomplete", {"object": "open_opportunity", "field": "amount"}, f"SELECT count(*) {OPEN} AND coalesce(amount, 0) = 0"),
    ("crm_records_incomplete", {"object": "open_opportunity", "field": "close_date"}, f"SELECT count(*) {OPEN} AND end_date IS NULL"),
    ("crm_records_invalid", {"object": "open_opportunity", "field": "close_date"},
     f"SELECT count(*) {OPEN} AND state <> 'converted' AND end_date < (now() AT TIME ZONE 'UTC')::date"),
    ("crm_records_orphaned", {"object": "open_opportunity", "field": "party"},
     f"SELECT count(*) {OPEN} AND party IN (SELECT id FROM party_party WHERE NOT active OR replaced_by IS NOT NULL)"),
    ("crm_records_duplicate", {"object": "party", "field": "email"}, f"SELECT count(*) - count(DISTINCT lower(btrim(value))) {MAIL}"),
    ("crm_records_invalid", {"object": "party", "field": "email"}, f"SELECT count(DISTINCT party) {MAIL} AND btrim(value) !~ '^[^@ ]+@[^@ .]+([.][^@ .]+)+$'"),
    ("crm_process_overdue_ratio", {"process": "deal_idle"},
     "SELECT avg((coalesce(write_date, create_date) < now() AT TIME ZONE 'UTC' - interval '14 days')::int) FROM sale_opportunity WHERE state IN ('lead', 'opportunity')"),
    ("crm_process_overdue_ratio", {"process": "automation"},
     "SELECT avg((next_call < now() AT TIME ZONE 'UTC' - interval '1 hour')::int) FROM ir_cron WHERE active"),
    ("crm_sales_amount", {"period": "30d"}, f"SELECT sum(untaxed_amount_cache) {SOLD} BETWEEN 0 AND 29"),
    ("crm_sales_amount", {"period": "previous_365d"}, f"SELECT sum(untaxed_amount_cache) {SOLD} BETWEEN 365 AND 729"),
    ("crm_customers", {"period": "365d"}, f"SELECT count(DISTINCT party) {SOLD} BETWEEN 0 AND 364"),
]
# What the agent adds of its own.
BESIDE = [("crm_up", {}), ("crm_operation_success", {"operation": "query"}), ("crm_transaction_success", {"transaction": "party"}),
          ("crm_write_visible_seconds", {"transaction": "party"}), ("crm_agent_transaction_disabled", {"transaction": "party"}),
          ("crm_records_per_second", {"operation": "write"})]
BESIDE += [("crm_transaction_duration_seconds", {"transaction": "party", "step": step}) for step in ("create", "read", "find", "update", "delete", "gone")]
BESIDE += [("crm_operation_duration_seconds", {"operation": operation}) for operation in ("read", "query", "search", "scan", "login")]


def declared():
    """(metric, fixed labels) of every sample the recipe's measurements write down."""
    text = RECIPE.read_text().split("\nchecks:")[0]
    for sample in re.findall(r"\{metric: .*", text):
        labels = re.search(r"labels: \{([^}]*)\}", sample)
        yield re.match(r"\{metric: (\w+)", sample)[1], dict(pair.split(": ") for pair in labels[1].split(", ")) if labels else {}


class TrytonRpc(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.postgres()
        cache = os.environ.get("CRMPULSE_CACHE", str(self.folder / "cache"))
        subprocess.run([SOURCE / "scripts/tryton-database", "--port", str(self.server.port), "--cache", cache, "--work", str(self.folder), str(SEED)],
                       check=True)
        # The seed wrote its rows past the counters.
        self.sql("SELECT setval('res_user_id_seq', 100), setval('party_party_id_seq', 1000); ALTER SEQUENCE ir_sequence_1 RESTART WITH 1000")
        self.port = free_port()
        config = self.write("trytond.conf", f"[database]\nuri = {self.server.url('')}\n[web]\nlisten = 127.0.0.1:{self.port}\n")
        self.tryton = self.process("trytond", ["trytond", "-v", "-c", config, "-d", "crm"])
        eventually(lambda: self.rpc("common.db.login", ["admin", {"password": "admin"}, "en"]), 60, "Tryton answers")
        self.make_user()
        self.secret = self.write("tryton.password", PASSWORD + "\n")
        self.secret.chmod(0o600)

    def sql(self, statement):
        return self.server.sql(statement, "crm")

    def rpc(self, method, params, session=None):
        headers = {"Content-Type": "application/json"}
        if session:
            headers["Authorization"] = "Session " + base64.b64encode(session.encode()).decode()
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.port}/crm/", body, headers), timeout=30) as answer:
            document = json.loads(answer.read())
        if "error" in document:
            raise ValueError(document["error"])
        return document["result"]

    def make_user(self):
        """The account as the recipe's rights describe it."""
        user, key = self.rpc("common.db.login", ["admin", {"password": "admin"}, "en"])
        session = f"admin:{user}:{key}"
        groups = self.rpc("model.res.group.search", [[["name", "in", ["Sales", "Sale Opportunity", "Account"]]], 0, None, None, {}], session)
        self.assertEqual(len(groups), 3)
        self.rpc("model.res.user.create", [[{"name": "monitor", "login": "monitor", "password": PASSWORD, "companies": [["add", [1]]], "company": 1,
                                             "groups": [["add", groups]]}], {}], session)

    def crms(self, transactions, only_transaction=False):
        text = (f"  - name: backoffice\n    recipe: tryton-rpc\n    with: {{url: \"http://127.0.0.1:{self.port}\", database: crm}}\n"
                f"    auth: {{flow: tryton_session, username: monitor, password_file: {self.secret}}}\n    transactions: {transactions}\n")
        if only_transaction:
            others = re.findall(r"^  - id: (\w+)", RECIPE.read_text(), re.M)
            off = [f"{name}: {{enabled: false}}" for name in others if name not in ("liveness", "party_transaction")]
            text += f"    measurements: {{liveness: {{interval: 10m}}, {', '.join(off)}}}\n"
        return text

    def test_setup_recognises_it(self):
        config = self.folder / "agent.yaml"
        for place in ("", "/crm/#model/party.party"):
            done = subprocess.run([BIN / "crmpulse-agent", "setup", "--config", config, f"http://127.0.0.1:{self.port}{place}", "--with", "database=crm",
                                   "--auth", "username=monitor", "--password-file", self.secret, "--hours", "none", "--name", f"crm{len(place)}",
                                   "--collector-url", "http://127.0.0.1:9/api/v1/write", "--yes"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"Found tryton-rpc: .*, 6\.0\.")
            self.assertNotIn("switched off", done.stdout)
            self.assertNotIn(PASSWORD, done.stdout + done.stderr + config.read_text())
            checked = subprocess.run([BIN / "crmpulse-agent", "check", "--config", config], capture_output=True, text=True)
            self.assertEqual(checked.returncode, 0, checked.stderr + config.read_text())
            probed = subprocess.run([BIN / "crmpulse-agent", "probe", "--config", config, "--format", "json", f"crm{len(place)}"], capture_output=True, text=True)
            measured = json.loads(probed.stdout)["crms"][0]["measurements"]
            self.assertEqual([one["measurement"] for one in measured if one.get("failure")], [])
            self.assertGreater(len(measured), 10)
        self.assertEqual(config.read_text().count(f"url: http://127.0.0.1:{self.port}\n"), 2)

    def test_every_sample_is_there_and_right_and_a_lost_database_is_seen(self):
        self.collector()
        # Without write tests first: their record is there for a moment, as incomplete as a record can be.
        self.agent(self.crms("{enabled: false}"), more="")
        for metric, labels, query in BY_HAND:
            with self.subTest(metric=metric, **labels):
                shown = eventually(lambda: (lambda value: None if value is None else [value])(self.metric(metric, crm="backoffice", **labels)), 120,
                                   f"{metric} {labels} is measured")[0]
                self.assertAlmostEqual(shown, float(self.sql(query)), places=3)
        self.processes[-1].stop()
        self.agent(self.crms("{enabled: true, interval: 2s}"), more="")

        def missing():
            shown = [(name, labels) for (name, labels) in self.metrics() if ("crm", "backoffice") in labels]
            return [(metric, labels) for metric, labels in [*declared(), *BESIDE]
                    if not any(name == metric and set(labels.items()) <= have for name, have in shown)]

        eventually(lambda: not missing() or self.fail_softly(missing()), 120, "every sample the recipe declares is in /metrics")
        self.assertEqual(self.metric("crm_transaction_success", crm="backoffice", transaction="party"), 1)
        self.assertEqual(self.metric("crm_agent_transaction_disabled", crm="backoffice"), 0)
        self.assertEqual(self.metric("crm_info", crm="backoffice", version=self.version()), 1)

        self.server.stop()
        self.wait_state("backoffice", "poor", 90)
        done = subprocess.run([BIN / "crmpulse-agent", "probe", "--config", self.agent_yaml, "--format", "json"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("connection to server", done.stdout)
        self.server.start()
        eventually(lambda: self.metric("crm_up", crm="backoffice") == 1, 60, "it is up again")
        eventually(lambda: self.metric("crm_transaction_success", crm="backoffice") == 1, 60, "the write test goes on")
        self.processes[-1].stop()
        self.assertEqual(self.sql(OURS), "0")

    def version(self):
        body = json.dumps({"id": 1, "method": "common.server.version", "params": []}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())["result"]

    @staticmethod
    def fail_softly(missing):
        raise ValueError(f"missing: {missing}")

    def requests_seen(self):
        return self.tryton.log.stat().st_size

    def kill_in_the_middle(self, seconds):
        """A started agent, killed that long after its first request."""
        seen = self.requests_seen()
        agent = self.start_agent()
        eventually(lambda: self.requests_seen() > seen, 60, "the agent asks Tryton")
        time.sleep(seconds)  # the random point in time is what this test is about
        agent.kill()
        self.processes.remove(agent)

    def test_an_agent_killed_at_random_points_leaves_no_test_record_after_the_next_start(self):
        self.base = f"http://127.0.0.1:{free_port()}"  # nobody listens: the spool has to do
        strangers = "SELECT count(*) FROM party_party WHERE name NOT LIKE 'zz-crm-health-probe e2e %' OR name IS NULL"
        self.sql("INSERT INTO party_party (code, name, active) VALUES ('90', 'zz-crm-health-probe e2e2 0123456789abcdef', true), "
                 "('91', 'zz-crm-health-probe e2e-fan', true)")
        before = self.sql(strangers)
        self.agent(self.crms("{enabled: true, interval: 1s}", only_transaction=True)).kill()
        dice = random.Random(os.environ.get("CRMPULSE_SEED", time.time_ns()))
        seen_left = 0
        for _ in range(KILLS):
            self.kill_in_the_middle(dice.uniform(0, 1.5))
            seen_left += self.sql(OURS) != "0"
        created = self.sql("SELECT count(DISTINCT name) FROM party_party__history WHERE name LIKE 'zz-crm-health-probe e2e %' AND name NOT LIKE '% changed'")
        print(f"\n{KILLS} kills: {seen_left} left a test record behind at that moment; {created} records were made in all", flush=True)
        self.assertGreater(int(created), 0)
        # The next start looks for what is left before it makes anything, and makes one record at most.
        self.agent(self.crms("{enabled: true, interval: 10m}", only_transaction=True))
        eventually(lambda: self.finished_transaction(), 60, "the first run is over")
        eventually(lambda: self.sql(OURS) == "0", 60, "no test record is left")
        self.processes[-1].stop()
        self.assertEqual(self.sql(OURS), "0")
        self.assertEqual(self.sql(strangers), before)

    def finished_transaction(self):
        """Every record that was ever made has been removed: the ledger has no open line."""
        for ledger in (self.folder / "agent/test-records").glob("*"):
            if ledger.suffix == ".lock":
                continue
            lines = [line.split() for line in ledger.read_text().splitlines()]
            last = max((i for i, line in enumerate(lines) if line[0] == "intent"), default=None)
            return last is not None and ["gone", lines[last][1]] in [line[:2] for line in lines[last:]]
        return False

    def test_a_write_test_that_was_switched_off_still_removes_what_a_crash_left(self):
        self.base = f"http://127.0.0.1:{free_port()}"
        # The database holds every delete back, so the kill always comes between the create and the delete.
        self.sql("CREATE FUNCTION hold_back() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(600); RETURN OLD; END $$ LANGUAGE plpgsql")
        self.sql("CREATE TRIGGER hold_back BEFORE DELETE ON party_party FOR EACH ROW EXECUTE FUNCTION hold_back()")
        agent = self.agent(self.crms("{enabled: true, interval: 1s}", only_transaction=True))
        eventually(lambda: self.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0", 60, "the delete is held back")
        self.assertNotEqual(self.sql(OURS), "0", "a test record is there")
        agent.kill()
        self.processes.remove(agent)
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        self.sql("DROP TRIGGER hold_back ON party_party")
        self.assertNotEqual(self.sql(OURS), "0", "the crash left a record")
        self.agent(self.crms("{enabled: false}", only_transaction=True))
        eventually(lambda: self.sql(OURS) == "0", 60, "the record is removed")
        self.processes[-1].stop()


if __name__ == "__main__":
    unittest.main()
