"""What every benchmark here needs: a free port, a server's own CPU and memory, and waiting until it is ready."""

import os
import pathlib
import socket
import threading
import urllib.request


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


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
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
