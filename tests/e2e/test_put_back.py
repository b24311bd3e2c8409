"""An agent whose folder is put back to an earlier state, as by a snapshot of its machine: what it measures afterwards is news
to a real collector, never a "duplicate" of a batch that another life of it has sent."""

import shutil
import signal
import sqlite3
import time
import unittest

import journal
from harness import EndToEnd, eventually, stop_every_thread

CRM = "here"


class PutBack(EndToEnd):
    def setUp(self):
        super().setUp()
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        self.collector()
        self.agent(f"  - {{name: {CRM}, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n")
        self.spool, self.copy = self.folder / "agent", self.folder / "copy"

    def times(self):
        """When each stored liveness was measured, unix ms; each as often as it is stored."""
        return [at for labels, at, _ in journal.samples(self.folder / "collector", "crm_up") if labels["crm"] == CRM]

    def measured_after(self, moment, count=5):
        return eventually(lambda: len([at for at in self.times() if at > moment]) >= count, 60, "what was measured afterwards is stored")

    def duplicates(self):
        return sum(value for (name, labels), value in self.metrics().items()
                   if name == "crmpulse_collector_ingest_requests_total" and ("outcome", "duplicate") in labels)

    def put_back(self):
        shutil.rmtree(self.spool)
        shutil.copytree(self.copy, self.spool)

    def check(self, moment):
        self.start_agent()
        self.measured_after(moment)
        self.assertEqual(self.duplicates(), 0)
        self.wait_state(CRM, "healthy", 60)
        times = [at for at in self.times() if at > moment]
        self.assertEqual(len(times), len(set(times)), "a measurement is stored twice")

    def test_a_folder_put_back_after_a_stop_brings_news_each_time(self):
        self.measured_after(0)
        self.assertEqual(self.processes.pop().stop(), 0)
        shutil.copytree(self.spool, self.copy)
        for _ in range(3):
            self.put_back()
            self.check(int(time.time() * 1000))
            self.assertEqual(self.processes.pop().stop(), 0)

    def test_a_machine_that_is_put_back_to_a_snapshot_of_a_running_agent_brings_news(self):
        self.measured_after(0)
        agent = self.processes.pop()
        # As a snapshot of the disk finds it: in the middle of its work.
        stop_every_thread(agent.child.pid)
        shutil.copytree(self.spool, self.copy)
        agent.child.send_signal(signal.SIGCONT)
        self.measured_after(int(time.time() * 1000), 10)
        agent.kill()
        self.put_back()
        self.check(int(time.time() * 1000))

    def test_what_waited_in_the_spool_when_it_was_copied_is_stored_and_so_is_what_comes_after(self):
        self.measured_after(0)
        agent = self.processes.pop()
        self.assertEqual(self.processes.pop().stop(), 0)
        waiting = eventually(lambda: self.rows() > 5 and self.rows(), 60, "samples wait for the collector")
        self.assertGreater(waiting, 5)
        agent.kill()
        shutil.copytree(self.spool, self.copy)
        self.start_collector()
        self.check(int(time.time() * 1000))  # it sends what waited, and goes on
        self.processes.pop().kill()
        self.put_back()
        self.start_agent()
        self.measured_after(int(time.time() * 1000))
        # The batch that it was sending when it was copied comes again as itself, and is the only one.
        self.assertLessEqual(self.duplicates(), 1)

    def rows(self):
        try:
            with sqlite3.connect(f"file:{self.spool}/spool.db?mode=ro", uri=True) as spool:
                return spool.execute("SELECT count(*) FROM spool_row").fetchone()[0]
        except sqlite3.Error as error:
            raise OSError(str(error)) from error


if __name__ == "__main__":
    unittest.main()
