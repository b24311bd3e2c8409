"""Reads the collector's journal the long way: SQLite, snappy and protobuf by hand, independent of the code under test."""

import sqlite3
import struct


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def snappy_decompress(data):
    size, at = _varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[at:at + extra], "little")
                at += extra
            out += data[at:at + length + 1]
            at += length + 1
            continue
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if kind == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def _fields(data):
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 1:
            value, at = data[at:at + 8], at + 8
        else:
            size, at = _varint(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def decode(body):
    """[({label: value}, [(unix ms, value)])] of a remote write 1.0 body."""
    series = []
    for _, encoded in _fields(snappy_decompress(body)):
        labels, samples = {}, []
        for number, value in _fields(encoded):
            parts = dict(_fields(value))
            if number == 1:
                labels[parts[1].decode()] = parts[2].decode()
            elif number == 2:
                samples.append((parts.get(2, 0), struct.unpack("<d", parts.get(1, bytes(8)))[0]))
        series.append((labels, samples))
    return series


def samples(state_dir, metric, **labels):
    """Every (labels, unix ms, value) of a metric in a collector's journal, in the order of its records."""
    database = sqlite3.connect(f"file:{state_dir}/collector.db?mode=ro", uri=True)
    out = []
    for (body,) in database.execute("SELECT body FROM journal WHERE kind = 1 ORDER BY seq"):
        for have, points in decode(body):
            if have.get("__name__") == metric and set(labels.items()) <= set(have.items()):
                out += [(have, at, value) for at, value in points]
    database.close()
    return out
