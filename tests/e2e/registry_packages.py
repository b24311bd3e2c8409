"""Packages of PyPI and Go modules for the slow tests: each set of packages once, in an environment of its own in the cache
(CRMPULSE_PACKAGES_CACHE), each program once. Where a registry cannot be reached the test that wants it is skipped and says so.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

CACHE = pathlib.Path(os.environ.get("CRMPULSE_PACKAGES_CACHE", "/tmp/crmpulse-packages"))


def python_environment(*requirements):
    """Returns the folder of programs of an environment that has these packages, each given as `name==version`."""
    folder = CACHE / "python" / "+".join(requirements)
    done = folder / "installed"
    if done.exists():
        return folder / "bin"
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, capture_output=True)
    installed = subprocess.run([folder / "bin/pip", "--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "20", "install",
                                *requirements], capture_output=True, text=True, timeout=900)
    if installed.returncode != 0:
        raise unittest.SkipTest(f"{', '.join(requirements)} cannot be had from PyPI: {installed.stderr.strip().splitlines()[-1:]}")
    done.touch()
    return folder / "bin"


def go(*arguments, seconds, **environment):
    if shutil.which("go") is None:
        raise unittest.SkipTest(f"Go is not installed and {arguments[-1]} is not in the cache")
    return subprocess.run(["nice", "go", *arguments], cwd="/", capture_output=True, text=True, timeout=seconds, env={**os.environ, **environment})


def go_module(module, version):
    """Returns the folder with the files of a Go module."""
    fetched = go("mod", "download", "-json", f"{module}@{version}", seconds=600)
    if fetched.returncode != 0:
        raise unittest.SkipTest(f"{module} cannot be had from the Go module proxy: {fetched.stdout.strip()[-200:]}{fetched.stderr.strip()[-200:]}")
    return pathlib.Path(json.loads(fetched.stdout)["Dir"])


def go_program(package, version):
    """Returns the program that a package of a Go module makes."""
    folder = CACHE / "go" / f"{package.replace('/', '+')}@{version}"
    if not (folder / "built").exists():
        folder.mkdir(parents=True, exist_ok=True)
        built = go("install", "-p", "2", f"{package}@{version}", seconds=3600, GOBIN=str(folder))
        if built.returncode != 0:
            raise unittest.SkipTest(f"{package} cannot be built from the Go module proxy: {built.stderr.strip()[-300:]}")
        (folder / "built").touch()
    return next(path for path in folder.iterdir() if path.name != "built")
