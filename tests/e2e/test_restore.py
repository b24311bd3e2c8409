"""A copy made while a collector is fed, restored on another root: the same states, incidents, history and tokens. What must not be
restored, or not there, is refused and nothing is changed; a kill leaves nothing or the whole."""

import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import BIN, WRITE_HEADERS, EndToEnd, eventually, get, get_json, post, remote_write

PROGRAM = BIN / "crmpulse-collector"
CRMS = 20


class Restore(EndToEnd):
    def command(self, *arguments, config=None):
        return subprocess.run([PROGRAM, arguments[0], "--config", config or self.collector_yaml, *arguments[1:]], capture_output=True, text=True,
                              timeout=120)

    def other(self, root):
        """The configuration of a machine where only the folders differ."""
        text = self.collector_yaml.read_text().replace(f"state_dir: {self.folder}/collector", f"state_dir: {root}")
        return self.write("other.yaml", text)

    def feed(self, until):
        """Latencies of many CRMs, most fine and one poor, as fast as they are taken."""
        labels = lambda crm: {"__name__": "crm_operation_duration_seconds", "crm": f"crm-{crm:02}", "kind": "tryton", "agent": "a", "operation": "read"}
        now = 0
        while not until.is_set():
            now = max(int(time.time() * 1000), now + 3)  # no stamp twice, however fast they are taken
            body = remote_write([(labels(crm), [(now - 2, 9.0 if crm == 7 else 0.1), (now, 9.0 if crm == 7 else 0.1)]) for crm in range(CRMS)])
            if post(self.base + "/api/v1/write", body, WRITE_HEADERS) == 204:
                self.fed += 1

    def facts(self, headers=None):
        ask = lambda path: json.loads(get(self.base + path, headers))
        history = ask("/api/v1/crms/crm-07/history?metric=crm_operation_duration_seconds&step=1h")
        return {"states": {crm["crm"]: crm["state"] for crm in ask("/api/v1/crms")["crms"]},
                "incidents": sorted((one["id"], one["crm"], one["opened_at"], one["worst"]) for one in ask("/api/v1/incidents")["incidents"]),
                "timelines": {one["id"]: len(ask(f"/api/v1/incidents/{one['id']}")["timeline"]) for one in ask("/api/v1/incidents")["incidents"]},
                "readings": sum(point["count"] for series in history["series"] for point in series["points"])}

    def fed_collector(self):
        rules = self.write("quick.yaml", "rules:\n  - id: latency\n    window: 1m\n    min_samples: 4\n    sub: {for: 0s}\n    poor: {for: 0s}\n")
        collector = self.collector(rules=(rules,))
        self.fed, stop = 0, threading.Event()
        feeder = threading.Thread(target=self.feed, args=(stop,), daemon=True)
        feeder.start()
        self.addCleanup(stop.set)
        self.wait_state("crm-07", "poor", 60)
        return collector, stop, feeder

    def test_a_copy_under_load_restored_on_another_root_has_the_same_states_incidents_history_and_tokens(self):
        collector, stop, feeder = self.fed_collector()
        secret = subprocess.run([PROGRAM, "token", "create", "--config", self.collector_yaml, "--name", "ana", "--role", "viewer"], capture_output=True,
                                text=True, check=True).stdout.strip()
        before = self.fed
        copy = self.folder / "copy"
        made = self.command("backup", copy)
        self.assertEqual((made.returncode, made.stdout, made.stderr), (0, f"{copy}\n", ""))
        eventually(lambda: self.fed > before, 60, "the collector is fed while it is copied and afterwards")
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        stop.set()
        feeder.join()
        self.assertEqual(collector.stop(), 0)

        root = self.folder / "elsewhere/state"
        root.mkdir(parents=True, mode=0o750)
        os.chmod(root, 0o750)
        if os.geteuid() == 0:
            shutil.chown(root, "nobody", "nogroup")
        owner = root.stat()
        config = self.other(root)
        done = self.command("restore", copy, config=config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"{root}: CRMs {CRMS}, incidents 1\n")
        self.assertEqual((root.stat().st_mode, root.stat().st_uid, root.stat().st_gid), (owner.st_mode, owner.st_uid, owner.st_gid))
        self.assertEqual({file.name for file in root.iterdir()}, {"collector.db", "tokens.json", "audit.jsonl"})
        for file in root.iterdir():
            self.assertEqual((file.stat().st_mode & 0o777, file.stat().st_uid), (0o600, owner.st_uid), file)
        self.assertEqual(list(root.parent.iterdir()), [root])

        # What the copy holds, as the first collector's store held it then: read by a collector each.
        self.collector_yaml = config
        config.write_text(config.read_text().replace("auth: off", "auth: required"))
        self.start_collector()
        facts = self.facts({"Authorization": f"Bearer {secret}"})
        self.assertEqual(facts["states"]["crm-07"], "poor")
        self.assertEqual(len(facts["states"]), CRMS)
        self.assertEqual([incident[1] for incident in facts["incidents"]], ["crm-07"])
        self.assertGreaterEqual(facts["readings"], 2 * before)
        self.processes[-1].stop()

        # The same copy by hand, as it was done before there was `restore`.
        by_hand = self.folder / "by-hand"
        by_hand.mkdir(mode=0o700)
        shutil.copy(copy, by_hand / "collector.db")
        self.collector_yaml.write_text(config.read_text().replace("auth: required", "auth: off").replace(str(root), str(by_hand)))
        self.start_collector()
        self.assertEqual(self.facts(), facts)

    def copy_of_little(self):
        collector = self.collector()
        copy = self.folder / "copy"
        self.assertEqual(self.command("backup", copy).returncode, 0)
        return collector, copy

    def everything(self):
        """What lies in the folder, but for the store and the log of a collector that may be running."""
        return {path: path.read_bytes() if path.is_file() else None for path in self.folder.rglob("*")
                if "collector.db" not in path.name and path.suffix != ".log"}

    def refused(self, source, config, *words):
        before = self.everything()
        done = self.command("restore", source, config=config)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(self.everything(), before, "nothing is changed")

    def test_a_store_in_use_and_a_folder_with_something_in_it_are_refused(self):
        collector, copy = self.copy_of_little()
        self.refused(copy, None, f"a collector uses {self.folder}/collector: stop it first (systemctl stop crmpulse-collector)")
        self.assertEqual(collector.stop(), 0)
        self.refused(copy, None, f"{self.folder}/collector is not empty", f"mv {self.folder}/collector {self.folder}/collector.before")

    def test_what_is_damaged_newer_or_no_copy_is_refused(self):
        collector, copy = self.copy_of_little()
        config = self.other(self.folder / "fresh")
        self.assertEqual(collector.stop(), 0)
        damaged = self.folder / "damaged"
        damaged.write_bytes(copy.read_bytes()[:8192] + b"\xff" * 4096 + copy.read_bytes()[12288:])
        self.refused(damaged, config, "is damaged, or is not a copy of a collector's store: take another copy")
        short = self.folder / "short"
        short.write_bytes(copy.read_bytes()[:-4096])
        self.refused(short, config, "is damaged")
        text = self.write("text", "hello\n" * 1000)
        self.refused(text, config, "is damaged, or is not a copy")
        self.refused(self.folder / "nowhere", config, "is not a file")
        newer = self.folder / "newer"
        shutil.copy(copy, newer)
        database = sqlite3.connect(newer)
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version + 1}")
        database.commit()
        database.close()
        self.refused(newer, config, f"was made by a newer version (schema {version + 1}, this one knows {version})", "install that version")
        self.assertFalse((self.folder / "fresh").exists())

    def test_a_kill_leaves_nothing_or_the_whole(self):
        collector, copy = self.copy_of_little()
        self.assertEqual(collector.stop(), 0)
        grown = sqlite3.connect(copy)
        grown.execute("INSERT INTO meta(name, value) VALUES('room', hex(zeroblob(20000000)))")
        grown.commit()
        grown.close()
        root = self.folder / "fresh"
        config = self.other(root)
        for number in itertools.count():
            child = subprocess.Popen([PROGRAM, "restore", "--config", config, copy], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                child.wait(number * 0.02)
            except subprocess.TimeoutExpired:
                child.kill()
            code = child.wait()
            if root.exists():
                store = sqlite3.connect(root / "collector.db")
                self.assertEqual(store.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                self.assertEqual(store.execute("SELECT count(*) FROM meta WHERE name = 'room'").fetchone(), (1,))
                self.assertEqual(store.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'companion'").fetchone(), (0,))
                store.close()
                break
            self.assertNotEqual(code, 0)
        self.assertEqual([path.name for path in self.folder.glob("fresh*")], ["fresh"])
        self.collector_yaml = config
        self.start_collector()
        self.assertEqual(get_json(self.base + "/api/v1/crms")["crms"], [])


if __name__ == "__main__":
    unittest.main()
