"""Damaged files: what is damaged is lost, the rest is not, it is said in the log, and the program starts."""

import contextlib
import os
import random
import sqlite3
import unittest

import faults
from harness import EndToEnd, eventually

PAGE = 4096


class Damage(EndToEnd):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(int(os.environ.get("CRMPULSE_FAULT_SEED", "20261122")))

    def overwrite(self, file, at, content):
        with open(file, "r+b") as stream:
            stream.seek(at)
            stream.write(content)

    def cut(self, log):
        os.truncate(log, log.stat().st_size - self.chance.randint(1, log.stat().st_size // 10))

    def flip(self, log):
        at = log.stat().st_size - self.chance.randint(1, log.stat().st_size // 10)
        with open(log, "rb") as stream:
            stream.seek(at)
            old = stream.read(1)[0]
        self.overwrite(log, at, bytes([old ^ 1 << self.chance.randrange(8)]))

    def head(self, log):
        self.overwrite(log, 0, b"no log any more")

    def page(self, log):
        """One that holds rows, in the middle of the file. Those at its end may be newer in the log."""
        file = log.with_name(log.name.removesuffix("-wal"))
        table = "spool_row" if file.name == "spool.db" else "journal"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            pages = [number for number, in database.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,))]
        pages = [number for number in pages if number < file.stat().st_size // PAGE * 2 // 3]
        self.overwrite(file, (self.chance.choice(pages[len(pages) // 3:]) - 1) * PAGE, b"\xee" * PAGE)

    def everything(self, log):
        file = log.with_name(log.name.removesuffix("-wal"))
        file.write_bytes(self.chance.randbytes(file.stat().st_size))

    WAYS = {"the log's end is cut": (cut, "cut short or damaged"), "a bit of the log's end": (flip, "cut short or damaged"),
            "the log's head": (head, "cut short or damaged"), "a page of the file": (page, "a new one holds what could be read"),
            "the whole file": (everything, "a new one holds what could be read")}

    def journalled(self):
        """Batches in the order of the journal."""
        return [number for agent, number in faults.journal_rows(self.folder / "collector", "agent, batch") if agent == "sender"]

    def test_a_damaged_database_of_the_collector_costs_what_is_damaged(self):
        rounds = faults.rounds(len(self.WAYS))
        beyond = acknowledged = set_aside = 0
        self.collector()
        number = 1
        for played in range(rounds):
            way, (damage, said) = list(self.WAYS.items())[played % len(self.WAYS)]
            with self.subTest(way=way):
                for more in range(2):  # so that the file has content, and the log too
                    ledger = faults.Ledger()
                    sender = faults.Sender("sender", self.base, ledger, series=30, pause=0, start=number)
                    sender.start()
                    eventually(lambda: len(ledger) >= 60, 120, "batches are acknowledged")
                    sender.finish()
                    number = sender.number
                    acknowledged += ledger.samples()
                    if more == 0:
                        self.processes.pop().stop()
                        self.start_collector()
                self.processes[-1].kill()
                before = self.journalled()
                log_size = self.processes[-1].log.stat().st_size
                damage(self, self.folder / "collector/collector.db-wal")
                self.processes.pop()
                self.start_collector()
                self.assertIn(said, self.processes[-1].log.read_text()[log_size:])
                after = set(self.journalled())
                kept = [batch in after for batch in before]
                if said.startswith("cut"):
                    # A prefix: nothing in front of the damage is missing.
                    lost = sum(1 for at, there in enumerate(kept) if not there and any(kept[at:]))
                    self.assertLess(kept.count(False), len(kept) if damage is Damage.head else len(kept) // 2)
                else:
                    set_aside += 1
                    # One page: it and what hangs on it, not the ends.
                    lost = 0 if damage is Damage.everything else max(0, kept.count(False) - 8)
                    self.assertTrue(damage is Damage.everything or (kept[0] and kept[-1]), "the ends are kept")
                beyond += lost
                self.assertEqual(lost, 0)
                self.assertEqual(self.metric("crmpulse_collector_damaged_files") or 0, set_aside)
        faults.report("damaged database and log of the collector", rounds=rounds, acknowledged=acknowledged, lost=beyond)

    def test_a_damaged_spool_costs_what_is_damaged_and_the_agent_measures_on(self):
        ways = {way: self.WAYS[way] for way in ("the log's end is cut", "a bit of the log's end", "a page of the file", "the whole file")}
        rounds = faults.rounds(len(ways))
        beyond = held = 0
        self.base = "http://127.0.0.1:9"  # nobody: everything stays in the spool
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        self.agent("".join(f"  - {{name: c{i}, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n" for i in range(40)))
        spool = self.folder / "agent"
        for played in range(rounds):
            way, (damage, said) = list(ways.items())[played % len(ways)]
            with self.subTest(way=way):
                for more in range(2):
                    newest = max(eventually(lambda: faults.spool_samples(spool), 60, "there is a spool"))
                    eventually(lambda: len([row for row in faults.spool_samples(spool) if row > newest]) >= 60, 60, "the spool fills")
                    if more == 0:
                        self.processes.pop().stop()
                        self.start_agent()
                self.processes[-1].kill()
                before = sorted(faults.spool_samples(spool))
                held += sum(map(len, faults.spool_samples(spool).values()))
                log_size = self.processes[-1].log.stat().st_size
                damage(self, spool / "spool.db-wal")
                self.processes.pop()
                self.start_agent()
                eventually(lambda: said in self.processes[-1].log.read_text()[log_size:], 60, "it says what is damaged")
                eventually(lambda: any(row > before[-1] for row in faults.spool_samples(spool)) or damage is not Damage.page, 60, "it measures on")
                after = faults.spool_samples(spool)
                kept = [row in after for row in before]
                if said.startswith("cut"):
                    lost = sum(1 for at, there in enumerate(kept) if not there and any(kept[at:]))
                else:
                    lost = 0 if damage is Damage.everything else max(0, kept.count(False) - 40)
                beyond += lost
                self.assertEqual(lost, 0)
        faults.report("damaged spool of the agent", rounds=rounds, acknowledged=held, lost=beyond)


if __name__ == "__main__":
    unittest.main()
