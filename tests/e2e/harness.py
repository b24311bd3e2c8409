"""Real processes for the end-to-end tests: started on free ports in a temporary directory, stopped by their pids.

The programs come from CRMPULSE_BIN (set by CTest). Everything listens on 127.0.0.1. Waiting is always for a condition
with a deadline (`eventually`), never for a time.
"""

import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["CRMPULSE_BIN"])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, seconds, what):
    """The first true result of `condition`, or a failure that names the last one. Errors of a server that is not up
    yet count as "not yet"."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    last = None
    while time.monotonic() < deadline:
        try:
            last = condition()
            if last:
                return last
        except (OSError, urllib.error.URLError, ValueError, KeyError, subprocess.CalledProcessError) as error:
            last = repr(error)
        pause.wait(0.1)
    raise AssertionError(f"after {seconds} s still not: {what}; last seen: {last}")


def stop_every_thread(pid):
    """SIGSTOP, and waits until it has reached every thread: os.kill() returns before it has, and a thread that still
    runs answers. A process that is gone is left alone."""
    def states():
        found = []
        for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
            try:
                found.append(stat.read_text().rpartition(")")[2].split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass  # ended meanwhile
        return found

    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return
    eventually(lambda: set(states()) <= set("TtZX"), 60, f"process {pid} stands still")


def get(url, headers=None, timeout=30):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=timeout) as answer:
        return answer.read().decode()


def get_json(url):
    return json.loads(get(url))


def post(url, body, headers=None, timeout=20):
    """Status of a POST, whatever it is; 0 when there was no answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, http.client.HTTPException):
        return 0


class Process:
    """One child with its log in a file; `stop` is the polite way, `kill` the other."""

    def __init__(self, name, command, folder, user=None, env=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        if user:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"] + list(command)
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})}, start_new_session=True, cwd=folder)

    def alive(self):
        return self.child.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=60):
        if self.alive():
            self.child.send_signal(how)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise AssertionError(f"{self.name} did not stop in {seconds} s:\n{self.tail()}")
        return self.child.returncode

    def kill(self):
        if self.alive():
            self.child.kill()
        self.child.wait()

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Postgres:
    """A PostgreSQL cluster of the test's own. `as root` the server runs as user postgres."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "postgresql"
        self.folder.mkdir()
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            os.chmod(folder, 0o755)
            shutil.chown(self.folder, "postgres", "postgres")
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.port = free_port()
        self.run(self.bin / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
                 "--locale=C.UTF-8")
        self.process = None
        self.start()

    def run(self, *command):
        command = [str(part) for part in command]
        if self.user:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] + command
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)

    def start(self):
        self.process = Process("postgres", [self.bin / "postgres", "-D", self.folder / "data", "-p", self.port, "-k", self.folder,
                                            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"], self.folder, user=self.user)
        eventually(lambda: self.sql("SELECT 1", "postgres") == "1", 60, "PostgreSQL answers")

    def stop(self):
        self.process.stop(signal.SIGINT)  # fast shutdown: sessions are ended

    def sql(self, statement, database):
        done = subprocess.run(["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-XAtq", "-c", statement],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def url(self, database, user="postgres"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


class Sink:
    """Where webhooks end: answers 204 and remembers every request."""

    def __init__(self):
        self.requests = []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sink.requests.append((dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def messages(self, crm=None):
        """(type, state) of what arrived, repeats of one webhook-id counted once."""
        seen, out = set(), []
        for headers, body in list(self.requests):
            number = headers.get("webhook-id") or headers.get("Webhook-Id")
            if number in seen or (crm and body.get("crm") != crm):
                continue
            seen.add(number)
            out.append((body["type"], body.get("state")))
        return out


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def snappy(body):
    """One block of literals only: valid, not small."""
    out = varint(len(body))
    for start in range(0, len(body), 65536):
        piece = body[start:start + 65536]
        out += b"\xf4" + struct.pack("<H", len(piece) - 1) + piece
    return out


def remote_write(series):
    """A remote write 1.0 body: [({label: value}, [(unix ms, value)])]."""
    body = b""
    for labels, samples in series:
        encoded = b"".join(field(1, field(1, name.encode()) + field(2, labels[name].encode())) for name in sorted(labels))
        for at, value in samples:
            encoded += field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(at))
        body += field(1, encoded)
    return snappy(body)


WRITE_HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0",
                 "User-Agent": "crmpulse-test/1"}


class EndToEnd(unittest.TestCase):
    """A temporary folder, a collector and an agent by name; everything is stopped at the end."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crmpulse-e2e."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.processes = []
        self.addCleanup(self._stop_all)

    def _stop_all(self):
        failed = not all(error is None for _, error in getattr(self._outcome, "errors", [])) if hasattr(self._outcome, "errors") else False
        for process in reversed(self.processes):
            if failed:
                print(f"--- {process.name}\n{process.tail()}", flush=True)
            process.kill()

    def process(self, name, command, **more):
        process = Process(name, command, self.folder, **more)
        self.processes.append(process)
        return process

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def postgres(self):
        server = Postgres(self.folder)
        self.addCleanup(lambda: server.process.kill())
        return server

    def sink(self):
        sink = Sink()
        self.addCleanup(sink.close)
        return sink

    def collector(self, sink=None, rules=(), more=""):
        """Writes collector.yaml and starts the collector; `self.base` is its address."""
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        shipped = SOURCE / "config/rules/default.yaml"
        config = f"listen: 127.0.0.1:{port}\nauth: off\nstate_dir: {self.folder}/collector\n"
        config += "rules: [" + ", ".join(str(rule) for rule in (shipped, *rules)) + "]\n"
        if sink:
            secret = self.write("webhook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
            secret.chmod(0o600)
            config += (f"receivers:\n  - {{name: oncall, type: webhook, url: \"{sink.url}\", secret_file: {secret}, "
                       "min_state: sub_healthy}\n")
        self.collector_yaml = self.write("collector.yaml", config + more)
        return self.start_collector()

    def start_collector(self):
        process = self.process("collector", [BIN / "crmpulse-collector", "run", "--config", self.collector_yaml])
        eventually(lambda: get(self.base + "/-/ready"), 60, "the collector is ready")
        return process

    def agent(self, crms, interval="1s", more=""):
        config = (f"agent: {{name: e2e, state_dir: {self.folder}/agent}}\nship: {{url: \"{self.base}/api/v1/write\"}}\n"
                  f"defaults: {{interval: {interval}, timeout: 5s}}\n{more}crms:\n{crms}")
        self.agent_yaml = self.write("agent.yaml", config)
        return self.start_agent()

    def start_agent(self):
        return self.process("agent", [BIN / "crmpulse-agent", "run", "--config", self.agent_yaml])

    def crm(self, name):
        for crm in get_json(self.base + "/api/v1/crms")["crms"]:
            if crm["crm"] == name:
                return crm
        return None

    def wait_state(self, name, state, seconds):
        return eventually(lambda: (lambda crm: crm if crm and crm["state"] == state else None)(self.crm(name)), seconds,
                          f"{name} is {state} (now {self.crm(name)})")

    def metrics(self):
        """{(name, frozenset of label pairs): value} of GET /metrics."""
        out = {}
        for line in get(self.base + "/metrics").splitlines():
            if line.startswith("#") or not line.strip():
                continue
            name, labels, value = parse_metric(line)
            out[(name, frozenset(labels.items()))] = value
        return out

    def metric(self, name, **labels):
        """The one value whose labels include these; None if there is none."""
        wanted = set(labels.items())
        found = [value for (metric, have), value in self.metrics().items() if metric == name and wanted <= have]
        return found[0] if found else None


def parse_metric(line):
    labels = {}
    name, brace, rest = line.partition("{")
    if not brace:
        name, value = line.split()[:2]
        return name, labels, float(value)
    at = 0
    while rest[at] != "}":
        equals = rest.index("=", at)
        key = rest[at:equals].lstrip(",")
        at = equals + 2
        value = ""
        while rest[at] != '"':
            if rest[at] == "\\":
                at += 1
                value += {"n": "\n"}.get(rest[at], rest[at])
            else:
                value += rest[at]
            at += 1
        labels[key] = value
        at += 1
    return name, labels, float(rest[at + 1:].split()[0])
