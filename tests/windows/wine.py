"""A Windows of the test's own: Wine in a temporary folder. Only its processes are ended at the end."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile


class Impossible(Exception):
    """This machine cannot do it; the text says why."""


def need():
    missing = [tool for tool in ("wine", "wineserver", "openssl") if not shutil.which(tool)]
    if missing:
        raise Impossible(f"{', '.join(missing)} missing: apt-get install wine wine64 openssl")


class Wine:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crmpulse-wine."))
        self.drive = self.folder / "prefix/drive_c"
        self.environment = {**os.environ, "WINEPREFIX": str(self.folder / "prefix"), "WINEDEBUG": "-all",
                            "WINEDLLOVERRIDES": "mscoree,mshtml=", "DISPLAY": "", "LC_ALL": "C.UTF-8"}
        self.session = None
        self.here = "C:\\"

    def start(self):
        """What starts at boot starts. Wine ends its services when no other process is left, so one waits for its input."""
        # Alone: of two programs that start Wine's server at the same moment, one may look for it where it is not.
        self.run("cmd", "/c", "exit", "0")
        self.session = subprocess.Popen(["wine", "cmd"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        self.run("cmd", "/c", "exit", "0")

    def off(self):
        """As if the power went: nothing is told to stop."""
        subprocess.run(["wineserver", "-k"], env=self.environment, capture_output=True)
        subprocess.run(["wineserver", "-w"], env=self.environment, capture_output=True, timeout=60)
        self.session.stdin.close()
        self.session.wait(60)
        self.session = None

    def run(self, *command, text="", check=True, seconds=180):
        # Into files: what the command starts keeps its outputs open, and a pipe would not end.
        with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            typed.write(text.encode())
            typed.seek(0)
            ran = subprocess.run(["wine", *command], stdin=typed, stdout=out, stderr=error, env=self.environment, cwd=self.folder, timeout=seconds)
            for file, name in ((out, "stdout"), (error, "stderr")):
                file.seek(0)
                setattr(ran, name, file.read().decode("utf-8", "replace").replace("\r\n", "\n"))
        if check and ran.returncode != 0:
            raise AssertionError(f"{' '.join(command)}\nends with {ran.returncode}:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
        return ran

    def type(self, line, **more):
        """A line as it is typed into a Command Prompt, which stays in the folder a `cd` leads to."""
        script = self.drive / "typed.bat"
        moves = line.startswith("cd /d ")
        script.write_text(f"@echo off\r\ncd /d \"{self.here}\"\r\n{line}\r\n{'cd' if moves else 'exit %errorlevel%'}\r\n", newline="")
        wanted = more.pop("check", True)
        ran = self.run("cmd", "/c", "C:\\typed.bat", check=False, **more)
        if line.startswith("crmpulse-agent") and ran.returncode == 1 and not (ran.stdout + ran.stderr).strip():
            # Ours says why it fails: Wine's cmd did not get it started, which happens now and then.
            ran = self.run("cmd", "/c", "C:\\typed.bat", check=False, **more)
        if wanted and ran.returncode != 0:
            raise AssertionError(f"{line}\nends with {ran.returncode}:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
        if moves:
            self.here = ran.stdout.strip()
        return ran

    def path(self, windows):
        """Of a path on C:, where it is on this machine."""
        return self.drive / windows.replace("\\", "/").removeprefix("C:/")

    def registry(self, key):
        """{name: text} of a key's values; None if there is no such key."""
        ran = self.run("reg", "query", key, check=False)
        if ran.returncode != 0:
            return None
        values = [line.split(None, 2) for line in ran.stdout.splitlines() if line.startswith("    ")]
        return {value[0]: value[2] if len(value) > 2 else "" for value in values if len(value) > 1}

    def processes(self, words):
        """Pids, as Linux numbers them, of this Windows' processes whose command line has these words."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                mine = f"WINEPREFIX={self.folder / 'prefix'}".encode() in (process / "environ").read_bytes().split(b"\0")
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # ended meanwhile, or another user's
            if mine and all(word in line for word in words):
                found.append(int(process.name))
        return found

    def kill(self, words):
        pids = self.processes(words)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids

    def remove(self):
        if self.session:
            self.off()
        prefix = self.folder / "prefix"
        if prefix.exists():  # its server's folder is named after it
            its = f"server-{prefix.stat().st_dev:x}-{prefix.stat().st_ino:x}"
            for server in pathlib.Path(tempfile.gettempdir()).glob(f"wine-*/{its}"):
                shutil.rmtree(server.parent, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
