"""Packages of PyPI for the slow tests: each set of them once, in an environment of its own in the cache
(CRMPULSE_PACKAGES_CACHE). Where the registry cannot be reached the test that wants them is skipped and says so.
"""

import os
import pathlib
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
