"""What earlier versions left on a disk opens in this one: the stores and spools of tests/upgrade/data, with states, incidents,
acknowledgements, silences, waiting messages and waiting samples intact. What a later version left is refused with the way back."""

import gzip
import json
import shutil
import sqlite3
import subprocess
import unittest
import urllib.error

import kill_ends
from harness import BIN, SOURCE, EndToEnd, eventually, free_port, get, get_json

DATA = SOURCE / "tests/upgrade/data"
RELEASES = sorted(path for path in DATA.iterdir() if path.is_dir())
INCIDENT = "01M8MZB0N7HDARH67SKNJ7K689"
TAGGED = b"\x08\x01"


def by(items, key):
    return {item[key]: item for item in items}


class Upgrade(EndToEnd):
    def release(self, folder):
        """A copy of what it left; where its collector's clock stood."""
        for name in ("collector", "agent"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            shutil.copytree(folder / name, self.folder / name)
        with sqlite3.connect(self.folder / "collector/collector.db") as database:
            (newest,) = database.execute("SELECT max(received) FROM journal").fetchone()
        database.close()
        return newest

    def open(self, now, url="http://127.0.0.1:9/hook"):
        secret = self.write("webhook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
        secret.chmod(0o600)
        rules = ", ".join(str(SOURCE / f"config/rules/{name}.yaml") for name in ("default", "demo"))
        self.write("collector.yaml", f"listen: 127.0.0.1:0\nauth: off\nstate_dir: {self.folder}/collector\nrules: [{rules}]\n"
                            "receivers:\n"
                            f"  - {{name: demo, type: webhook, url: \"{url}\", secret_file: {secret}, min_state: sub_healthy}}\n")
        collector = kill_ends.Collector(self.folder, now)
        self.addCleanup(collector.bury)
        collector.wait_ready()
        return collector

    def ask(self, collector, path):
        return get_json(f"http://127.0.0.1:{collector.port}{path}")

    def test_a_store_of_each_release_opens_with_states_incidents_acknowledgements_and_silences(self):
        self.assertTrue(RELEASES)
        for folder in RELEASES:
            with self.subTest(release=folder.name):
                left = json.loads((folder / "answers.json").read_text())
                now = self.release(folder)
                collector = self.open(now)
                have, want = by(self.ask(collector, "/api/v1/crms")["crms"], "crm"), by(left["crms"]["crms"], "crm")
                self.assertEqual(set(have), set(want))
                self.assertIn("poor", {crm["state"] for crm in want.values()})
                for name, crm in want.items():
                    self.assertEqual((name, have[name]["state"], have[name]["since"]), (name, crm["state"], crm["since"]))
                have, want = (by(answer["incidents"], "id") for answer in (self.ask(collector, "/api/v1/incidents"), left["incidents"]))
                self.assertEqual(set(have), set(want))
                self.assertEqual({True, False}, {bool(incident["resolved_at"]) for incident in want.values()})
                for name, incident in want.items():
                    for key in ("crm", "state", "worst", "opened_at", "resolved_at", "ack"):
                        self.assertEqual((name, key, have[name].get(key)), (name, key, incident.get(key)))
                    line = self.ask(collector, f"/api/v1/incidents/{name}")
                    self.assertTrue(line["timeline"])
                silences = [by(answer["silences"], "id") for answer in (self.ask(collector, "/api/v1/silences"), left["silences"])]
                self.assertTrue(silences[1])
                self.assertEqual(set(silences[0]), set(silences[1]))
                collector.bury()
                # And what the newest has written over it opens again.
                again = self.open(now)
                self.assertEqual(set(by(self.ask(again, "/api/v1/incidents")["incidents"], "id")), set(want))
                again.bury()

    def test_messages_that_waited_in_a_store_of_each_release_are_delivered_once_and_in_order(self):
        for folder in RELEASES:
            with self.subTest(release=folder.name):
                now = self.release(folder)
                with sqlite3.connect(self.folder / "collector/collector.db") as database:
                    waiting = database.execute("SELECT dedup_key, id FROM outbox WHERE status IN (0, 1) ORDER BY dedup_key, seq").fetchall()
                database.close()
                self.assertTrue(waiting)
                sink = self.sink()
                collector = self.open(now, sink.url)
                collector.say(f"to {now + 10 * 60 * 1000} 10000")
                collector.read("at")
                arrived = [headers.get("webhook-id") or headers.get("Webhook-Id") for headers, _ in sink.requests]
                self.assertEqual(len(arrived), len(set(arrived)))
                for subject in {subject for subject, _ in waiting}:  # one subject's messages have an order
                    of_it = [name for key, name in waiting if key == subject]
                    self.assertEqual([name for name in arrived if name in of_it], of_it)
                collector.bury()

    def test_samples_that_waited_in_a_spool_of_each_release_arrive(self):
        for folder in RELEASES:
            with self.subTest(release=folder.name):
                self.release(folder)
                shutil.rmtree(self.folder / "collector")
                [spool] = (self.folder / "agent").glob("*.db")
                with sqlite3.connect(spool) as database:
                    (rows,) = database.execute("SELECT count(*) FROM spool_row").fetchone()
                database.close()
                self.assertGreater(rows, 5)
                self.collector()
                database = self.folder / "here.db"
                sqlite3.connect(database).execute("CREATE TABLE IF NOT EXISTS t (x)").connection.commit()
                self.agent(f"  - {{name: here, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n")
                eventually(lambda: self.crm("salesforce") and self.crm("here"), 60, "the samples of the older spool arrive")
                for process in reversed(self.processes):
                    process.stop()
                self.processes.clear()

    def test_a_token_of_each_release_is_accepted(self):
        for folder in RELEASES:
            with self.subTest(release=folder.name):
                self.release(folder)
                port = free_port()
                config = self.write("required.yaml", f"listen: 127.0.0.1:{port}\nauth: required\nstate_dir: {self.folder}/collector\n"
                                                     f"rules: [{SOURCE}/config/rules/default.yaml]\n")
                collector = self.process("collector", [BIN / "crmpulse-collector", "run", "--config", config])
                eventually(lambda: get(f"http://127.0.0.1:{port}/-/ready"), 60, "the collector is ready")
                token = (folder / "reader.token").read_text().strip()
                answer = json.loads(get(f"http://127.0.0.1:{port}/api/v1/crms", {"Authorization": f"Bearer {token}"}))
                self.assertTrue(answer["crms"])
                with self.assertRaisesRegex(urllib.error.HTTPError, "401"):
                    get(f"http://127.0.0.1:{port}/api/v1/crms", {"Authorization": f"Bearer {token[:-1]}"})
                self.assertEqual(collector.stop(), 0)


class UntaggedStates(EndToEnd):
    """A store whose states are without tags: an incident that was open goes on, and what is written from then on is read by the next
    start."""

    def setUp(self):
        super().setUp()
        self.state = self.folder / "collector"
        self.state.mkdir(mode=0o700)
        self.database = self.state / "collector.db"
        self.database.write_bytes(gzip.decompress((DATA / "untagged_states.db.gz").read_bytes()))
        self.database.chmod(0o600)

    def stored(self):
        """The first bytes of each CRM's state, and of what belongs to no CRM."""
        with sqlite3.connect(self.database) as database:
            states = dict(database.execute("SELECT crm, substr(CAST(blob AS BLOB), 1, 2) FROM engine_state"))
            shared = database.execute("SELECT substr(CAST(value AS BLOB), 1, 2) FROM meta WHERE name = 'engine_shared'").fetchone()[0]
        return {**states, "": shared}

    def check(self):
        acme = get_json(self.base + "/api/v1/crms/acme")
        self.assertEqual((acme["kind"], acme["state"], acme["incident"]["id"]), ("odoo", "poor", INCIDENT))
        values = {rule["rule"]: (rule["state"], rule["value"]) for rule in acme["rules"]}
        self.assertIn(("poor", 9.5), values.values(), "the 75th percentile of what it took")
        self.assertEqual(values["availability"], ("poor", 1 / 6))
        self.assertEqual([line["text"] for line in acme["evidence"]], ["no answer in 10 s"])
        self.assertEqual(self.crm("calm")["state"], "healthy")
        self.assertNotIn("incident.opened", [kind for kind, _ in self.oncall.messages()], "what was told is told again")
        self.assertEqual(list(self.state.glob("*damaged*")), [])

    def test_its_incident_goes_on_and_its_states_become_tagged(self):
        self.assertNotIn(TAGGED, self.stored().values())
        self.oncall = self.sink()
        collector = self.collector(self.oncall)
        self.check()
        self.assertEqual(collector.stop(), 0)
        self.assertEqual(self.stored(), {"acme": TAGGED, "calm": TAGGED, "": TAGGED})
        self.start_collector()
        self.check()


class Downgrade(EndToEnd):
    def later(self, file):
        """As a version with one more step of the schema leaves it; returns the refusal that is due, and the file's bytes."""
        database = sqlite3.connect(file)
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version + 1}")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return (f"{file} was written by a newer program (schema {version + 1}, this one knows {version}): install that version again, or put back a copy "
                "from before the upgrade, or move the file away and begin without it"), file.read_bytes()

    def refuses(self, program, config, file):
        want, left = self.later(file)
        for _ in range(2):  # systemd starts it again
            ran = subprocess.run([BIN / f"crmpulse-{program}", "run", "--config", config], capture_output=True, text=True, timeout=120)
            self.assertEqual(ran.returncode, 1, ran.stderr)
            self.assertIn(want, ran.stderr)
        self.assertEqual(file.read_bytes(), left, "a refused file is left as it is")

    def test_a_store_of_a_later_version_is_refused_and_the_copy_from_before_the_upgrade_goes_on(self):
        shutil.copytree(RELEASES[-1] / "collector", self.folder / "collector")
        store, copy = self.folder / "collector/collector.db", self.folder / "before-upgrade"
        collector = self.collector()
        subprocess.run([BIN / "crmpulse-collector", "backup", "--config", self.collector_yaml, copy], check=True, capture_output=True)
        before = set(by(get_json(f"{self.base}/api/v1/incidents")["incidents"], "id"))
        self.assertTrue(before)
        self.assertEqual(collector.stop(), 0)
        self.refuses("collector", self.collector_yaml, store)
        for file in store.parent.glob("collector.db*"):
            file.unlink()
        shutil.copy(copy, store)
        self.start_collector()
        self.assertEqual(set(by(get_json(f"{self.base}/api/v1/incidents")["incidents"], "id")), before)

    def test_a_spool_of_a_later_version_is_refused(self):
        shutil.copytree(RELEASES[-1] / "agent", self.folder / "agent")
        self.base = "http://127.0.0.1:9"
        agent = self.agent("  - {name: here, recipe: sql, with: {url: \"sqlite:/nowhere.db\"}}\n")
        eventually(lambda: "agent started" in agent.log.read_text(), 60, "the agent brings the spool to the newest form")
        self.assertEqual(agent.stop(), 0)
        self.refuses("agent", self.agent_yaml, self.folder / "agent/spool.db")


if __name__ == "__main__":
    unittest.main()
