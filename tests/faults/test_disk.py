"""A full disk: the collector answers 503, judges and tells on, and takes everything up again when there is room; the
agent measures on. Nothing that was acknowledged is lost. Both start on a full disk too, after a clean stop and after a kill.

The disk is full in two ways: no file of the process may grow (everywhere), and a small tmpfs with no space left (where a
mount namespace is allowed).
"""

import os
import resource
import sqlite3
import subprocess
import sys
import time
import unittest

import faults
from harness import BIN, EndToEnd, eventually, get_json

INSIDE = "CRMPULSE_FAULTS_IN_NAMESPACE"
ROOM = 48 * 1024  # files beyond this cannot grow; the log of the short run stays below


class NoGrowth:
    """Writes beyond ROOM fail with EFBIG, which SQLite takes as it takes any refused write."""

    def __init__(self, process):
        self.process = process

    # How a program is started that finds the disk full.
    before = ["prlimit", f"--fsize={ROOM}:unlimited"]

    def restarted(self, process):
        self.process = process

    def fill(self):
        """Nothing to fill once the process has ended: the next one starts with the limit."""
        if self.process.alive():
            resource.prlimit(self.process.child.pid, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))

    def free(self):
        resource.prlimit(self.process.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class NoSpace:
    """A tmpfs filled to its last byte."""

    before = []

    def __init__(self, folder):
        self.filler = folder / "filler"

    def restarted(self, process):
        """What the program's end freed is taken by others."""

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in (65536, 512):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        self.filler.unlink()


class Quiet(faults.Sender):
    """One CRM that is well, as long as its samples are taken."""

    def samples(self, now):
        return [({"__name__": "crm_up", "crm": "quiet", "kind": "sample", "agent": self.name}, [(now, 1)])]


class Disk(EndToEnd):
    def start(self, name, before=()):
        """SIGXFSZ would end the process where a full disk does not."""
        return self.process(name, [*before, "env", "--ignore-signal=XFSZ", BIN / f"crmpulse-{name}", "run", "--config", getattr(self, f"{name}_yaml")])

    def start_collector(self, before=()):
        process = self.start("collector", before)
        eventually(lambda: self.metrics(), 60, "the collector is ready")
        return process

    def start_agent(self):
        return self.start("agent")

    def collector_with_rules(self):
        alerts = self.sink()
        self.collector(alerts)
        self.processes[-1].stop()
        text = self.collector_yaml.read_text().splitlines()
        rules = self.write("rules.yaml", faults.RULES % "3s")
        text = [f"rules: [{rules}]" if line.startswith("rules:") else line for line in text]
        self.collector_yaml.write_text("\n".join(text) + "\n")
        return alerts, self.start_collector()

    def play_collector(self, disk_of, fault):
        rounds = faults.rounds(2)
        alerts, collector = self.collector_with_rules()
        disk = disk_of(collector)
        ledger = faults.Ledger()
        senders = [faults.Sender(f"sender-{i}", self.base, ledger, pause=0.02) for i in range(2)] + [Quiet("quiet", self.base, ledger, pause=0.2)]
        for sender in senders:
            sender.start()
        for number in range(rounds):
            before = len(ledger)
            eventually(lambda: len(ledger) > before + 50 and len(faults.told(alerts, "quiet")) == 2 * number, 60, "batches are acknowledged, all is told")
            refused = [sender.statuses[503] for sender in senders]
            disk.fill()
            eventually(lambda: all(sender.statuses[503] > before for sender, before in zip(senders, refused)), 60, "every sender is told 503")
            # No data comes any more: that is judged, and told though it cannot be stored.
            eventually(lambda: len(faults.told(alerts, "quiet")) == 2 * number + 1, 60, "what changes while the disk is full is told")
            eventually(lambda: self.metric("crmpulse_collector_disk_refuses") == 1, 60, "it says that the disk refuses")
            self.assertEqual(self.crm("quiet")["state"], "sub_healthy")
            disk.free()
            eventually(lambda: len(faults.told(alerts, "quiet")) == 2 * number + 2, 60, "it recovers by itself")
            eventually(lambda: self.metric("crmpulse_collector_disk_refuses") == 0, 60, "the disk is said to be well")
        for sender in senders:
            sender.finish()
        self.assertEqual(collector.stop(), 0)
        lost, doubled = ledger.audit(self.folder / "collector")
        told = faults.told(alerts, "quiet")
        faults.report(fault, rounds=rounds, acknowledged=ledger.samples(), lost=lost, doubled=doubled, expected=2 * rounds, told=len(told))
        self.assertEqual((lost, doubled), (0, 0))
        self.assertEqual(told, ["incident.opened", "incident.resolved"] * rounds)
        said = collector.log.read_text().count("state and messages cannot be stored")
        self.assertLessEqual(said, rounds, "said once each time, not once a second")
        self.assertLess(max(sender.slowest for sender in senders), 10)

    def play_collector_restart(self, disk_of, fault):
        alerts, collector = self.collector_with_rules()
        disk = disk_of(collector)
        ledger = faults.Ledger()
        senders = [faults.Sender("sender", self.base, ledger, pause=0.02), Quiet("quiet", self.base, ledger, pause=0.2)]
        for sender in senders:
            sender.start()
        ends = [lambda: collector.stop(), lambda: collector.kill()]
        for number, end in enumerate(ends):
            before = len(ledger)
            eventually(lambda: len(ledger) > before + 50 and len(faults.told(alerts, "quiet")) == 2 * number, 60, "batches are acknowledged, all is told")
            disk.fill()
            end()
            disk.fill()
            refused = [sender.statuses[503] for sender in senders]
            collector = self.start_collector(disk.before)
            disk.restarted(collector)
            eventually(lambda: all(sender.statuses[503] > before for sender, before in zip(senders, refused)), 60, "every sender is told 503")
            self.assertIn("quiet", [crm["crm"] for crm in self.crms()], "what it knew it still knows")
            eventually(lambda: len(faults.told(alerts, "quiet")) == 2 * number + 1, 60, "what changes while the disk is full is told")
            eventually(lambda: self.metric("crmpulse_collector_disk_refuses") == 1, 60, "it says that the disk refuses")
            disk.free()
            eventually(lambda: len(faults.told(alerts, "quiet")) == 2 * number + 2, 60, "it recovers by itself")
            eventually(lambda: self.metric("crmpulse_collector_disk_refuses") == 0, 60, "the disk is said to be well")
        for sender in senders:
            sender.finish()
        self.assertEqual(collector.stop(), 0)
        lost, doubled = ledger.audit(self.folder / "collector")
        told = faults.told(alerts, "quiet")
        faults.report(fault, rounds=len(ends), acknowledged=ledger.samples(), lost=lost, doubled=doubled, expected=2 * len(ends), told=len(told))
        self.assertEqual((lost, doubled), (0, 0))
        self.assertEqual(told, ["incident.opened", "incident.resolved"] * len(ends))

    def play_agent_restart(self, disk_of, fault):
        self.collector()
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        self.agent(f"  - {{name: measured, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n")
        agent = self.processes[-1]
        runs = lambda: sorted(at for labels, at in faults.journalled_samples(self.folder / "collector", "e2e") if ("__name__", "crm_up") in labels)
        eventually(lambda: len(runs()) >= 3, 60, "the agent measures and ships")
        disk = disk_of(agent)
        ends = [lambda: agent.stop(), lambda: agent.kill()]
        for end in ends:
            said = agent.log.read_text().count("the spool cannot be written")
            disk.fill()
            end()
            disk.fill()
            agent = self.start("agent", disk.before)
            disk.restarted(agent)
            eventually(lambda: agent.log.read_text().count("the spool cannot be written") > said, 60, "the agent says that its disk is full")
            full_since = time.time()
            eventually(lambda: time.time() > full_since + 4, 60, "some runs pass")
            self.assertTrue(agent.alive(), agent.tail())
            disk.free()
            eventually(lambda: runs() and runs()[-1] > (full_since + 5) * 1000, 60, "it ships again by itself")
            measured = [at for at in runs() if full_since * 1000 < at < (full_since + 4) * 1000]
            self.assertGreaterEqual(len(measured), 3, "what was measured while the disk was full arrives")
        agent.stop()
        found = runs()
        doubled = len(found) - len(set(found))
        faults.report(fault, rounds=len(ends), acknowledged=len(found), lost=0, doubled=doubled)
        self.assertEqual(doubled, 0)

    def crms(self):
        return get_json(self.base + "/api/v1/crms")["crms"]

    def play_agent(self, disk_of, fault):
        self.collector()
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        self.agent(f"  - {{name: measured, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n")
        agent = self.processes[-1]
        runs = lambda: sorted(at for labels, at in faults.journalled_samples(self.folder / "collector", "e2e") if ("__name__", "crm_up") in labels)
        eventually(lambda: len(runs()) >= 3, 60, "the agent measures and ships")
        disk = disk_of(agent)
        disk.fill()
        eventually(lambda: "the spool cannot be written" in agent.log.read_text(), 60, "the agent says that its disk is full")
        full_since = time.time()
        eventually(lambda: time.time() > full_since + 4, 60, "some runs pass")
        disk.free()
        eventually(lambda: runs() and runs()[-1] > (full_since + 5) * 1000, 60, "it ships again by itself")
        agent.stop()
        found = runs()
        gaps = [later - earlier for earlier, later in zip(found, found[1:])]
        missing = sum(round(gap / 1000) - 1 for gap in gaps if gap > 2500)
        doubled = len(found) - len(set(found))
        faults.report(fault, rounds=1, acknowledged=len(found), lost=missing, doubled=doubled)
        self.assertEqual((missing, doubled), (0, 0), gaps)

    def test_a_collector_whose_files_cannot_grow_refuses_judges_on_and_recovers(self):
        self.play_collector(NoGrowth, "full disk of the collector (files cannot grow)")

    def test_an_agent_whose_files_cannot_grow_measures_on_and_ships_all_afterwards(self):
        self.play_agent(NoGrowth, "full disk of the agent (files cannot grow)")

    def test_a_collector_that_starts_where_files_cannot_grow_judges_on_and_recovers(self):
        self.play_collector_restart(NoGrowth, "start of the collector on a full disk (files cannot grow)")

    def test_an_agent_that_starts_where_files_cannot_grow_measures_on_and_ships_all_afterwards(self):
        self.play_agent_restart(NoGrowth, "start of the agent on a full disk (files cannot grow)")

    def test_a_collector_on_a_disk_without_space_refuses_judges_on_and_recovers(self):
        self.on_a_small_disk("collector", lambda disk: self.play_collector(disk, "full disk of the collector (tmpfs without space)"))

    def test_a_collector_that_starts_on_a_disk_without_space_judges_on_and_recovers(self):
        self.on_a_small_disk("collector", lambda disk: self.play_collector_restart(disk, "start of the collector on a full disk (tmpfs without space)"))

    def test_an_agent_that_starts_on_a_disk_without_space_measures_on_and_ships_all_afterwards(self):
        self.on_a_small_disk("agent", lambda disk: self.play_agent_restart(disk, "start of the agent on a full disk (tmpfs without space)"))

    def on_a_small_disk(self, name, play):
        """Runs the test again in a mount namespace of its own, where the program's state directory is a small tmpfs."""
        if os.environ.get(INSIDE):
            state = self.folder / name
            state.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", state], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", state], check=False)
            play(lambda _: NoSpace(state))
            return
        for command in (["unshare", "-m"], ["unshare", "-rm"]):
            if subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0:
                break
        else:
            print("no mount namespaces here: files that cannot grow have to do", flush=True)
            return
        done = subprocess.run([*command, sys.executable, "-B", "-m", "unittest", "-v", f"test_disk.Disk.{self._testMethodName}"],
                              env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, timeout=500, check=False)
        print(done.stdout, flush=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
