"""Remote write 1.0 from Python: bodies of samples without a library. For a few samples whose times count; crmpulse-bench-load
sends many."""

import http.client
import struct
import time

HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
_LITERAL = 65_536  # bytes in one element of snappy


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def labels(**of):
    """Label sets are encoded once; a body is these and the newest values. `name` is the metric's."""
    named = {"__name__" if key == "name" else key: value for key, value in of.items()}
    return b"".join(field(1, field(1, key.encode()) + field(2, named[key].encode())) for key in sorted(named))


def body(samples):
    """Of (encoded labels, value, unix seconds)."""
    raw = b"".join(field(1, known + field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(int(at * 1000)))) for known, value, at in samples)
    pieces = [raw[at:at + _LITERAL] for at in range(0, len(raw), _LITERAL)]
    return varint(len(raw)) + b"".join(b"\xf4" + struct.pack("<H", len(piece) - 1) + piece for piece in pieces)  # snappy, literals


class Sender:
    """One kept connection. Not for several threads at once."""

    def __init__(self, port, agent=None):
        self.headers = {**HEADERS, "X-Crm-Agent": agent} if agent else HEADERS
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.connect()

    def send(self, samples):
        """When the answer was there, by time.time()."""
        self.connection.request("POST", "/api/v1/write", body(samples), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status // 100 != 2:
            raise SystemExit(f"samples were refused: {answer.status} {text.decode(errors='replace')}")
        return time.time()
