"""The Prometheus project's tests of remote write 2.0 receivers against the collector. They are built once from their Go module into the cache
(CRMPULSE_PACKAGES_CACHE); that takes some minutes, so this runs only with `ctest -C slow -R remote_write_rules`. Where Go or the module
proxy cannot be reached it says so and is skipped.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import EndToEnd
from registry_packages import CACHE

MODULE = "github.com/prometheus/compliance/remotewrite/receiver"
VERSION = "v0.0.0-20260806071727-67b8327a2e93"


def program():
    """The tests as one program, built when it is not in the cache."""
    folder = CACHE / f"receiver-{VERSION}"
    binary = folder / "receiver.test"
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        raise unittest.SkipTest("Go is not installed and the tests of receivers are not in the cache")

    def go(*arguments, seconds, cwd=CACHE):
        return subprocess.run(["nice", "go", *arguments], cwd=cwd, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, "GOFLAGS": "-buildvcs=false"})

    CACHE.mkdir(parents=True, exist_ok=True)
    fetched = go("mod", "download", "-json", f"{MODULE}@{VERSION}", seconds=300)
    if fetched.returncode != 0:
        raise unittest.SkipTest(f"the Go module proxy cannot be reached: {fetched.stderr.strip()[-200:]}")
    # The module has another name than its address, so it is built where it is the main one.
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(json.loads(fetched.stdout)["Dir"], folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    built = go("test", "-c", "-p", "2", "-o", "receiver.building", ".", seconds=5000, cwd=folder)
    if built.returncode != 0:
        raise AssertionError(f"go test -c: {built.stderr[-3000:]}")
    os.rename(folder / "receiver.building", binary)
    return binary


class RemoteWriteRules(EndToEnd):
    def test_every_rule_of_the_prometheus_project_is_met(self):
        binary = program()
        self.collector()
        config = self.write("receivers.yml", json.dumps({"remote_write": [{"name": "collector", "url": self.base + "/api/v1/write"}]}))
        done = subprocess.run([binary, "-test.v", "-test.timeout=600s"], cwd=pathlib.Path(binary).parent, capture_output=True, text=True, timeout=700,
                              env={**os.environ, "PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE": str(config)})
        failed = re.findall(r"^ *--- FAIL: (\S+)", done.stdout, re.MULTILINE)
        self.assertEqual(failed, [], done.stdout[-6000:])
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        self.assertGreater(len(re.findall(r"^--- PASS: ", done.stdout, re.MULTILINE)), 30)


if __name__ == "__main__":
    unittest.main()
