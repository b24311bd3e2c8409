"""`make run` as a newcomer sees it: three CRMs settle; every fault of the menu leads to its state, alert, remedy and back."""

import json
import re
import unittest

from harness import BIN, SOURCE, EndToEnd, eventually, get_json, post


class Demo(EndToEnd):
    def setUp(self):
        super().setUp()
        self.demo = self.process("demo", [SOURCE / "scripts/run-demo", BIN], env={"TMPDIR": str(self.folder)})
        self.addCleanup(self.demo.stop)  # politely: its children are sessions of their own
        output = eventually(lambda: (lambda text: text if "Faults by hand" in text else None)(self.demo.log.read_text()), 90, "the demo is up")
        self.base = re.search(r"Collector: (http://[^/]+)/", output).group(1)
        self.sandbox = re.search(r"(http://[^/]+)/_sandbox/faults", output).group(1)

    def fault(self, crm, fault):
        self.assertEqual(post(self.sandbox + "/_sandbox/faults", json.dumps({"crm": crm, "fault": fault}).encode()), 200)

    def alerts(self, crm, after=0):
        answer = get_json(f"{self.sandbox}/_sandbox/alerts?after={after}")
        return [item["alert"] for item in answer["alerts"] if item["alert"]["crm"] == crm]

    def newest(self):
        numbers = [item["number"] for item in get_json(self.sandbox + "/_sandbox/alerts")["alerts"]]
        return max(numbers, default=0)

    def failing(self, crm):
        found = self.crm(crm)
        return {item["dimension"]: item["state"] for item in found["dimensions"] if item["state"] in ("sub_healthy", "poor")} if found else {}

    def check_fault(self, fault, state, dimension):
        before = self.newest()
        self.fault("acme", fault)
        self.wait_state("acme", state, 60)
        eventually(lambda: dimension in self.failing("acme"), 30, f"{dimension} is failing")
        alert = eventually(lambda: [alert for alert in self.alerts("acme", before) if alert["type"] in ("incident.opened", "incident.escalated")
                                    and alert["state"] == state], 30, f"an alert that says {state}")[-1]
        told = {item["dimension"]: item for item in alert["failing"]}
        self.assertIn(dimension, told)
        self.assertTrue(told[dimension]["remedy"]["en"], alert)
        self.assertTrue(told[dimension]["remedy"]["zh"], alert)
        self.fault("acme", "none")
        self.wait_state("acme", "healthy", 90)
        eventually(lambda: [alert for alert in self.alerts("acme", before) if alert["type"] == "incident.resolved"], 30, "resolved arrives")

    def test_the_three_sample_crms_settle_and_every_fault_runs_its_course(self):
        self.wait_state("acme", "healthy", 60)
        self.wait_state("globex", "sub_healthy", 60)
        self.wait_state("initech", "poor", 60)
        for fault, state, dimension in (("slow", "sub_healthy", "latency"), ("very_slow", "poor", "latency"), ("stale", "poor", "staleness"),
                                        ("down", "poor", "availability"), ("dirty", "sub_healthy", "data_quality")):
            with self.subTest(fault=fault):
                self.check_fault(fault, state, dimension)
        output = self.demo.log.read_text()
        self.assertIn("incident.opened", output)
        self.assertEqual(self.demo.stop(), 0)


if __name__ == "__main__":
    unittest.main()
