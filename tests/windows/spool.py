"""Reads an agent's spool the long way, independent of the code under test."""

import sqlite3
import struct


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, shape):
        (value,) = struct.unpack_from(shape, self.data, self.at)
        self.at += struct.calcsize(shape)
        return value

    def text(self):
        size = self.take("<I")
        self.at += size
        return self.data[self.at - size:self.at].decode()


def row(body):
    """[(metric, labels as a frozenset of pairs, unix ms)]."""
    reader = Reader(body)
    if reader.take("<B") != 1:
        raise AssertionError("the spool's rows have a format this test does not know")
    found = []
    for _ in range(reader.take("<I")):
        metric, at, _ = reader.text(), reader.take("<q"), reader.take("<d")
        labels = frozenset((reader.text(), reader.text()) for _ in range(reader.take("<I")))
        found.append((metric, labels, at))
    return found


def unsent(folder):
    """Every sample that waits, of a spool that nobody has open."""
    database = sqlite3.connect(folder / "spool.db")
    try:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise AssertionError("the spool is damaged")
        return [sample for (body,) in database.execute("SELECT body FROM spool_row ORDER BY seq") for sample in row(body)]
    finally:
        database.close()
