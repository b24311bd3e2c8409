"""What the fault tests share: a ledger of what was acknowledged, senders that fill it, and the line each fault adds to
the table of docs/reliability.md.

A batch is acknowledged when its sender saw 2xx. At the end each of them must be in the journal once, byte for byte:
the journal is read with SQLite here, not by the code under test.
"""

import collections
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import sqlite3
import struct
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import journal  # noqa: E402
from harness import WRITE_HEADERS, remote_write  # noqa: E402

RULES = """
settings: {group_wait: {sub_healthy: 0s, poor: 0s}, digest: {opens: 100000, window: 1s}, flap: {changes: 1000, window: 60m, ends_at: 2, stable: 15m}}
rules:
  - id: only
    dimension: availability
    measure: {metric: crm_up}
    op: below
    aggregator: last
    interval: 500ms
    sub: {enter: 0.5, exit: 0.5, for: 0s}
    poor: {enter: 0.1, exit: 0.1, for: 0s}
    recover_for: {sub: 500ms, poor: 500ms}
    no_data: {after: %s, state: sub_healthy}
    remedy: unavailable
    unit: ratio
"""


def rounds(short):
    """How many rounds of its fault a test plays: CRMPULSE_FAULT_ROUNDS times the short run's, when it is set."""
    return max(1, round(short * float(os.environ.get("CRMPULSE_FAULT_SCALE", "1"))))


def report(fault, **figures):
    """One line of the table: printed, and added to the file CRMPULSE_FAULTS_REPORT names."""
    line = {"fault": fault, "rounds": 0, "acknowledged": 0, "lost": 0, "doubled": 0, "expected": 0, "told": 0, **figures}
    print(json.dumps(line), flush=True)
    if os.environ.get("CRMPULSE_FAULTS_REPORT"):
        with open(os.environ["CRMPULSE_FAULTS_REPORT"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return line


class Ledger:
    """What senders were told is stored."""

    def __init__(self):
        self.lock = threading.Lock()
        self.batches = {}  # (agent, number): (digest of the body, samples in it)

    def acknowledge(self, agent, number, body, samples):
        with self.lock:
            self.batches[agent, number] = (hashlib.sha256(body).digest(), samples)

    def samples(self):
        with self.lock:
            return sum(samples for _, samples in self.batches.values())

    def __len__(self):
        with self.lock:
            return len(self.batches)

    def audit(self, state_dir):
        """(samples acknowledged and not in the journal, samples of batches that are there more than once)."""
        stored = collections.defaultdict(list)
        for agent, number, body in journal_rows(state_dir, "agent, batch, body"):
            stored[agent, number].append(hashlib.sha256(body).digest())
        lost = sum(samples for key, (digest, samples) in self.batches.items() if digest not in stored[key])
        doubled = sum(samples * (len(stored[key]) - 1) for key, (_, samples) in self.batches.items() if len(stored[key]) > 1)
        return lost, doubled


def journal_rows(state_dir, columns):
    with contextlib.closing(sqlite3.connect(f"file:{state_dir}/collector.db?mode=ro", uri=True)) as database:
        yield from database.execute(f"SELECT {columns} FROM journal WHERE kind = 1 ORDER BY seq")


class Sender(threading.Thread):
    """Speaks to the collector as an agent does: numbered batches, each again until it is acknowledged."""

    def __init__(self, name, base, ledger, series=20, timeout=5.0, pause=0.005, start=1):
        super().__init__(daemon=True)
        self.name, self.ledger, self.series, self.timeout, self.pause, self.number = name, ledger, series, timeout, pause, start
        self.address = urllib.parse.urlsplit(base).netloc
        self.ending = threading.Event()
        self.statuses = collections.Counter()
        self.slowest = 0.0
        self.headers = {}

    def samples(self, now):
        """A batch's content; tests give other content by replacing this."""
        return [({"__name__": "crm_records", "crm": f"load-{self.name}", "kind": "sample", "agent": self.name, "object": f"o{i}"}, [(now, self.number + i)])
                for i in range(self.series)]

    def run(self):
        while not self.ending.is_set():
            content = self.samples(int(time.time() * 1000))
            body = remote_write(content)
            while self.post(body) not in (200, 204):
                if self.ending.is_set() and not self.insists:
                    return
                self.ending.wait(self.pause) if not self.ending.is_set() else time.sleep(self.pause)
            self.ledger.acknowledge(self.name, self.number, body, sum(len(points) for _, points in content))
            self.number += 1
            self.ending.wait(self.pause)

    insists = False  # finishes the current batch when it is told to end

    def post(self, body):
        """The status; 0 when there was no answer."""
        begun = time.monotonic()
        connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        try:
            connection.request("POST", "/api/v1/write", body, {**WRITE_HEADERS, "X-Crm-Agent": self.name, "X-Crm-Batch-Seq": str(self.number), **self.headers})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            status = 0
        finally:
            connection.close()
        self.statuses[status] += 1
        if status == 204:
            self.slowest = max(self.slowest, time.monotonic() - begun)
        return status

    def finish(self, seconds=60):
        """Ends after the current batch was acknowledged."""
        self.insists = True
        self.ending.set()
        self.join(seconds)
        assert not self.is_alive(), f"the last batch of {self.name} is not acknowledged: {dict(self.statuses)}"


# The agent's spool, decoded by hand (core/codec.h: little-endian, texts behind their length).


class _Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        value, = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return value

    def text(self):
        size = self.take("I")
        self.at += size
        return self.data[self.at - size:self.at].decode()


def spool_samples(state_dir):
    """{row number: [(labels with the name, unix ms)]} of what waits in an agent's spool. An OSError while it is not there
    yet, which eventually() waits for."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{state_dir}/spool.db?mode=ro", uri=True)) as database:
            rows = list(database.execute("SELECT seq, body FROM spool_row ORDER BY seq"))
    except sqlite3.Error as error:
        raise OSError(str(error)) from error
    out = {}
    for number, body in rows:
        data = _Bytes(body)
        assert data.take("B") == 1
        samples = []
        for _ in range(data.take("I")):
            name, at = data.text(), data.take("q")
            data.take("d")
            labels = {data.text(): data.text() for _ in range(data.take("I"))}
            samples.append((frozenset({**labels, "__name__": name}.items()), at))
        out[number] = samples
    return out


def journalled_samples(state_dir, agent):
    """Counter of (labels with the name, unix ms) in the journal's requests of this agent."""
    found = collections.Counter()
    for name, body in journal_rows(state_dir, "agent, body"):
        if name == agent:
            for labels, points in journal.decode(body):
                found.update((frozenset(labels.items()), at) for at, _ in points)
    return found


def told(sink, crm):
    """The kinds of messages about a CRM, repeats of one webhook-id counted once."""
    return [kind for kind, _ in sink.messages(crm)]
