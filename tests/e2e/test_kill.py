"""kill -9 of the collector at random points of a scripted day of incidents: every receiver hears what it would have heard.

The collector is the real one, but for its clock, which the script moves (`collector_by_hand`). One day is played
undisturbed, the same day again with kills. Equal means: for each receiver and each CRM the same sequence of (type,
state, previous state), repeats of one webhook-id taken as one message and being the same bytes; and every batch stands
in the journal once. What samples say is told at the same time, but for the half minute a start may take; other times
differ more: after a start nothing is resolved for two evaluations, and silence is counted anew.

CRMPULSE_KILLS sets how many kills (200: a whole day; otherwise a quarter of one), CRMPULSE_KILL_SEED where.
"""

import collections
import contextlib
import datetime
import http.client
import http.server
import json
import os
import pathlib
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from harness import BIN, WRITE_HEADERS, remote_write

START = 1_795_305_600_000  # 2026-11-22T00:00:00Z
SAMPLE, TICK, BLOCK = 30, 10, 60  # seconds between samples, seconds between ticks, samples in half an hour
PATIENCE = 60  # seconds for one answer

RULES = """
settings:
  group_wait: {sub_healthy: 30s, poor: 0s}
  repeat: {sub_healthy: 4h, poor: 40m}
  flap: {changes: 6, window: 60m, ends_at: 2, stable: 15m}
  startup_grace: 2
rules:
  - id: availability
    dimension: availability
    measure: {metric: crm_up}
    op: below
    aggregator: last
    interval: 30s
    sub: {enter: 0.8, exit: 0.8, for: 60s}
    poor: {enter: 0.5, exit: 0.5, for: 60s}
    recover_for: {sub: 2m, poor: 2m}
    no_data: {after: 4m, state: sub_healthy}
    role: gate
    weight: 50
    remedy: unavailable
  - id: latency
    dimension: latency
    applies_to: {kind: [sales, service, other]}
    measure: {metric: crm_operation_duration_seconds}
    op: above
    aggregator: last
    interval: 30s
    sub: {enter: 1, exit: 0.9, for: 2m}
    poor: {enter: 3, exit: 2.7, for: 90s}
    recover_for: {sub: 2m, poor: 2m}
    no_data: {after: 4m, state: sub_healthy}
    role: gate
    weight: 25
    unit: seconds
    remedy: slow
  - id: throughput
    dimension: throughput
    applies_to: {kind: [sales, service, other]}
    measure: {metric: crm_records_per_second}
    op: below
    aggregator: avg
    window: 5m
    min_samples: 4
    interval: 30s
    sub: {enter: 50, exit: 60, for: 60s}
    poor: {enter: 10, exit: 20, for: 60s}
    recover_for: {sub: 2m, poor: 2m}
    no_data: {after: 4m, state: sub_healthy}
    role: gate
    weight: 25
    remedy: slow
"""
REMEDIES = """
remedies:
  unavailable: {en: "Look whether it runs.", zh: 检查其是否在运行}
  slow: {en: "Look at its load.", zh: 检查其负载}
"""


class Sink:
    """A receiver's end: remembers what it accepted, fails as it is told, and may kill the collector."""

    def __init__(self, name):
        self.name = name
        self.refuses = lambda attempt: False
        self.refused_last = False
        self.before_answer = self.after_answer = None  # called once
        self.accepted = []  # (webhook-id, body), as they came
        self.attempts = collections.Counter()
        self.lock = threading.Lock()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) == length:  # else the collector died while it was sending
                    sink.answer(self, self.headers["webhook-id"], body)

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:  # the collector was killed
                    pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/{name}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request, number, body):
        with self.lock:
            self.attempts[number] += 1
            refused = self.refuses(self.attempts[number])
            self.refused_last = refused
            before, self.before_answer = self.before_answer, None
            after, self.after_answer = self.after_answer, None
            if before:
                before()
            if not refused:
                self.accepted.append((number, body))
        request.send_response(500 if refused else 204)
        if refused:
            request.send_header("Content-Length", "0")
        request.end_headers()
        request.wfile.flush()
        if after:
            after()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def record(self):
        """{crm: [(type, state, previous state, time)]}; a message that came again must be the same bytes."""
        seen, out = {}, {}
        for number, body in self.accepted:
            if number in seen:
                assert seen[number] == body, f"{self.name}: {number} came with two bodies"
                continue
            seen[number] = body
            message = json.loads(body)
            out.setdefault(message.get("crm", ""), []).append((message["type"], message.get("state"), message.get("previous_state"),
                                                         datetime.datetime.fromisoformat(message["at"]).timestamp()))
        return out


class Killed(Exception):
    pass


class Collector:
    """The collector under test. Whatever is asked of it while it is dead raises Killed."""

    def __init__(self, folder, now):
        self.log = open(folder / "collector.log", "ab")
        self.process = subprocess.Popen([str(BIN / "collector_by_hand"), str(folder / "collector.yaml"), str(now)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, cwd=folder)
        self.connection = None

    def read(self, begins):
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.send("GET", "/api/v1/deliveries?status=pending", None, {})
            raise AssertionError(f"no answer within {PATIENCE} s where '{begins}' was due; waiting: {self.answer()}")
        line = self.process.stdout.readline().decode()
        if not line.endswith("\n"):
            raise Killed
        assert line.startswith(begins), line
        return line

    def wait_ready(self):
        self.port = int(self.read("ready").split()[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            raise Killed

    def send(self, method, path, body, headers):
        try:
            self.connection.request(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            raise Killed

    def answer(self):
        try:
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            raise Killed
        return answer.status, text

    def kill(self):
        self.process.kill()

    def bury(self):
        self.process.kill()
        assert self.process.wait() in (0, -signal.SIGKILL), f"it ended by itself, with {self.process.returncode}"
        for stream in (self.process.stdin, self.process.stdout, self.log):
            try:
                stream.close()
            except OSError:
                pass
        if self.connection:
            self.connection.close()


CRMS = ["acme", "borealis", "cobalt", "dune", "ember", "fjord", "glade", "harbour"]
LONE = ["island", "jetty"]  # of an agent of their own
MANY = [f"mini-{number:02}" for number in range(12)]


def story(blocks):
    """What each CRM is in each half hour: 0, 1, 2, silent, or for an hour restless, which none is while a receiver is
    down. The first half hour and the last two are healthy."""
    chance = random.Random(20261122)
    plan = {crm: ["0"] for crm in CRMS}
    for halves in plan.values():
        while len(halves) < blocks - 2:
            restless = len(halves) % 8 == 4 and chance.random() < 0.5
            halves += ["restless", "restless", "0"] if restless else [chance.choice(["0", "0", "1", "1", "2", "2", "silent"])]
    # Operators meet these three (operations() below), an agent with two CRMs falls silent, and twelve CRMs fall at once.
    for crm, own in {"acme": "01220200", "ember": "x1xx1020", "fjord": "20xxxx02"}.items():
        plan[crm] = [old if own[block % 8] == "x" else own[block % 8] for block, old in enumerate(plan[crm])]
    for block in range(blocks):
        for crm in LONE:
            plan.setdefault(crm, []).append("silent" if block % 8 == 2 else "0")
        for crm in MANY:
            plan.setdefault(crm, []).append("2" if block % 8 == 3 else "0")
    for halves in plan.values():
        halves[0] = "0"
        halves[blocks - 2:] = ["0", "0"]
    return plan


def operations(blocks):
    """{step: [(CRM, what an operator does then, samples from the step to its start, to its end)]}. Maintenance begins
    before acme gets worse and ends in the next half hour, or holds over a whole incident; ember falls in a silence;
    fjord's long incident is acknowledged. None of it is in an outage. Whoever got no answer looks first whether it
    was done."""
    plan = collections.defaultdict(list)
    for block in range(1, blocks - 2):
        before = block * BLOCK - 20
        if block % 8 == 2:
            plan[before].append(("acme", "maintenance", 18, 84))
        if block % 8 == 5:
            plan[before].append(("acme", "maintenance", 18, 110))
        if block % 8 == 6:
            plan[before].append(("ember", "silences", 18, 60))
        if block % 8 == 7:
            plan[block * BLOCK + 30].append(("fjord", "ack", 0, 0))
    return plan


def kind(crm):
    if crm not in CRMS:
        return "lone" if crm in LONE else "many"
    return "other" if crm == "harbour" else "sales" if CRMS.index(crm) < 3 else "service"


def values(crm, what, sample):
    """The CRM's metrics at one sample of a block; empty: it is silent. Half of them fall over, the others get slow."""
    if what == "silent":
        return {}
    if crm not in CRMS:
        return {"crm_up": 0 if what == "2" else 1}
    if what == "restless":
        what = "0" if sample // 16 % 2 else "2"
    falls = CRMS.index(crm) % 2 == 0
    if crm == "harbour":
        return {"crm_up": 1, "crm_operation_duration_seconds": 0.2, "crm_records_per_second": {"0": 100, "1": 30, "2": 1}[what]}
    up = {"0": 1, "1": 0.7, "2": 0}[what] if falls else 1
    return {"crm_up": up, "crm_operation_duration_seconds": 0.2 if falls else {"0": 0.2, "1": 1.5, "2": 5}[what], "crm_records_per_second": 100}


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


WAYS = ["before", "sent", "sent and under way", "answered", "told to go", "going", "going", "sink before its answer", "sink after its answer", "starting"]


def choose(count, chance, steps, telling, operating):
    """Some kills while an operator acts, half of the others at steps in which messages are sent, the rest anywhere."""
    kills = [(step, "operating") for step in chance.sample(operating, min(count // 10, len(operating)))]
    while len(kills) < count:
        step = chance.choice(telling) if len(kills) % 2 else chance.randrange(steps - BLOCK)
        kill = (step, chance.choice(WAYS))
        if kill not in kills:
            kills.append(kill)
    return kills


class Kill(unittest.TestCase):
    maxDiff = None

    def play(self, name, blocks, kills):
        day = Day(self.folder / name, blocks, kills)
        self.addCleanup(day.close)
        return day, day.play()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crmpulse-kill."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("undisturbed", "killed"):
            (self.folder / name).mkdir()

    def test_every_receiver_hears_the_same_in_spite_of_kills(self):
        count = int(os.environ.get("CRMPULSE_KILLS", "40"))
        chance = random.Random(int(os.environ.get("CRMPULSE_KILL_SEED", "20261122")))
        blocks = 48 if count >= 200 else 12
        calm, expected = self.play("undisturbed", blocks, [])
        self.assertEqual(calm.killed, 0)
        messages = sum(len(told) for record in expected.values() for told in record.values())
        telling = [step for step in range(len(calm.at) - BLOCK) if calm.at[step + 1] > calm.at[step]]
        self.assertGreater(len(telling), blocks)
        operating = [step for step, done in calm.operations.items() if done[0][1] != "ack"]
        self.assertGreater(calm.operated, len(operating))
        kinds = {kind for record in expected.values() for told in record.values() for kind, *_ in told}
        self.assertLessEqual({"incident.opened", "incident.escalated", "incident.improved", "incident.resolved", "incident.reminder", "incident.flapping",
                              "agent.lost", "agent.returned", "digest"}, kinds)
        stormy, got = self.play("killed", blocks, choose(count, chance, calm.steps, telling, operating))
        repeats = sum(len(sink.accepted) for sink in stormy.sinks.values()) - messages
        print(f"{stormy.killed} kills, {messages} messages, {repeats} of them came twice", flush=True)
        self.assertEqual(stormy.journalled(), {step + 1: 1 for step in range(stormy.steps)})
        without_times = lambda record: {crm: [message[:3] for message in told] for crm, told in record.items()}
        for name, record in expected.items():
            with self.subTest(receiver=name):
                self.assertEqual(without_times(got[name]), without_times(record))
                for crm, told in record.items():
                    for message, again in zip(told, got[name].get(crm, [])):
                        if calm.told_by_data(crm, message[0], message[3]):
                            self.assertLessEqual(abs(again[3] - message[3]), SAMPLE, (crm, message, again))
        self.assertGreaterEqual(stormy.killed, count * 9 // 10)


if __name__ == "__main__":
    unittest.main()
