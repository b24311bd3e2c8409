"""`crmpulse-collector status` on a real collector: the sentences of the API, exit codes as a monitoring plugin's, tokens, pipes, a terminal of
80 × 24 in both languages."""

import json
import os
import subprocess
import time
import unittest

from harness import BIN, WRITE_HEADERS, EndToEnd, eventually, get, post, remote_write
from terminal import Terminal, width_of

PROGRAM = BIN / "crmpulse-collector"
PLAIN = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}


class Status(EndToEnd):
    def setUp(self):
        super().setUp()
        rules = self.write("quick.yaml", "rules:\n  - id: latency\n    window: 1m\n    min_samples: 4\n    sub: {for: 0s}\n    poor: {for: 0s}\n")
        self.collector(rules=(rules,))
        self.feed("acme", 9.0)
        self.feed("calm", 0.1)
        self.wait_state("acme", "poor", 60)
        self.wait_state("calm", "healthy", 60)

    def feed(self, crm, seconds):
        now = int(time.time() * 1000)
        labels = {"__name__": "crm_operation_duration_seconds", "crm": crm, "kind": "tryton", "agent": "a", "operation": "read"}
        samples = [(now - 1000 * age, seconds) for age in range(8, -1, -1)]
        self.assertEqual(post(self.base + "/api/v1/write", remote_write([(labels, samples)]), WRITE_HEADERS), 204)

    def status(self, *arguments, env=PLAIN):
        return subprocess.run([PROGRAM, "status", *arguments], capture_output=True, text=True, timeout=60, env=env)

    def here(self, *arguments, **more):
        return self.status("--config", self.collector_yaml, *arguments, **more)

    def test_the_exit_code_tells_the_state_and_the_text_is_the_apis(self):
        says = json.loads(get(self.base + "/api/v1/crms/acme"))["says"]
        told = self.here("acme")
        self.assertEqual((told.returncode, told.stderr), (2, ""))
        self.assertIn(says["en"], told.stdout)
        self.assertIn("■ acme    poor", told.stdout)
        self.assertEqual(self.here("calm").returncode, 0)
        everything = self.here()
        self.assertEqual(everything.returncode, 0)
        self.assertTrue(everything.stdout.startswith("CRMs: 2   ■ 1 poor   ● 1 healthy\n"), everything.stdout)
        chinese = self.here("acme", env={**PLAIN, "LC_ALL": "zh_CN.UTF-8"})
        self.assertIn(says["zh"], chinese.stdout)
        # But for the first line, which counts the seconds; what else changes meanwhile is the same when both are asked again.
        by_locale = lambda: self.here("acme", env={**PLAIN, "LC_ALL": "zh_CN.UTF-8"}).stdout.splitlines()[1:]
        eventually(lambda: by_locale() == self.here("acme", "--language", "zh").stdout.splitlines()[1:], 60, "both say the same")

    def test_what_cannot_be_told_is_unknown(self):
        misspelt = self.here("acmee")
        self.assertEqual((misspelt.returncode, misspelt.stdout), (3, ""))
        self.assertIn("there is no CRM 'acmee'", misspelt.stderr)
        self.assertIn("acme", misspelt.stderr)
        nobody = self.status("--url", "http://127.0.0.1:1")
        self.assertEqual(nobody.returncode, 3)
        self.assertIn("http://127.0.0.1:1 does not answer", nobody.stderr)

    def test_a_collector_that_asks_for_tokens_gets_one_from_a_file(self):
        self.processes[-1].stop()
        self.collector_yaml.write_text(self.collector_yaml.read_text().replace("auth: off", "auth: required"))
        made = subprocess.run([PROGRAM, "token", "create", "--config", self.collector_yaml, "--name", "ana", "--role", "viewer"], capture_output=True,
                              text=True, check=True).stdout
        token = self.write("token", made)
        token.chmod(0o600)
        self.start_collector()
        without = self.here()
        self.assertEqual(without.returncode, 3)
        self.assertIn("asks for a token: --token-file FILE", without.stderr)
        eventually(lambda: self.here("acme", "--token-file", token).returncode == 2, 60, "the token is taken")
        self.assertEqual(self.status("--url", self.base + "/", "--token-file", token, "acme").returncode, 2)

    def test_a_pipe_gets_no_colours_and_a_terminal_is_drawn_anew(self):
        self.assertNotIn("\x1b", self.here().stdout)
        for language, heading in (("en", "STATE"), ("zh", "状态")):
            terminal = Terminal([PROGRAM, "status", "--config", self.collector_yaml, "--watch", "--language", language], 80, 24, PLAIN)
            self.addCleanup(terminal.close)
            eventually(lambda: "acme" in terminal.text(), 60, "the table stands on the terminal")
            self.assertIn(heading, terminal.text())
            self.assertIn("\x1b[1;31m", terminal.text())
            for line in terminal.screen().shown():
                self.assertLessEqual(sum(width_of(character) for character in line.rstrip()), 80)
            self.assertFalse(terminal.screen().overflowed)
        quiet = Terminal([PROGRAM, "status", "--config", self.collector_yaml], 80, 24, {**PLAIN, "NO_COLOR": "1"})
        self.addCleanup(quiet.close)
        eventually(lambda: "acme" in quiet.text(), 60, "the table stands on the terminal")
        self.assertNotIn("\x1b[", quiet.text())


if __name__ == "__main__":
    unittest.main()
