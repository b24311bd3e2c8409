"""A person at a terminal: a program in a pseudo-terminal of a given size, what stands on its screen now, and keys."""

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import unicodedata

from harness import eventually

CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


def width_of(character):
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    """As much of a terminal as the watcher uses: cursor home, line feeds, erasing, colours (which are left out)."""

    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.cells = [[" "] * columns for _ in range(lines)]
        self.row = self.column = 0
        self.overflowed = False  # something was written beyond the last column or line

    def feed(self, text):
        at = 0
        while at < len(text):
            control = CONTROL.match(text, at)
            if control:
                self.control(*control.groups())
                at = control.end()
                continue
            self.put(text[at])
            at += 1

    def control(self, arguments, command):
        if command == "H":
            self.row = self.column = 0
        elif command in "JK":
            self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
            if command == "J":
                self.cells[self.row + 1:] = [[" "] * self.columns for _ in range(self.lines - self.row - 1)]

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            if self.row == self.lines - 1:
                self.overflowed = True
                self.cells = self.cells[1:] + [[" "] * self.columns]
            else:
                self.row += 1
        elif character >= " ":
            width = width_of(character)
            if self.column + width > self.columns:
                self.overflowed = True
                return
            self.cells[self.row][self.column] = character
            if width == 2:
                self.cells[self.row][self.column + 1] = ""
            self.column += width

    def shown(self):
        return ["".join(line).rstrip() for line in self.cells]


class Terminal:
    """A child in a terminal of its own. `raw` is all it ever wrote."""

    def __init__(self, command, columns, lines, env):
        self.size = (columns, lines)
        self.raw = ""
        self.guard = threading.Lock()
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.execvpe(str(command[0]), [str(part) for part in command], env)
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.code = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        rest = b""
        while True:
            try:
                data = os.read(self.end, 65536)
            except OSError:  # the child is gone
                return
            if not data:
                return
            rest += data
            complete = len(rest) - (0 if rest[-1] < 0x80 else self.incomplete(rest))
            text, rest = rest[:complete].decode(errors="replace"), rest[complete:]
            with self.guard:
                self.raw += text

    @staticmethod
    def incomplete(data):
        """Bytes at the end that begin a character and do not end it."""
        for back in range(1, min(4, len(data)) + 1):
            byte = data[-back]
            if byte >= 0xC0:
                needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2
                return back if back < needed else 0
        return 0

    def text(self):
        with self.guard:
            return self.raw

    def screen(self):
        """What stands there now: the newest whole drawing."""
        text = self.text()
        screen = Screen(*self.size)
        start = text.rfind("\x1b[H", 0, text.rfind("\x1b[J") + 1) if "\x1b[J" in text else -1
        if start >= 0:
            screen.feed(text[start:text.index("\x1b[J", start) + 3])
        return screen

    def shows(self, *words):
        shown = "\n".join(self.screen().shown())
        return shown if all(word in shown for word in words) else None

    def press(self, key):
        os.write(self.end, key.encode())

    def wait(self, seconds=60):
        def ended():
            if self.code is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.code = os.waitstatus_to_exitcode(status)
            return self.code is not None

        eventually(ended, seconds, "the program in the terminal ends")
        return self.code

    def close(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGTERM)
            self.wait()
        self.reader.join(5)
        os.close(self.end)
