"""What a container engine does, as far as docs/containers.md asks for it, on a machine where none runs: images are built by buildah, which
runs the steps of a Containerfile in a chroot; a container is the program in a copy of the image's files, in namespaces of its own but on this
machine's network, as the image's account, without capabilities, its root read-only. Mounts, secrets, health check and signals are those that
compose.yaml and the image name."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CACHE = SOURCE / "build/containers"
SUITE = "bookworm"
BASE = "docker.io/library/debian:bookworm-slim"
TOOLS = {"buildah": "buildah", "debootstrap": "debootstrap", "unshare": "util-linux", "setpriv": "util-linux", "nsenter": "util-linux"}


class Impossible(Exception):
    """This machine cannot do it; the text says why."""


def run(*command, check=True, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(str(part) for part in command)} ends with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def need():
    if os.geteuid() != 0:
        raise Impossible("images are built by root: run it as root or with sudo")
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if missing:
        raise Impossible(f"{', '.join(missing)} missing: apt-get install {' '.join(missing)}")
    probe = run("unshare", "--mount", "--pid", "--fork", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/mnt", check=False)
    if probe.returncode != 0:
        raise Impossible(f"this machine does not allow a mount namespace: {probe.stderr.strip()}")


def mirror():
    """Where apt of this machine finds Debian."""
    for line in run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)").stdout.splitlines():
        uri, _, codename = line.partition(" ")
        if codename == SUITE:
            return uri
    return "http://deb.debian.org/debian"


def wait(condition, seconds, what):
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        pause.wait(0.2)
    return found


class Images:
    """buildah with a store of its own."""

    def __init__(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        self.store = ["buildah", "--root", CACHE / "store", "--runroot", CACHE / "run"]
        self.mounted = {}

    def buildah(self, *command, **options):
        return run(*self.store, *command, **options).stdout.strip()

    def base(self):
        """The image that the Containerfile begins with, made by debootstrap, because nothing is fetched from a registry of images."""
        if run(*self.store, "inspect", "--type", "image", BASE, check=False).returncode == 0:
            return
        tree = CACHE / "base"
        shutil.rmtree(tree, ignore_errors=True)
        print(f"making a Debian ({SUITE}) in {tree} ...", flush=True)
        made = run("debootstrap", "--variant=minbase", SUITE, tree, mirror(), check=False)
        if made.returncode != 0:
            raise Impossible("debootstrap fails: " + made.stdout[-400:] + made.stderr[-400:])
        container = self.buildah("from", "scratch")
        self.buildah("add", "-q", container, tree, "/")
        self.buildah("commit", "-q", "--rm", container, BASE)
        shutil.rmtree(tree)

    def build(self, *arguments):
        """As `podman build` of the page."""
        print(f"building {arguments[-2]} ...", flush=True)
        self.buildah("build", "--isolation", "chroot", "--pull-never", "--layers", *arguments, cwd=SOURCE)

    def configuration(self, image):
        return json.loads(self.buildah("inspect", "--type", "image", image))["Docker"]["config"]

    def files(self, image):
        """The image's files, in a working container."""
        if image not in self.mounted:
            container = self.buildah("from", "--pull-never", image)
            self.mounted[image] = (container, pathlib.Path(self.buildah("mount", container)))
        return self.mounted[image][1]

    def close(self):
        for container, _ in self.mounted.values():
            self.buildah("rm", container, check=False)


# Arguments: root, account, then source:target:how of each mount up to "--", then the command.
ENTER = r"""
set -eu
root=$1 account=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=1m,mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
while [ "$1" != -- ]; do
  source=${1%%:*} rest=${1#*:}
  target=$root${rest%%:*} how=${rest##*:}
  if [ "$source" = tmpfs ]; then
    mount -t tmpfs -o mode=1777 tmpfs "$target"
  else
    mount --bind "$source" "$target"
    [ "$how" != ro ] || mount -o remount,bind,ro "$target"
  fi
  shift
done
shift
# The program is process 1 of the container, as in an engine.
exec chroot "$root" setpriv --reuid "${account%:*}" --regid "${account#*:}" --clear-groups --inh-caps=-all --ambient-caps=-all \
  --bounding-set=-all --no-new-privs -- "$@"
"""


class Container:
    """mounts: (source, target, ro or rw) of files and folders; a source of None is a tmpfs. volumes: folders of this machine that stand for
    named volumes; as an engine does, one that is new takes owner and mode of what the image has there."""

    def __init__(self, images, image, folder, name, mounts=(), volumes=(), environment=()):
        self.name = name
        self.configuration = images.configuration(image)
        self.root = folder / f"root-{name}"
        shutil.rmtree(self.root, ignore_errors=True)
        run("cp", "-a", "--reflink=auto", images.files(image), self.root)
        self.mounts = []
        for source, target, how in mounts:
            at = self.root / target.lstrip("/")
            if source is None or pathlib.Path(source).is_dir():
                at.mkdir(parents=True, exist_ok=True)
            elif not at.exists():
                at.parent.mkdir(parents=True, exist_ok=True)
                at.touch()
            self.mounts.append(f"{source or 'tmpfs'}:{target}:{how}")
        for source, target in volumes:
            if not source.exists():
                run("cp", "-a", self.root / target.lstrip("/"), source)
            self.mounts.append(f"{source}:{target}:rw")
        # An engine puts names into it, and the name servers of the machine.
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost collector agent\n")
        self.environment = dict(entry.split("=", 1) for entry in self.configuration["Env"]) | dict(environment)
        self.log = folder / f"{name}.log"
        self.process = None
        self.health = []

    def command(self, arguments=None):
        words = list(self.configuration["Entrypoint"]) + (list(self.configuration["Cmd"]) if arguments is None else list(arguments))
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", ENTER, "sh", str(self.root),
                self.configuration["User"], *self.mounts, "--", *words]

    def run(self, arguments):
        """As `compose run`: once, with other arguments. Returns what it wrote."""
        return run(*self.command(arguments), env=self.environment)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True)

    @property
    def pid(self):
        """Of the program: the child of unshare."""
        found = run("pgrep", "--parent", self.process.pid, check=False).stdout.split()
        return int(found[0]) if found else None

    def execute(self, *command, check=True):
        """As `compose exec`: in the container that runs, as its account."""
        account = self.configuration["User"]
        return run("nsenter", "--target", self.pid, "--mount", "--pid", "--root", "--wd=/", "setpriv", "--reuid", account.split(":")[0], "--regid", account.split(":")[1],
                   "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", *command, check=check, env=self.environment)

    def healthy(self):
        """The image's own health check, once."""
        kind, *words = self.configuration["Healthcheck"]["Test"]
        assert kind == "CMD", kind
        self.health = self.execute(*words, check=False)
        return self.health.returncode == 0

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        """By the image's signal; returns the seconds it took."""
        begun = time.monotonic()
        self.signal(getattr(signal, self.configuration.get("StopSignal") or "SIGTERM"))
        self.process.wait(30)
        return time.monotonic() - begun

    def kill(self):
        """The program itself: who drops its rights outlives unshare's --kill-child, which the kernel forgets then."""
        if self.process and self.process.poll() is None:
            if (program := self.pid) is not None:
                os.kill(program, signal.SIGKILL)
            else:
                self.process.kill()
            self.process.wait()
