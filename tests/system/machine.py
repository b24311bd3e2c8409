"""A small Debian with a systemd of its own in a container, for the packages: its files from debootstrap, its processes by
systemd-nspawn, nothing of it on this machine's network."""

import os
import pathlib
import shutil
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CACHE = SOURCE / "build/system"
SUITE = "bookworm"
SYSTEM = "systemd,systemd-sysv,dbus,procps,curl,ca-certificates,man-db,bash-completion,apt-utils,sudo"


class Impossible(Exception):
    """This machine cannot do it; the text says why."""


def need():
    if os.geteuid() != 0:
        raise Impossible("containers are made by root: run it as root or with sudo")
    missing = [tool for tool in ("debootstrap", "systemd-nspawn", "nsenter", "unshare") if not shutil.which(tool)]
    if missing:
        raise Impossible(f"{', '.join(missing)} missing: apt-get install debootstrap systemd-container util-linux")
    probe = subprocess.run(["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True, text=True)
    if probe.returncode != 0:
        raise Impossible(f"this machine does not allow a mount namespace: {probe.stderr.strip()}")


def mirror():
    """Where apt of this machine finds Debian."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        uri, _, codename = line.partition(" ")
        if codename == SUITE:
            return uri
    return "http://deb.debian.org/debian"


def base(packages, more=()):
    """A tree with a system and with everything the packages, and more of Debian's, need in apt's cache; made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    tree = CACHE / "base"
    if not (tree / "made").exists():
        shutil.rmtree(tree, ignore_errors=True)
        print(f"making a Debian ({SUITE}) in {tree} ...", flush=True)
        made = subprocess.run(["debootstrap", "--variant=minbase", f"--include={SYSTEM}", SUITE, tree, mirror()], capture_output=True, text=True)
        if made.returncode != 0:
            raise Impossible("debootstrap fails: " + made.stdout[-400:] + made.stderr[-400:])
        (tree / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (tree / "made").touch()
    # Not part of the system: what the packages depend on, fetched while there is a network.
    shutil.rmtree(tree / "deb", ignore_errors=True)
    (tree / "deb").mkdir()
    for package in packages:
        shutil.copy(package, tree / "deb")
    fetched = subprocess.run(["chroot", tree, "sh", "-c", "apt-get -q -y update && apt-get -q -y install --no-install-recommends --download-only /deb/*.deb " + " ".join(more)],
                             capture_output=True, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if fetched.returncode != 0:
        raise AssertionError("the packages' dependencies cannot be had:\n" + fetched.stdout[-2000:] + fetched.stderr[-2000:])
    return tree


class Machine:
    def __init__(self, tree, name="root"):
        self.root = CACHE / name
        shutil.rmtree(self.root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", tree, self.root], check=True)
        (self.root / "made").unlink()
        self.boot_log = CACHE / f"{name}.boot.log"
        self.log = open(self.boot_log, "w")
        # A /run of its own: nspawn wants to own parts of it.
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             'mount -t tmpfs tmpfs /run && exec systemd-nspawn --quiet --directory "$1" --boot --register=no --keep-unit '
             '--private-network --machine "crmpulse-$2" --resolv-conf=off', "sh", self.root, name],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.leader = None
        try:
            self.wait(self.find_leader, 30, "the container's first process")
            self.wait(lambda: self.run("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded"), 60, "the container's boot")
        except BaseException:
            self.stop()
            raise

    def find_leader(self):
        """The container's first process: the child of the nspawn that this one's process became."""
        if self.process.poll() is not None:
            raise Impossible("systemd does not boot here: " + self.boot_log.read_text()[-600:])
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() in ("systemd", "init"):
                self.leader = child
            for grandchild in pathlib.Path(f"/proc/{child}/task/{child}/children").read_text().split():
                if pathlib.Path(f"/proc/{grandchild}/comm").read_text().strip() in ("systemd", "init"):
                    self.leader = grandchild
        return self.leader

    def run(self, command, check=True, text=None):
        ran = subprocess.run(["nsenter", "--target", self.leader, "--all", "/bin/bash", "-c", command], capture_output=True, text=True, input=text,
                             env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8", "HOME": "/root"})
        if check and ran.returncode != 0:
            raise AssertionError(f"{command}\nends with {ran.returncode}:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")
        return ran

    def ask(self, command):
        return self.run(command).stdout.strip()

    def show(self, unit, key):
        return self.ask(f"systemctl show --property={key} --value {unit}")

    @staticmethod
    def wait(condition, seconds, what):
        end = time.monotonic() + seconds
        while True:
            seen = condition()
            if seen:
                return seen
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s")
            time.sleep(0.2)

    def stop(self):
        if self.leader:
            self.run("systemctl poweroff --force --force", check=False)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            if self.leader:
                os.kill(int(self.leader), 9)
            self.process.kill()
            self.process.wait()
        self.log.close()
