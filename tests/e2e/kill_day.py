"""Plays the scripted day of test_kill, and kills."""

import contextlib
import datetime
import json
import random
import sqlite3
import threading
import time

from harness import WRITE_HEADERS, remote_write
from kill_ends import PATIENCE, Collector, Killed, Sink
from kill_script import BLOCK, CRMS, LONE, REMEDIES, RULES, SAMPLE, START, TICK, kind, operations, story, values


class Day:
    """Plays the script against a collector, which may die at any point of it."""

    def __init__(self, folder, blocks, kills):
        self.folder, self.plan, self.operations, self.kills = folder, story(blocks), operations(blocks), kills
        self.steps = blocks * BLOCK
        self.chance = random.Random(len(kills))
        self.sinks = {name: Sink(name) for name in ("chat", "pager", "sales", "flaky")}
        # Five refusals in a row would open the collector's breaker, also outside of outages, and four messages are on
        # their way at once, so that the collector may hear the answers in another order.
        self.sinks["flaky"].refuses = lambda attempt: self.outage() or (attempt == 1 and not self.sinks["flaky"].refused_last)
        self.step = self.killed = self.armed = self.operated = 0
        self.at = []  # of each step: how many messages had come
        self.collector = None
        self.configure()

    def configure(self):
        receivers = "".join(f"  - {{name: {name}, type: webhook, url: \"{sink.url}\", {more}}}\n" for (name, sink), more in
                            zip(self.sinks.items(), ("min_state: sub_healthy", "min_state: poor", "min_state: sub_healthy, only: {kind: [sales]}",
                                                     "min_state: sub_healthy, only: {kind: [sales, service]}, language: zh")))
        (self.folder / "rules.yaml").write_text(RULES)
        (self.folder / "remedies.yaml").write_text(REMEDIES)
        (self.folder / "collector.yaml").write_text(f"listen: 127.0.0.1:0\nauth: off\nstate_dir: {self.folder}/state\nrules: [rules.yaml]\n"
                                                    f"remedies: [remedies.yaml]\nreceivers:\n{receivers}")

    def close(self):
        if self.collector:
            self.collector.bury()
        for sink in self.sinks.values():
            sink.close()

    def now(self, step=None):
        return START + 1000 * SAMPLE * (self.step if step is None else step)

    def outage(self):
        """The flaky receiver is down for the first twelve minutes of every eighth half hour, when states change. Each CRM
        has one message then: of several that wait unsent the newer may replace the older, and that depends on chance."""
        return self.step // BLOCK % 8 == 1 and self.step % BLOCK < 24

    def but(self):
        """Whom nobody waits for: messages to a receiver that was down come when they are tried again."""
        return " flaky" if self.step // BLOCK % 8 == 1 and self.step % BLOCK < 50 else ""

    def body(self):
        what = lambda crm: self.plan[crm][self.step // BLOCK]
        agents = ["a1"] if what(LONE[0]) == "silent" else ["a1", "a2"]
        heartbeats = [({"__name__": "crm_agent_heartbeat_timestamp_seconds", "agent": agent}, [(self.now(), self.now() / 1000)]) for agent in agents]
        return remote_write(heartbeats + [({"__name__": metric, "crm": crm, "kind": kind(crm), "agent": "a2" if crm in LONE else "a1"}, [(self.now(), value)])
                             for crm in self.plan for metric, value in values(crm, what(crm), self.step % BLOCK).items()])

    # Dying.

    def die(self):
        """By the collector's own thread of events, or from a sink's."""
        self.killed += 1
        self.collector.kill()

    def spin(self, seconds):
        """Lets the collector get on with it for a moment: where exactly it dies is not known."""
        end = time.perf_counter() + self.chance.random() * seconds
        while time.perf_counter() < end:
            pass

    def arm(self, hook):
        """The next message to any receiver kills."""
        fired = threading.Lock()

        def fire():
            if fired.acquire(blocking=False):
                for sink in self.sinks.values():
                    setattr(sink, hook, None)
                self.armed = 0
                self.die()

        self.armed = 1
        for sink in self.sinks.values():
            setattr(sink, hook, fire)

    def due(self, *ways):
        """Is a kill of one of these ways to happen in this step? Each happens once."""
        for way in ways:
            if (self.step, way) in self.kills:
                self.kills.remove((self.step, way))
                return True
        return False

    # Living.

    def start(self, now):
        while True:
            if self.collector:
                self.collector.bury()
            self.collector = Collector(self.folder, now)
            try:
                if self.due("starting"):
                    self.spin(0.08)
                    self.die()
                self.collector.wait_ready()
                self.collector.say("settle" + self.but())
                self.collector.read("settled")
                return
            except Killed:
                pass

    def ask(self, path, body=None):
        """One request as an operator makes it, and its answer."""
        self.collector.send("POST" if body else "GET", path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        if body and self.due("operating"):
            self.spin(0.004)
            self.die()
        status, text = self.collector.answer()
        assert status < 300 or status == 409, (path, status, text)  # 409: healthy again in the meantime
        return json.loads(text)

    def operate(self):
        time_at = lambda samples: datetime.datetime.fromtimestamp(self.now(self.step + samples) / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for crm, what, begin, end in self.operations.get(self.step, []):
            if what == "ack":
                for incident in self.ask(f"/api/v1/incidents?state=open&crm={crm}")["incidents"]:
                    self.ask(f"/api/v1/incidents/{incident['id']}/ack", {"author": "jana", "comment": "looking"})
            elif not any(known["starts_at"] == time_at(begin) for known in self.ask(f"/api/v1/{what}")[what]):
                self.ask(f"/api/v1/{what}", {"matchers": {"crm": [crm]}, "starts_at": time_at(begin), "ends_at": time_at(end),
                                             "author": "jana", "comment": "planned"})
            self.operated += 1

    def write(self):
        """One batch, again until it is acknowledged."""
        body = self.body()
        if self.due("before"):
            self.die()
        headers = {**WRITE_HEADERS, "X-Crm-Agent": "a1", "X-Crm-Batch-Seq": str(self.step + 1)}
        self.collector.send("POST", "/api/v1/write", body, headers)
        if self.due("sent"):
            self.die()
        if self.due("sent and under way"):
            self.spin(0.004)
            self.die()
        status, text = self.collector.answer()
        assert status == 204, (status, text)
        if self.due("answered"):
            self.die()

    def go(self):
        until = self.now(self.step + 1)
        if not self.armed:
            for way, hook in (("sink before its answer", "before_answer"), ("sink after its answer", "after_answer")):
                if self.due(way):
                    self.arm(hook)
                    break
        self.collector.say(f"to {until} {1000 * TICK}{self.but()}")
        if self.due("told to go"):
            self.die()
        if self.due("going"):
            self.spin(0.02)
            self.die()
        self.collector.read("at")

    def play(self):
        self.start(self.now())
        while self.step < self.steps:
            self.at.append(sum(len(sink.accepted) for sink in self.sinks.values()))
            operated = written = False
            while True:
                going = False
                try:
                    if self.due("starting"):
                        self.kills.append((self.step, "starting"))
                        self.die()
                    if not operated:
                        self.operate()
                        operated = True
                    if not written:
                        self.write()
                        written = True
                    going = True
                    self.go()
                    break
                except Killed:
                    # How far it came is not known: it wakes up where it was told to go.
                    self.start(self.now(self.step + 1) if going else self.now())
                    if going:
                        break
            self.step += 1
        self.collector.process.stdin.close()
        self.collector.process.wait(PATIENCE)
        return {name: sink.record() for name, sink in self.sinks.items()}

    def journalled(self):
        """How often each batch is in the journal."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/state/collector.db?mode=ro", uri=True)) as database:
            return dict(database.execute("SELECT batch, count(*) FROM journal GROUP BY batch"))

    def told_by_data(self, crm, kind, at):
        """Does the time of this message follow from samples alone, not from silence, operators, or a restless past?"""
        block = int(at * 1000 - START) // (1000 * SAMPLE * BLOCK)
        past = self.plan[crm][max(block - 1, 0):block + 1] if crm in CRMS else ["silent"]
        return crm not in ("acme", "ember") and not {"silent", "restless"} & set(past) and kind in ("incident.opened", "incident.escalated", "incident.improved")
