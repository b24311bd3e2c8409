"""A real page for benchmarks: Chromium by way of bench/browser.mjs. And many that are not: event streams as pages hold them open."""

import codecs
import json
import os
import pathlib
import re
import selectors
import shutil
import socket
import subprocess
import sys
import time
import zlib

SOURCE = pathlib.Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CANNOT = 77


def needed():
    """Ends the program where there is no browser."""
    missing = [text for there, text in ((shutil.which("node"), "node (20.19 or newer)"), (os.access(CHROMIUM, os.X_OK), f"{CHROMIUM} (apt-get install chromium)"),
                                        ((SOURCE / "web/node_modules/playwright-core").exists(), "web/node_modules (npm --prefix web ci)")) if not there]
    if missing:
        print(f"not measured, because this is not here: {', '.join(missing)}")
        sys.exit(CANNOT)


class Talker:
    """A child that answers each line of JSON with one."""

    def __init__(self, command, nice=0):
        self.child = subprocess.Popen(["nice", "-n", str(nice), *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def ask(self, what, **how):
        self.child.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        answer = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise SystemExit(f"{what} {how}: {answer['error']}")
        return answer


class Browser(Talker):
    def __init__(self, nice=0):
        super().__init__(["node", SOURCE / "bench/browser.mjs"], nice)


class Streams(Talker):
    """So many open event streams, read by one thread of a process of its own."""

    def __init__(self, port, count, prefix="", nice=0):
        super().__init__([sys.executable, __file__, port, count, prefix], nice)
        self.bytes = self.ask("state")["bytes"]

    def noted(self):
        """{"CRM STATE": (streams, first, last)}: how many streams have told it, when the first and when the last of them, by time.time(); and how many streams are open."""
        answer = self.ask("state")
        return answer["noted"], answer["open"]


class _Stream:
    """One stream: gzip until the connection ends, and events in it. Notes the states of CRMs whose name begins with `prefix`."""

    ROW = re.compile(r'"crm":"([^"]+)".*?"state":"(\w+)"')

    def __init__(self, port, prefix, noted):
        self.prefix, self.noted, self.seen = f'"crm":"{prefix}', noted, set()
        self.head, self.text, self.bytes, self.open, self.snapshot = b"", "", 0, True, False
        self.gzip, self.letters = None, codecs.getincrementaldecoder("utf-8")()
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n")

    def read(self):
        piece = self.socket.recv(1 << 18)
        now = time.time()
        if not piece:
            self.open = False
            return
        if self.gzip is None:
            self.head += piece
            head, end, piece = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 200 " not in head.split(b"\r\n")[0] or b"gzip" not in head or b"chunked" in head:
                raise SystemExit(head.decode())
            self.gzip = zlib.decompressobj(31)
        if not self.snapshot:
            self.bytes += len(piece)
        self.text += self.letters.decode(self.gzip.decompress(piece))
        self.events(now)

    def events(self, now):
        whole, end, self.text = self.text.rpartition("\n\n")
        if not end:
            return
        if "event: snapshot" in whole:
            self.snapshot = True
        elif self.prefix in whole:
            for event in whole.split("\n\n"):
                row = self.ROW.search(event) if self.prefix in event else None
                if row and (key := f"{row[1]} {row[2]}") not in self.seen:
                    self.seen.add(key)
                    first = self.noted.setdefault(key, [0, now, now])
                    first[0] += 1
                    first[2] = now


def hold_streams(port, count, prefix):
    noted = {}
    selector = selectors.DefaultSelector()
    streams = [_Stream(port, prefix, noted) for _ in range(count)]
    for stream in streams:
        selector.register(stream.socket, selectors.EVENT_READ, stream)
    selector.register(sys.stdin, selectors.EVENT_READ)
    waiting = False
    while True:
        if waiting and all(stream.snapshot or not stream.open for stream in streams):
            waiting = False
            print(json.dumps({"noted": noted, "open": sum(stream.open for stream in streams), "bytes": streams[0].bytes if streams else 0}), flush=True)
        for key, _ in selector.select():
            if key.data is None:
                if not sys.stdin.readline():
                    return
                waiting = True
                continue
            key.data.read()
            if not key.data.open:
                selector.unregister(key.fileobj)


if __name__ == "__main__":
    hold_streams(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
