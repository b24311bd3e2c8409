"""packaging/container/compose.yaml, held to the Compose Specification by its own reference implementation, which is built once from its Go
module into the cache (CRMPULSE_PACKAGES_CACHE); where that cannot be had it says so and is skipped. That the file does what
docs/containers.md says is `make test-containers`."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from harness import SOURCE
from registry_packages import go_program

COMPOSE = SOURCE / "packaging/container/compose.yaml"


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reader = go_program("github.com/compose-spec/compose-go/v2/cmd", "v2.16.2")

    def read(self, path):
        return subprocess.run([self.reader, "-format", "json", path], capture_output=True, text=True, timeout=60)

    def test_the_file_is_valid_and_its_services_are_bound_down(self):
        done = self.read(COMPOSE)
        self.assertEqual(done.returncode, 0, done.stderr)
        services = json.loads(done.stdout)["services"]
        self.assertLessEqual({"agent", "collector"}, set(services))
        for name, service in services.items():
            self.assertTrue(service.get("read_only"), name)
            self.assertEqual(service.get("cap_drop"), ["ALL"], name)
            self.assertIn("no-new-privileges:true", service.get("security_opt", []), name)

    def test_a_key_that_the_specification_does_not_know_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            wrong = pathlib.Path(folder) / "compose.yaml"
            wrong.write_text(COMPOSE.read_text().replace("read_only:", "readonly:"))
            done = self.read(wrong)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("readonly", done.stderr)


if __name__ == "__main__":
    unittest.main()
