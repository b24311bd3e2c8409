"""What one token may send at its worst, with the limits that are shipped: the collector stays below the memory its unit
allows, keeps judging others, and is ready within seconds after kill -9. So it does with 128 readers of a large /metrics that
do not read.

Memory and time are those of the release programs (`make faults`). A sanitizer's build shows that the counts are bounded.
"""

import contextlib
import pathlib
import re
import socket
import subprocess
import time
import unittest
import urllib.parse

import faults
from harness import BIN, SOURCE, WRITE_HEADERS, EndToEnd, eventually, free_port, get, parse_metric, post, remote_write

SANITIZED = b"__asan_init" in (BIN / "crmpulse-collector").read_bytes()
UNIT = (SOURCE / "systemd/crmpulse-collector.service").read_text()
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
MEMORY_MAX = (lambda found: int(found[1]) * UNITS[found[2]])(re.search(r"^MemoryMax=(\d+)([KMG])$", UNIT, re.MULTILINE))
READY_SECONDS = 5
# A sanitizer's build takes as long for a twentieth of it.
SCALE = 0.05 if SANITIZED else 1
CRMS, SERIES_PER_CRM, MEMORY = 2_000, 5_000, 512 << 20  # limits that are shipped: of one sender, of one CRM, in all
READERS = 128


def peak_bytes(process):
    """The most memory it ever had at once."""
    status = (process_folder(process) / "status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[1]) << 10


def process_folder(process):
    return pathlib.Path(f"/proc/{process.child.pid}")


def scaled(number):
    return max(10, int(number * SCALE))


def now_ms():
    return int(time.time() * 1000)


def series(name, crm, at, value=1.0, **labels):
    return {"__name__": name, "crm": crm, "kind": "tryton", "agent": "hostile", **labels}, [(at, value)]


class WorstBodies(EndToEnd):
    def begin(self):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.alerts = self.sink()
        self.collector_yaml = self.write("collector.yaml", f"""
listen: 127.0.0.1:{port}
auth: required
metrics: open
state_dir: {self.folder}/collector
rules: [{SOURCE}/config/rules/default.yaml]
receivers: [{{name: oncall, type: webhook, url: "{self.alerts.url}"}}]
""")
        self.tokens = {name: self.token(name) for name in ("honest", "hostile")}
        self.start_collector()

    def token(self, agent):
        done = subprocess.run([BIN / "crmpulse-collector", "token", "create", "--config", self.collector_yaml, "--name", agent, "--role", "ingest", "--agent", agent],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def send(self, agent, body, path="/api/v1/write", headers=WRITE_HEADERS):
        return post(self.base + path, body, {**headers, "Authorization": f"Bearer {self.tokens[agent]}", "X-Crm-Agent": agent}, timeout=120)

    def honest(self, value=1):
        """A batch of an agent that has nothing to do with all this."""
        body = remote_write([({"__name__": "crm_up", "crm": "acme", "kind": "sample", "agent": "honest"}, [(now_ms(), value)])])
        return self.send("honest", body)

    # The bodies: lists of what remote_write() takes.

    def objects_of_one_crm(self):
        at, names = now_ms(), ("crm_records", "crm_records_incomplete", "crm_records_duplicate", "crm_records_outdated", "crm_records_invalid")
        for name in names:
            yield [series(name, "victim", at, 1000, object=f"object-{i}", field="Email") for i in range(scaled(25_000))]

    def many_crms(self):
        at = now_ms()
        yield [series("crm_up", f"crm-{i}", at, 0) for i in range(max(CRMS + 500, scaled(25_000)))]

    def many_series_of_many_crms(self):
        at = now_ms()
        for part in range(scaled(100) // 10):
            yield [series("crm_operation_duration_seconds", f"crm-{i}", at, 9, operation="read", object=f"o{part}-{j}")
                   for i in range(scaled(CRMS)) for j in range(10)]

    def operations_with_four_weeks_of_hours(self):
        """Each takes the largest window there is with its first sample."""
        at = now_ms()
        yield [series("crm_records_per_second", f"crm-{i}", at, 9, operation=f"op-{j}") for i in range(scaled(195)) for j in range(256)]

    def long_labels(self):
        at = now_ms()
        for part in range(scaled(200) // 10):
            yield [series("crm_up", f"crm-{(part * 400 + i) % CRMS}", at, 0, **{f"l{label}": f"{part}-{i}-{'x' * 1000}" for label in range(50)}) for i in range(400)]

    def labels_that_change(self):
        at = now_ms()
        yield [series("crm_up", "victim", at, 0, place=str(i)) for i in range(scaled(25_000))]

    def windows_that_fill(self):
        """All the samples that windows keep, a millisecond apart."""
        at = now_ms() - 60_000
        for first in range(0, scaled(200), 20):
            yield [({"__name__": "crm_operation_duration_seconds", "crm": f"crm-{i}", "kind": "tryton", "agent": "hostile", "operation": "read"},
                    [(at + sample, 0.1) for sample in range(4096)]) for i in range(first, first + 20)]

    def evidence(self):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = "y" * 1000
        for part in range(10):
            yield "".join(f'{{"at":"{at}","crm":"told-{part}-{i}","kind":"odoo","agent":"hostile","text":"{text}"}}\n' for i in range(scaled(1000))).encode()

    def figures(self):
        out = {}
        for line in get(self.base + "/metrics", timeout=120).splitlines():
            if line.startswith("crmpulse_collector_"):
                name, labels, value = parse_metric(line)
                out[name] = out.get(name, 0) + value
        return out

    def is_bounded(self, when):
        figures = self.figures()
        self.assertLessEqual(figures["crmpulse_collector_crms"], CRMS + 1, when)
        # At the bound new ones are refused; what is known is weighed when it is stored, and may have grown a little since.
        self.assertLessEqual(figures["crmpulse_collector_estimated_memory_bytes"], MEMORY * 1.05, when)
        self.assertEqual(figures["crmpulse_collector_records_set_aside_total"], 0, when)
        self.assertEqual(self.honest(), 204, when)
        peak = peak_bytes(self.processes[-1])
        print(f"{when}: {peak >> 20} MiB at most, {figures['crmpulse_collector_crms']:.0f} CRMs, {figures['crmpulse_collector_series']:.0f} series, "
              f"estimated {figures['crmpulse_collector_estimated_memory_bytes'] / (1 << 20):.0f} MiB", flush=True)
        if not SANITIZED:
            self.assertLess(peak, MEMORY_MAX, when)

    def restart(self):
        """kill -9, and how long the next one takes until it is ready and takes what is sent."""
        self.processes.pop().kill()
        begun = time.monotonic()
        self.start_collector()
        took = time.monotonic() - begun
        eventually(lambda: self.honest() == 204, 60, "it takes what is sent")
        print(f"ready after {took:.1f} s", flush=True)
        if not SANITIZED:
            self.assertLess(took, READY_SECONDS)

    def test_the_worst_bodies_of_a_token_stay_below_the_memory_of_the_unit_and_keep_no_start_waiting(self):
        self.begin()
        self.assertEqual(self.honest(), 204)
        for make in (self.objects_of_one_crm, self.many_crms, self.many_series_of_many_crms, self.operations_with_four_weeks_of_hours, self.labels_that_change, self.windows_that_fill, self.long_labels):
            for content in make():
                status = self.send("hostile", remote_write(content))
                self.assertIn(status, (204, 400, 413, 503), make.__name__)
            self.is_bounded(make.__name__)
        for lines in self.evidence():
            self.assertIn(self.send("hostile", lines, "/api/v1/evidence", {"Content-Type": "application/x-ndjson"}), (204, 400, 413, 503))
        self.is_bounded("evidence")
        rounds = 1 if SANITIZED else 3
        for _ in range(rounds):
            self.restart()
            self.is_bounded("after kill -9")
        # The honest agent's CRM fails: it is told.
        eventually(lambda: self.honest(0) == 204 and faults.told(self.alerts, "acme"), 120, "an alert about another agent's CRM is told")
        faults.report("the worst bodies of one token", rounds=rounds, expected=1, told=1)

    def test_readers_of_a_large_page_that_do_not_read_take_a_bounded_memory(self):
        self.begin()
        at = now_ms()
        for part in range(scaled(50) // 5):
            body = [series("crm_records", f"crm-{i}", at, object=f"o{part}-{j}", note="n" * 80) for i in range(scaled(CRMS)) for j in range(5)]
            self.assertEqual(self.send("hostile", remote_write(body)), 204)
        size = len(get(self.base + "/metrics", timeout=120))
        before = peak_bytes(self.processes[-1])
        address = urllib.parse.urlsplit(self.base)
        with contextlib.ExitStack() as held:
            for _ in range(READERS):
                reader = held.enter_context(contextlib.closing(socket.socket()))
                reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                reader.connect((address.hostname, address.port))
                reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            eventually(lambda: self.honest() == 204, 60, "batches are taken beside them")
            # A page is rendered once a second at most, so that the next one is another.
            pages = set()
            eventually(lambda: pages.add(hash(get(self.base + "/metrics", timeout=60))) or len(pages) >= 5, 120, "pages go on being served")
            peak = peak_bytes(self.processes[-1])
        print(f"/metrics of {size >> 20} MiB, {before >> 20} MiB before, {peak >> 20} MiB with {READERS} readers", flush=True)
        if not SANITIZED:
            self.assertGreater(size, 15 << 20)
            self.assertLess(peak, MEMORY_MAX)
        eventually(lambda: self.honest(0) == 204 and faults.told(self.alerts, "acme"), 120, "an alert is told")
        faults.report(f"{READERS} readers of a large page that do not read", rounds=1, expected=1, told=1)


if __name__ == "__main__":
    unittest.main()
