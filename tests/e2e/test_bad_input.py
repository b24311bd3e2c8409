"""Wrong configuration and hostile requests: a clear error that says where, and nothing stored in part."""

import json
import os
import subprocess
import unittest
import urllib.error
import urllib.request

import journal
from harness import BIN, SOURCE, WRITE_HEADERS, EndToEnd, field, get_json, post, remote_write, varint


class BadInput(EndToEnd):
    def check(self, program, name, text, command="check"):
        path = self.write(name, text)
        done = subprocess.run([BIN / program, command, "--config", path], capture_output=True, text=True)
        return done.returncode, [line.replace(str(path), name) for line in done.stderr.splitlines()]

    def test_every_error_of_an_agent_configuration_is_reported_with_its_line(self):
        code, errors = self.check("crmpulse-agent", "agent.yaml", """agent: {name: a, state_dir: /var/lib/x}
ship:
  url: http://127.0.0.1:9460/api/v1/write
  spool_max: lots
defaults: {intervall: 30s}
crms:
  - name: acme
    recipe: no-such-recipe
  - name: acme
    recipe: tryton
    with: {url: 5, password_file: /no/such/file}
    interval: 30
""")
        self.assertEqual(code, 2)
        self.assertTrue(all(line.startswith("agent.yaml:") for line in errors), errors)
        for place in ("agent.yaml:4: ship.spool_max:", "agent.yaml:5: defaults.intervall:", "agent.yaml:8: crms[0].recipe:",
                      "agent.yaml:9: crms[1].name:", "agent.yaml:12: crms[1].interval:"):
            self.assertTrue(any(line.startswith(place) for line in errors), (place, errors))
        self.assertTrue(any("password" in line and line.startswith("agent.yaml:11:") for line in errors), errors)

    def test_a_collector_beyond_loopback_needs_tls_and_authentication(self):
        code, errors = self.check("crmpulse-collector", "collector.yaml", f"listen: 0.0.0.0:9460\nauth: off\nstate_dir: {self.folder}/s\n")
        self.assertEqual(code, 2)
        self.assertTrue(any("tls" in line.lower() for line in errors), errors)

    def test_bad_rules_are_refused_with_file_and_line(self):
        rules = self.write("bad.yaml", "rules:\n  - id: x\n    dimension: latency\n    measure: {metric: m}\n    op: above\n    aggregator: p75\n"
                                       "    window: 5m\n    sub: {enter: 3}\n    poor: {enter: 1}\n    no_data: {after: 60s}\n")
        code, errors = self.check("crmpulse-collector", "collector.yaml", f"listen: 127.0.0.1:9460\nauth: off\nstate_dir: {self.folder}/s\nrules: [{rules}]\n")
        self.assertEqual(code, 2)
        self.assertTrue(any("bad.yaml:" in line and "enter" in line for line in errors), errors)

    def test_an_unknown_command_or_option_is_named_with_the_one_that_was_meant(self):
        for program, words, said in (("crmpulse-agent", ["chekc"], "there is no command 'chekc'; did you mean 'check'?"),
                                     ("crmpulse-collector", ["backtset"], "there is no command 'backtset'; did you mean 'backtest'?"),
                                     ("crmpulse-collector", ["token", "creat"], "there is no command 'creat'; did you mean 'create'?"),
                                     ("crmpulse-collector", ["check", "--confg", "x"], "there is no option '--confg'; did you mean '--config'?"),
                                     ("crmpulse-sandbox", ["wacth"], "there is no command 'wacth'; did you mean 'watch'?")):
            done = subprocess.run([BIN / program, *words], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(said, done.stderr, words)

    def test_an_unknown_metric_and_remedy_is_named_by_check_which_passes(self):
        rules = self.write("own.yaml", "rules:\n  - {id: latency, measure: {metric: crm_operation_duration}, remedy: slow_respons}\n")
        shipped = SOURCE / "config/rules"
        code, said = self.check("crmpulse-collector", "collector.yaml", f"listen: 127.0.0.1:9460\nauth: off\nstate_dir: {self.folder}/s\n"
                                f"rules: [{shipped}/default.yaml, {rules}]\nremedies: [{shipped}/remedies.yaml]\n")
        self.assertEqual(code, 0, said)
        for word in ("own.yaml:2: rules[0].measure.metric: no agent sends 'crm_operation_duration'; did you mean 'crm_operation_duration_seconds'?",
                     "own.yaml:2: rules[0].remedy: there is no remedy 'slow_respons'; did you mean 'slow_response'?"):
            self.assertTrue(any(word in line for line in said), said)

    def test_hostile_bodies_get_the_right_status_are_counted_and_store_nothing(self):
        self.collector()
        write = self.base + "/api/v1/write"
        good = remote_write([({"__name__": "crm_up", "crm": "a", "kind": "k", "agent": "g"}, [(1, 1.0)])])
        huge = varint((4 << 30) - 1) + b"\x00" * 15
        series = field(1, field(1, b"z") + field(2, b"1")) + field(1, field(1, b"__name__") + field(2, b"m"))
        body = field(1, series)
        unsorted = varint(len(body)) + bytes([(len(body) - 1) << 2]) + body
        cases = [(b"", 400), (b"\xff" * 50, 400), (good[:-3], 400), (huge, 413)]
        for content, status in cases:
            self.assertEqual(post(write, content, WRITE_HEADERS), status, content[:20])
        self.assertEqual(post(write, unsorted, WRITE_HEADERS), 204)  # readable; what it says is of no CRM
        self.assertEqual(post(write, good, {**WRITE_HEADERS, "Content-Type": "text/plain"}), 415)
        self.assertEqual(post(write, good, {**WRITE_HEADERS, "Content-Encoding": "gzip"}), 415)
        self.assertEqual(post(self.base + "/api/v1/evidence", b'{"crm":"a"}\nnot json\n', {"Content-Type": "application/x-ndjson"}), 400)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.base + "/api/v1/crms/nobody")
        self.assertEqual(refused.exception.code, 404)
        self.assertIn("code", json.loads(refused.exception.read())["error"])
        self.assertEqual(get_json(self.base + "/api/v1/crms")["crms"], [])
        self.assertEqual(journal.samples(self.folder / "collector", "crm_up"), [])
        refusals = sum(value for (name, _), value in self.metrics().items() if name == "crmpulse_collector_ingest_refusals_total")
        self.assertGreaterEqual(refusals, len(cases) + 3)

    def test_unknown_options_are_errors(self):
        for program in ("crmpulse-agent", "crmpulse-collector", "crmpulse-sandbox"):
            done = subprocess.run([BIN / program, "--no-such-option"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertTrue(done.stderr.strip())
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
