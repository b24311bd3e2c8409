"""Schemathesis against a running collector: every operation of its openapi.json, sending samples and evidence among them, with values that
the document allows and with values that it does not, without tokens and with them. It comes from PyPI, so this runs only with
`ctest -C slow -R openapi`.
"""

import json
import os
import pathlib
import subprocess
import time
import unittest

from harness import BIN, WRITE_HEADERS, EndToEnd, eventually, get_json, post, remote_write
from registry_packages import python_environment

HERE = pathlib.Path(__file__).resolve().parent
SCHEMATHESIS = "schemathesis==4.32.5"

# What no schema can say, and a 400 tells: which of two parameters, that one time lies before another, or in the future, that a
# row to go on from exists, that an agent's clock is not years behind.
SETTINGS = """
[checks]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "421", "422", "431"]

[[operations]]
include-path-regex = "/(write|history|incidents|deliveries|silences|maintenance|ack)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "409"]
"""

# Where no token is asked for, one that is missing is not a fault.
OPEN = ["--exclude-checks", "ignored_auth,missing_required_header", "--generation-with-security-parameters", "false"]

RULES = """
rules:
  - id: records
    dimension: data_quality
    measure: {metric: crm_records_invalid}
    op: above
    aggregator: last
    interval: 1s
    sub: {enter: 1, exit: 0, for: 1s}
    poor: {enter: 5, exit: 4, for: 1s}
    recover_for: {sub: 1h, poor: 1h}
    role: gate
    weight: 1
    no_data: {after: 1h, state: sub_healthy}
    remedy: failures
    unit: records
"""


class OpenApi(EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.bin = python_environment(SCHEMATHESIS)

    def start(self, more=""):
        """A collector with a CRM that is poor."""
        self.collector(rules=[self.write("records.yaml", RULES)], more=more)

    def send_samples(self, headers=None):
        labels = {"__name__": "crm_records_invalid", "crm": "acme", "kind": "tryton", "object": "lead"}
        now = int(time.time() * 1000)
        status = post(self.base + "/api/v1/write", remote_write([(labels, [(now - 1000 * back, 9.0) for back in range(10, -1, -1)])]),
                      {**WRITE_HEADERS, **(headers or {})})
        self.assertEqual(status, 204)

    def run_schemathesis(self, name, *options, settings=SETTINGS):
        config = self.write(f"{name}.toml", settings)
        log = self.folder / f"{name}.txt"
        command = [self.bin / "schemathesis", "--config-file", config, "run", self.base + "/api/v1/openapi.json", "--url", self.base,
                   "--no-color", "--generation-deterministic", "--continue-on-failure",
                   "--max-examples", "30", "--request-timeout", "30", "--suppress-health-check", "all", *options]
        with open(log, "w") as out:
            done = subprocess.run([str(part) for part in command], stdout=out, stderr=subprocess.STDOUT, cwd=self.folder, timeout=1500,
                                  env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "openapi_hooks.py"), "PYTHONPATH": str(HERE),
                                       "PYTHONDONTWRITEBYTECODE": "1"})
        text = log.read_text(errors="replace")
        self.assertEqual(done.returncode, 0, text[-20000:])
        self.assertTrue(self.processes[-1].alive(), "the collector goes on")
        return text

    def test_every_operation_without_tokens(self):
        self.start()
        text = self.run_schemathesis("open", *OPEN)
        paths = get_json(self.base + "/api/v1/openapi.json")["paths"]
        # The document itself is what it reads first, and no operation to it.
        operations = sum(len(methods) for path, methods in paths.items() if path != "/api/v1/openapi.json")
        self.assertRegex(text, rf"Operations:\s+{operations} selected / {operations} total")

    def test_what_is_there_is_found(self):
        self.start()
        self.send_samples()
        incident = eventually(lambda: get_json(self.base + "/api/v1/incidents")["incidents"], 60, "an incident is open")[0]["id"]
        silence = {"matchers": {"crm": "other"}, "ends_at": "2099-01-01T00:00:00Z", "author": "ana", "comment": "why"}
        silence["ends_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        self.assertEqual(post(self.base + "/api/v1/silences", json.dumps(silence).encode(), {"Content-Type": "application/json"}), 201)
        made = get_json(self.base + "/api/v1/silences")["silences"][0]["id"]
        settings = SETTINGS + "".join(f'\n[[operations]]\ninclude-path-regex = "^/api/v1/{kind}/"\nparameters = {{ {part} = "{value}" }}\n'
                                      for kind, part, value in [("crms", "crm", "acme"), ("incidents", "id", incident), ("silences", "id", made)])
        self.run_schemathesis("known", *OPEN, "--include-path-regex", "^/api/v1/(crms|incidents|silences)/",
                              "--exclude-method", "DELETE", settings=settings)

    def test_every_operation_with_tokens(self):
        self.start_with_tokens()
        text = self.run_schemathesis("tokens", "-H", f"Authorization: Bearer {self.token}")
        self.assertNotIn(self.token, text)

    def start_with_tokens(self):
        self.start()
        self.processes[-1].stop()
        self.collector_yaml.write_text(self.collector_yaml.read_text().replace("auth: off", "auth: required"))
        made = subprocess.run([BIN / "crmpulse-collector", "token", "create", "--config", self.collector_yaml, "--name", "tester", "--role", "admin"],
                              capture_output=True, text=True, check=True)
        self.token = next(word for word in made.stdout.split() if word.startswith("crmp_"))
        self.start_collector()


if __name__ == "__main__":
    unittest.main()
