"""kill -9 under load: nothing acknowledged is missing, incidents and timers go on, no alert is lost or invented."""

import random
import threading
import time
import unittest

import journal
from harness import SOURCE, WRITE_HEADERS, EndToEnd, eventually, post, remote_write

LABELS = {"kind": "sample", "agent": "load"}


class Crash(EndToEnd):
    def test_acknowledged_samples_survive_a_killed_collector(self):
        self.collector()
        acknowledged, stop = set(), threading.Event()

        def load(worker):
            number = 0
            while not stop.is_set():
                number += 1
                at = int(time.time() * 1000)
                body = remote_write([({"__name__": "crm_records", "crm": f"load-{worker}", "object": f"o{i}", **LABELS}, [(at, number)])
                                     for i in range(50)])
                if post(self.base + "/api/v1/write", body, WRITE_HEADERS, timeout=5) == 204:
                    acknowledged.add((worker, at, number))
                else:
                    stop.wait(0.05)

        workers = [threading.Thread(target=load, args=(worker,)) for worker in range(4)]
        for worker in workers:
            worker.start()
        chance = random.Random(20261121)
        for _ in range(6):
            target = len(acknowledged) + chance.randint(5, 60)
            eventually(lambda: len(acknowledged) >= target, 60, "more is acknowledged")
            self.processes[-1].kill()
            self.start_collector()
        stop.set()
        for worker in workers:
            worker.join()
        self.processes[-1].stop()
        stored = {}
        for labels, at, value in journal.samples(self.folder / "collector", "crm_records"):
            stored.setdefault((int(labels["crm"][5:]), at, value), set()).add(labels["object"])
        missing = [key for key in acknowledged if stored.get(key) != {f"o{i}" for i in range(50)}]
        self.assertGreater(len(acknowledged), 30)
        self.assertEqual(missing, [])

    def feed(self, value):
        now = int(time.time() * 1000)
        body = remote_write([({"__name__": "crm_up", "crm": "sick", **LABELS}, [(now, value)])])
        return post(self.base + "/api/v1/write", body, WRITE_HEADERS)

    def feed_until(self, value, condition, seconds, what):
        eventually(lambda: self.feed(value) == 204 and condition(), seconds, what)

    def test_an_incident_goes_on_through_kills_and_is_told_once(self):
        alerts = self.sink()
        rules = self.write("fast.yaml", """
settings: {group_wait: {sub_healthy: 1s, poor: 0s}}
rules:
  - id: only
    dimension: availability
    measure: {metric: crm_up}
    op: below
    aggregator: last
    interval: 500ms
    sub: {enter: 0.5, exit: 0.5, for: 1s}
    poor: {enter: 0.1, exit: 0.1, for: 1s}
    recover_for: {sub: 1s, poor: 1s}
    no_data: {after: 10m}
    remedy: unavailable
    unit: ratio
""")
        self.collector(alerts, more="")
        self.collector_yaml.write_text(self.collector_yaml.read_text().replace(str(SOURCE / "config/rules/default.yaml"), str(rules)))
        self.processes[-1].kill()
        self.start_collector()
        self.feed_until(0.0, lambda: (self.crm("sick") or {}).get("state") == "poor", 60, "sick is poor")
        eventually(lambda: alerts.messages("sick"), 30, "the alert arrives")
        incident = self.crm("sick")["incident"]
        for _ in range(4):
            self.processes[-1].kill()
            self.start_collector()
            self.feed_until(0.0, lambda: (self.crm("sick") or {}).get("state") == "poor", 30, "still poor")
            self.assertEqual(self.crm("sick")["incident"]["id"], incident["id"])
            self.assertEqual(self.crm("sick")["incident"]["opened_at"], incident["opened_at"])
        self.assertEqual(alerts.messages("sick"), [("incident.opened", "poor")])
        self.feed_until(1.0, lambda: self.crm("sick")["state"] == "healthy", 60, "sick is healthy")
        eventually(lambda: alerts.messages("sick")[-1][0] == "incident.resolved", 30, "resolved arrives")
        self.processes[-1].kill()
        self.start_collector()
        self.assertEqual([kind for kind, _ in alerts.messages("sick") if kind != "incident.improved"], ["incident.opened", "incident.resolved"])
        self.assertIsNone(self.crm("sick")["incident"])

    def test_what_a_killed_agent_had_measured_arrives_later(self):
        self.collector()
        collector = self.processes[-1]
        database = self.folder / "crm.db"
        import sqlite3
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        self.agent(f"  - {{name: lone, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n", interval="1s")
        agent = self.processes[-1]
        eventually(lambda: self.metric("crm_up", crm="lone") == 1.0, 60, "the agent ships")
        collector.stop()
        spool = self.folder / "agent"
        before = self.spooled(spool)
        eventually(lambda: self.spooled(spool) >= before + 8, 60, "the agent spools while the collector is away")
        unsent = self.spooled_rows(spool)
        agent.kill()
        self.start_collector()
        self.start_agent()
        stamps = lambda: sorted({at for _, at, _ in journal.samples(self.folder / "collector", "crm_up", crm="lone")})
        eventually(lambda: not (self.spooled_rows(spool) & unsent), 60, "the backlog is acknowledged")
        found = stamps()
        gaps = [later - earlier for earlier, later in zip(found, found[1:])]
        self.assertLessEqual(sum(gap > 5000 for gap in gaps), 1, f"one gap at most, the kill itself: {gaps}")
        self.assertEqual(len(found), len(set(found)))

    def spooled_rows(self, folder):
        import sqlite3
        database = sqlite3.connect(f"file:{folder}/spool.db?mode=ro", uri=True)
        try:
            return {row[0] for row in database.execute("SELECT seq FROM spool_row")}
        finally:
            database.close()

    def spooled(self, folder):
        return len(self.spooled_rows(folder))


if __name__ == "__main__":
    unittest.main()
