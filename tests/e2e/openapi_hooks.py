"""Hooks of test_openapi for Schemathesis: how samples and evidence are written. A text that the document allows becomes a request with that
text in it; what it does not allow is sent as it is."""

import json
import struct
import time

import schemathesis

from harness import field, snappy, varint


def series_of(text):
    """Labels and one sample; the text is a label's value, without what no label can have."""
    value = "".join(c for c in text if c.isprintable())[:100] or "acme"
    labels = {"__name__": "crm_records", "crm": "fuzzed", "kind": "tryton", "object": value}
    return labels, field(2, b"\x09" + struct.pack("<d", 1.0) + b"\x10" + varint(int(time.time() * 1000)))


def first_version(text):
    labels, sample = series_of(text)
    return field(1, b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in sorted(labels.items())) + sample)


def second_version(text):
    labels, sample = series_of(text)
    symbols = [""] + sorted({part for pair in labels.items() for part in pair})
    refs = b"".join(varint(symbols.index(part)) for pair in sorted(labels.items()) for part in pair)
    return b"".join(field(4, symbol.encode()) for symbol in symbols) + field(5, field(1, refs) + sample)


def as_text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


@schemathesis.serializer("application/x-protobuf")
def samples(ctx, value):
    if not isinstance(value, (str, bytes)):
        return json.dumps(value).encode()
    second = "write.v2" in (ctx.case.media_type or "")
    return snappy((second_version if second else first_version)(as_text(value)))


@schemathesis.serializer("application/x-ndjson")
def evidence(_, value):
    if not isinstance(value, (str, bytes)):
        return json.dumps(value).encode()
    text = "".join(c for c in as_text(value) if c.isprintable())[:100]
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"at": at, "crm": "fuzzed", "kind": "tryton", "operation": "read", "stage": "connect", "reason": "refused", "text": text}).encode()


@schemathesis.hook
def filter_case(context, case):
    """HTTP's own rule is that a header nobody knows is ignored: not a fault of what is sent."""
    return "x-schemathesis-unknown-property" not in {name.lower() for name in case.headers or {}}
