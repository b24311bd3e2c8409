"""Clients that are slow, silent or many never slow another: agents' batches are taken, scrapes and alerts go on."""

import contextlib
import pathlib
import resource
import socket
import threading
import time
import unittest
import urllib.parse

import faults
from harness import BIN, EndToEnd, eventually, get

IDLE = 10_000
# What the crowd may add to the collector: 8 MiB were measured. AddressSanitizer keeps what is freed, 256 MiB of it.
SANITIZED = b"__asan_init" in (BIN / "crmpulse-collector").read_bytes()
MEMORY = (1024 if SANITIZED else 64) * 1024 * 1024


class Silent:
    """A receiver that accepts and never answers."""

    def __init__(self):
        self.held = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/hook"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.close()
        for connection in self.held:
            connection.close()


class Crowd(EndToEnd):
    def begin(self, more=""):
        self.alerts = self.sink()
        rules = self.write("rules.yaml", faults.RULES % "10m")
        self.collector(self.alerts, more=more)
        self.processes.pop().stop()
        text = self.collector_yaml.read_text().splitlines()
        text = [f"rules: [{rules}]" if line.startswith("rules:") else line for line in text]
        self.collector_yaml.write_text("\n".join(text) + "\n")
        self.start_collector()
        self.port = urllib.parse.urlsplit(self.base).port
        self.ledger = faults.Ledger()
        self.sender = faults.Sender("steady", self.base, self.ledger, pause=0.02)
        self.sender.start()
        self.addCleanup(self.sender.ending.set)

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.addCleanup(client.close)
        return client

    def served_meanwhile(self, what):
        """Batches are taken, scrapes answered, a state changes and is told."""
        before, self.sender.slowest = len(self.ledger), 0.0
        crm = f"crm-{what}"
        body = lambda value: faults.remote_write([({"__name__": "crm_up", "crm": crm, "kind": "sample", "agent": "a"}, [(int(time.time() * 1000), value)])])
        patient = faults.Sender(crm, self.base, faults.Ledger())
        eventually(lambda: patient.post(body(0)) == 204 and "incident.opened" in faults.told(self.alerts, crm), 60, f"an alert is told: {what}")
        eventually(lambda: len(self.ledger) >= before + 20, 60, f"batches are taken: {what}")
        self.assertIn("crm_health_level", get(self.base + "/metrics", timeout=30))
        self.assertLess(self.sender.slowest, 5, what)

    def end(self, fault, told, rounds=1):
        self.sender.finish()
        self.processes[-1].stop()
        lost, doubled = self.ledger.audit(self.folder / "collector")
        faults.report(fault, rounds=rounds, acknowledged=self.ledger.samples(), lost=lost, doubled=doubled, expected=told, told=told)
        self.assertEqual((lost, doubled), (0, 0))

    def test_ten_thousand_idle_connections_keep_nobody_out(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * IDLE), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        number = min(IDLE, hard - 500)
        self.begin()
        memory = self.metric_memory()
        idle = []
        self.addCleanup(lambda: [client.close() for client in idle])
        for at in range(number):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", self.port))
            idle.append(client)
            if at % 500 == 499:
                eventually(lambda: self.metric("crmpulse_collector_http_open_connections") is not None, 60, "the collector answers in the crowd")
        self.served_meanwhile("idle")
        grown = self.metric_memory() - memory
        print(f"{number} idle connections, collector {grown / 2**20:.0f} MiB larger", flush=True)
        self.assertLess(grown, MEMORY)
        self.assertLessEqual(self.metric("crmpulse_collector_http_open_connections"), 1100)
        self.end(f"{number:,} idle connections", 1)

    def metric_memory(self):
        status = pathlib.Path(f"/proc/{self.processes[-1].child.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def test_headers_and_bodies_that_come_byte_by_byte_slow_nobody(self):
        self.begin()
        head = b"POST /api/v1/write HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\nContent-Length: 1000\r\n"
        clients = [(self.connect(), 0) for _ in range(300)]
        bodies = [self.connect() for _ in range(300)]
        for client in bodies:
            client.sendall(head + b"\r\n")
        ending = threading.Event()

        def dribble():
            at = 0
            while not ending.wait(0.05):
                for client, _ in clients:
                    self.quietly(client, head[at % len(head):at % len(head) + 1])
                for client in bodies:
                    self.quietly(client, b"x")
                at += 1

        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        self.served_meanwhile("slow")
        ending.set()
        thread.join()
        for client, _ in clients[:100]:  # half-open: the other end has gone without a word
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            client.close()
        for client in bodies[:100]:
            with contextlib.suppress(OSError):  # given up already
                client.shutdown(socket.SHUT_WR)
        self.served_meanwhile("half-open")
        self.end("600 clients byte by byte, 200 half-open", 2)

    def quietly(self, client, piece):
        try:
            client.send(piece)
        except OSError:
            pass  # the collector has given it up

    def test_a_receiver_that_never_answers_and_scrapers_that_hardly_read_slow_nobody(self):
        silent = Silent()
        self.addCleanup(silent.close)
        self.begin()
        self.sender.finish()
        self.processes.pop().stop()
        text = self.collector_yaml.read_text()
        first = text[text.index("  - {name: oncall"):].splitlines()[0]
        self.collector_yaml.write_text(text.replace(first, first + "\n" + first.replace("oncall", "silent").replace(self.alerts.url, silent.url)))
        self.start_collector()
        self.sender = faults.Sender("steady", self.base, self.ledger, pause=0.02, start=self.sender.number)
        self.sender.start()
        scrapers = [self.connect() for _ in range(50)]
        for scraper in scrapers:
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        for number in range(5):
            for scraper in scrapers:
                scraper.recv(1)
            self.served_meanwhile(f"silent-{number}")
        self.assertGreater(len(silent.held), 0, "the silent receiver was asked")
        self.end("a receiver that never answers, 50 scrapers that hardly read", 5)


if __name__ == "__main__":
    unittest.main()
