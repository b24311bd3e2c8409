"""config/prometheus/: the files load, the alerts fire when they should, and what they ask for is exported."""

import re
import subprocess
import unittest

from harness import SOURCE

FOLDER = SOURCE / "config/prometheus"


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class PrometheusRules(unittest.TestCase):
    def test_promtool_takes_the_rules(self):
        code, said = run("promtool", "check", "rules", FOLDER / "recording.yaml", FOLDER / "alerts.yaml")
        self.assertEqual(code, 0, said)

    def test_the_alerts_fire_when_they_should(self):
        code, said = run("promtool", "test", "rules", SOURCE / "tests/e2e/prometheus_alerts_test.yaml")
        self.assertEqual(code, 0, said)

    def test_amtool_takes_the_example(self):
        code, said = run("amtool", "check-config", FOLDER / "alertmanager.yaml")
        self.assertEqual(code, 0, said)

    def test_pages_and_tickets_go_to_their_receivers(self):
        for severity, receiver in (("page", "oncall"), ("ticket", "tickets")):
            code, said = run("amtool", "config", "routes", "test", f"--config.file={FOLDER / 'alertmanager.yaml'}", f"--verify.receivers={receiver}",
                             f"severity={severity}", "alertname=CrmPoor")
            self.assertEqual(code, 0, said)

    def test_every_metric_that_is_asked_for_is_exported(self):
        exported = "".join(path.read_text() for folder in ("collector", "agent", "core") for path in (SOURCE / folder).rglob("*.cpp"))
        for name in ("recording.yaml", "alerts.yaml"):
            for metric in set(re.findall(r"\b(crm(?:pulse)?_[a-z_]+)\b(?!:)", re.sub(r"[a-z_]+:[a-z_:0-9]+|=~?\"[^\"]*\"", "", (FOLDER / name).read_text()))):
                if metric in ("crm_kind_operation", "crm_kind"):
                    continue
                with self.subTest(file=name, metric=metric):
                    self.assertIn(f'"{metric.removesuffix("_bucket")}"', exported)

    def test_every_alert_says_it_in_two_languages(self):
        for block in (FOLDER / "alerts.yaml").read_text().split("- alert: ")[1:]:
            name = block.split("\n", 1)[0]
            with self.subTest(alert=name):
                self.assertTrue(re.search(r"summary_zh: .*[\u4e00-\u9fff]", block) or "*burning" in block, block)
                self.assertEqual(block.count("description:"), block.count("description_zh:"))


if __name__ == "__main__":
    unittest.main()
