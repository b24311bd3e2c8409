"""The ends of test_kill: a collector that is killed, and the receivers it tells."""

import collections
import datetime
import http.client
import http.server
import json
import select
import signal
import subprocess
import threading

from harness import BIN

PATIENCE = 60  # seconds for one answer


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
