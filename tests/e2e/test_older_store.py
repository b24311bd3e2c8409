"""A collector on the store of an earlier version, `older_store.db.gz`, whose states are without tags: an incident that was open
goes on, and what is written from then on is read by the next start."""

import gzip
import sqlite3
import unittest

from harness import SOURCE, EndToEnd, get_json

INCIDENT = "01M8MZB0N7HDARH67SKNJ7K689"
TAGGED = b"\x08\x01"


class OlderStore(EndToEnd):
    def setUp(self):
        super().setUp()
        self.state = self.folder / "collector"
        self.state.mkdir(mode=0o700)
        self.database = self.state / "collector.db"
        self.database.write_bytes(gzip.decompress((SOURCE / "tests/e2e/older_store.db.gz").read_bytes()))
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


if __name__ == "__main__":
    unittest.main()
