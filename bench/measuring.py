"""What every benchmark here needs: a free port, a server's own CPU and memory, and waiting until it is ready."""

import os
import pathlib
import socket
import statistics
import threading
import urllib.request


def machine():
    """The processor and how many of them there are: what figures are compared by."""
    models = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{models[0] if models else 'unknown processor'}, {os.cpu_count()} cores"


def wait(seconds):
    threading.Event().wait(seconds)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exact_cpu_seconds(pid):
    """Of the threads that live now, by the scheduler's nanoseconds instead of its ticks."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_mib(pid, field="VmRSS"):
    """VmRSS counts shared libraries as far as they are mapped; RssAnon is what nobody else can use."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0


def wait_ready(url, child):
    pause = threading.Event()
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            if child.poll() is not None:
                raise SystemExit(f"{url}: the server ended")
            pause.wait(0.1)
    raise SystemExit(f"{url}: not ready")


def spread(values, unit, digits=0):
    """Median (least … most)."""
    return f"{statistics.median(values):,.{digits}f} {unit} ({min(values):,.{digits}f} … {max(values):,.{digits}f})"


class Limits:
    """What was measured beside what it may be."""

    def __init__(self):
        self.rows = []

    def note(self, what, limit, measured, held):
        self.rows.append((what, limit, measured, held))
        print(f"  {what}: {measured}", flush=True)

    def show(self):
        """Returns the program's exit code: 1 if a limit did not hold."""
        print(f"\n{'':64} {'limit':>14}  {'':9} measured")
        for what, limit, measured, held in self.rows:
            print(f"{what:64} {limit:>14}  {'held' if held else 'NOT HELD':9} {measured}")
        missed = sum(not held for *_, held in self.rows)
        print(f"{len(self.rows) - missed} of {len(self.rows)} limits held")
        return 1 if missed else 0
