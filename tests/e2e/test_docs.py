"""Every example of the docs is real: agent, collector and rules files pass `check`, Prometheus files pass promtool, what
is posted to the API is accepted, and what it answers is what it says."""

import datetime
import json
import os
import re
import subprocess
import unittest

from examples import Examples
from harness import BIN, SOURCE, WRITE_HEADERS, eventually, get_json, post, remote_write

POSTED = re.compile(r"^```json post (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```json get (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```yaml (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Chinese pages have the same examples: tests/architecture/translations.py.
PAGES = [page for page in sorted((SOURCE / "docs").rglob("*.md")) if SOURCE / "docs/zh" not in page.parents]


class Docs(Examples):
    def examples(self, kind):
        found = []
        for page in PAGES:
            for number, (name, text) in enumerate(FENCE.findall(page.read_text())):
                if name == kind:
                    found.append((f"{page.stem}-{number}.yaml", text))
        self.assertTrue(found, f"no example of kind {kind}")
        return found

    @property
    def recipes(self):
        """Those of the page that says where they stand: /etc/crmpulse/recipes/NAME.yaml."""
        return [text for name, text in FENCE.findall((SOURCE / "docs/custom-recipe.md").read_text()) if name == "recipe"]

    def test_agent_examples_pass_check(self):
        for name, text in self.examples("agent"):
            self.run_check([BIN / "crmpulse-agent", "check", "--config", self.write(name, self.place(text))], name)

    def test_collector_examples_pass_check(self):
        for name, text in self.examples("collector"):
            text = self.place(text)
            self.place_certificate()
            self.run_check([BIN / "crmpulse-collector", "check", "--config", self.write(name, text)], name)

    def test_token_commands_do_what_the_pages_say(self):
        for page in ("install", "security"):
            config = self.write(f"{page}.yaml", f"listen: 127.0.0.1:9460\nstate_dir: {self.folder}/{page}\nrules: [{SOURCE}/config/rules/default.yaml]\n")
            commands = re.findall(r"^crmpulse-collector (token .*?)(?:\s+#.*)?$", (SOURCE / f"docs/{page}.md").read_text(), re.MULTILINE)
            self.assertTrue(commands, page)
            for command in commands:
                self.run_check([BIN / "crmpulse-collector", *command.replace("/etc/crmpulse/collector.yaml", str(config)).split()], command)

    def test_rules_examples_pass_check_behind_the_shipped_rules(self):
        for name, text in self.examples("rules"):
            rules = self.write(name, text)
            config = self.write(f"collector-{name}", f"listen: 127.0.0.1:9460\nauth: off\nstate_dir: {self.folder}/c\n"
                                                     f"rules: [{SOURCE}/config/rules/default.yaml, {rules}]\n")
            self.run_check([BIN / "crmpulse-collector", "check", "--config", config], name)

    def test_prometheus_examples_pass_promtool(self):
        for name, text in self.examples("prometheus"):
            self.run_check(["promtool", "check", "config", self.write(name, text.replace("/usr/share/crmpulse/", f"{SOURCE}/config/"))], name)
        for name, text in self.examples("promrules"):
            self.run_check(["promtool", "check", "rules", self.write(name, text)], name)

    def test_the_rule_that_is_written_on_the_page_is_backtested_as_it_says(self):
        page = (SOURCE / "docs/rules.md").read_text()
        rule = re.search(r"^```yaml example slow-search.yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1)
        self.assertEqual(rule, (SOURCE / "docs/examples/slow-search.yaml").read_text())
        shown = re.search(r"^```text summary\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1)
        command = [BIN / "crmpulse-collector", "backtest", "--rules", "slow-search.yaml", "--samples", "slow-search.jsonl", "--zone", "Europe/Prague"]
        done = subprocess.run([str(part) for part in command + ["--summary", "text", "--fail-on", "poor"]], capture_output=True, text=True,
                              cwd=SOURCE / "docs/examples")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertTrue(done.stdout.startswith(shown), done.stdout)
        self.assertRegex(done.stdout[len(shown):], "acme.*[\u4e00-\u9fff]")

    def test_what_is_posted_to_the_api_is_accepted(self):
        self.collector()
        now = datetime.datetime.now(datetime.timezone.utc)

        def ahead(hours):
            return (now + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")

        posted = [found for page in PAGES for found in POSTED.findall(page.read_text())]
        self.assertTrue(posted)
        for path, body in posted:
            body = re.sub(r'("starts_at": )"[^"]*"', rf'\1"{ahead(1)}"', body)
            body = re.sub(r'("ends_at": )"[^"]*"', rf'\1"{ahead(2)}"', body)
            # There is no incident here: a body that is wrong would be refused before that is seen.
            expected = 404 if "{id}" in path else 201
            status = post(self.base + path, body.encode(), {"Content-Type": "application/json"})
            self.assertEqual(status, expected, f"{path}: {body}")
        self.assertEqual(len(get_json(f"{self.base}/api/v1/maintenance")["maintenance"]), 2)

    def test_a_history_on_the_page_is_answered_as_it_says(self):
        self.collector()
        begin = datetime.datetime(2026, 11, 21, 9, tzinfo=datetime.timezone.utc)
        millis = [int((begin + datetime.timedelta(seconds=30 * i)).timestamp() * 1000) for i in range(20)]
        labels = {"__name__": "crm_operation_duration_seconds", "agent": "branch-1", "crm": "acme", "kind": "tryton", "operation": "read"}
        readings = [(at, 0.5 if i < 5 else 0.25) for i, at in enumerate(millis)]
        self.assertEqual(post(f"{self.base}/api/v1/write", remote_write([(labels, readings)]), WRITE_HEADERS), 204)
        shown = [found for page in PAGES for found in SHOWN.findall(page.read_text())]
        self.assertTrue(shown)
        for path, answer in shown:
            self.assertEqual(get_json(self.base + path), json.loads(answer), path)

    def test_report_commands_write_the_files_that_the_page_names(self):
        self.collector()
        labels = {"__name__": "crm_up", "agent": "branch-1", "crm": "acme", "kind": "tryton"}
        now = int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 1000)
        self.assertEqual(post(f"{self.base}/api/v1/write", remote_write([(labels, [(now, 1)])]), WRITE_HEADERS), 204)
        eventually(lambda: get_json(f"{self.base}/api/v1/crms/acme")["crm"] == "acme", 30, "acme is known")
        eventually(lambda: self.report("--crm acme --period 2026-10").returncode == 0, 60, "the store knows acme")
        commands = re.findall(r"^crmpulse-collector report --config /etc/crmpulse/collector.yaml (.*?) > (\S+)$",
                              (SOURCE / "docs/reports.md").read_text(), re.MULTILINE)
        self.assertEqual(len(commands), 4)
        begins = {"html": "<!DOCTYPE html>", "csv": "\ufeffperiod,crm,dimension,metric,value,unit,target,previous"}
        for arguments, file in commands:
            done = self.report(arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertTrue(done.stdout.startswith(begins[file.rpartition(".")[2]]), arguments)
            self.assertEqual('lang="zh-CN"' in done.stdout, ".zh." in file, arguments)

    def report(self, arguments):
        command = [BIN / "crmpulse-collector", "report", "--config", self.folder / "collector.yaml", *arguments.split()]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True)

    def test_shipped_examples_pass_check(self):
        for program, name in (("crmpulse-agent", "config/agent.yaml"), ("crmpulse-agent", "packaging/windows/agent.yaml"),
                              ("crmpulse-collector", "config/collector.yaml")):
            text = self.place((SOURCE / name).read_text())
            self.run_check([BIN / program, "check", "--config", self.write(name.replace("/", "-"), text)], name)

    def test_every_page_the_readme_names_exists(self):
        links = re.findall(r"\]\(([\w./-]+)\)", (SOURCE / "README.md").read_text())
        self.assertEqual([link for link in links if not (SOURCE / link).exists()], [])


if __name__ == "__main__":
    unittest.main()
