"""The collector is away for longer than the spool has room: the oldest samples go, the newest arrive, and it is said."""

import sqlite3
import unittest

import faults
from harness import EndToEnd, eventually

CRMS = 100
ROOM = 1024 * 1024  # the smallest spool_max there is


class Overflow(EndToEnd):
    def test_what_has_no_room_is_the_oldest_and_is_counted(self):
        self.collector()
        collector = self.processes.pop()
        collector.stop()
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        self.agent("".join(f"  - {{name: c{i}, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n" for i in range(CRMS)))
        self.processes[-1].stop()
        self.agent_yaml.write_text(self.agent_yaml.read_text().replace("/api/v1/write\"}", "/api/v1/write\", spool_max: 1MiB}"))
        self.start_agent()
        agent = self.processes[-1]
        spool = self.folder / "agent"
        eventually(lambda: faults.spool_samples(spool), 60, "the agent measures")
        first = min(faults.spool_samples(spool))
        eventually(lambda: "the spool is full" in agent.log.read_text(), 120, "the spool is full")
        eventually(lambda: min(faults.spool_samples(spool)) > first + CRMS, 60, "the oldest rows go")
        with sqlite3.connect(f"file:{spool}/spool.db?mode=ro", uri=True) as spooled:
            self.assertLessEqual(spooled.execute("SELECT sum(length(body)) FROM spool_row").fetchone()[0], ROOM)
        self.start_collector()
        # The agent tries again within a minute and measures meanwhile: whatever the spool is seen to hold until then.
        held = {}

        def ships():
            held.update(faults.spool_samples(spool))
            return self.metric("crmpulse_collector_journal_samples_total")

        eventually(ships, 120, "the agent ships what it held")
        eventually(lambda: min(faults.spool_samples(spool), default=max(held) + 1) > max(held), 90, "it has shipped all of it")
        dropped = eventually(lambda: self.metric("crm_agent_dropped_samples_total", agent="e2e"), 90, "the collector knows how many are missing")
        agent.stop()
        self.processes[-1].stop()
        shipped = faults.journalled_samples(self.folder / "collector", "e2e")
        # What is missing must be older than everything that arrived.
        arrived = [row for row in sorted(held) if all(shipped[sample] > 0 for sample in held[row])]
        self.assertTrue(arrived, "nothing of what the spool held has arrived")
        kept = [row for row in held if row >= arrived[0]]
        lost = sum(1 for row in kept for sample in held[row] if shipped[sample] == 0)
        doubled = sum(count - 1 for count in shipped.values())
        faults.report("spool without room: all that was in it", rounds=1, acknowledged=sum(len(held[row]) for row in kept), lost=lost, doubled=doubled)
        self.assertEqual((lost, doubled), (0, 0))
        self.assertGreater(dropped, 0)


if __name__ == "__main__":
    unittest.main()
