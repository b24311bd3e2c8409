"""`make run` as a newcomer sees it: a Salesforce, a HubSpot and a database CRM settle; every fault of the menu leads to
its state, alert, remedy and back."""

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

    def fault(self, crm, fault, seconds=0):
        body = {"crm": crm, "fault": fault} | ({"seconds": seconds} if seconds else {})
        self.assertEqual(post(self.sandbox + "/_sandbox/faults", json.dumps(body).encode()), 200)

    def alerts(self, crm, after=0):
        answer = get_json(f"{self.sandbox}/_sandbox/alerts?after={after}")
        return [item["alert"] for item in answer["alerts"] if item["alert"]["crm"] == crm]

    def newest(self):
        numbers = [item["number"] for item in get_json(self.sandbox + "/_sandbox/alerts")["alerts"]]
        return max(numbers, default=0)

    def failing(self, crm):
        found = self.crm(crm)
        return {item["dimension"]: item["state"] for item in found["dimensions"] if item["state"] in ("sub_healthy", "poor")} if found else {}

    def check_fault(self, crm, fault, seconds, state, dimension):
        before = self.newest()
        self.fault(crm, fault, seconds)
        self.wait_state(crm, state, 60)
        eventually(lambda: dimension in self.failing(crm), 30, f"{dimension} is failing")
        alert = eventually(lambda: [alert for alert in self.alerts(crm, before) if alert["type"] in ("incident.opened", "incident.escalated")
                                    and alert["state"] == state], 30, f"an alert that says {state}")[-1]
        told = {item["dimension"]: item for item in alert["failing"]}
        self.assertIn(dimension, told)
        self.assertTrue(told[dimension]["remedy"]["en"], alert)
        self.assertTrue(told[dimension]["remedy"]["zh"], alert)
        self.fault(crm, "none")
        self.wait_state(crm, "healthy", 90)
        eventually(lambda: [alert for alert in self.alerts(crm, before) if alert["type"] == "incident.resolved"], 30, "resolved arrives")
        return alert

    def test_the_three_crms_settle_and_every_fault_runs_its_course(self):
        self.wait_state("salesforce", "healthy", 60)
        self.wait_state("hubspot", "sub_healthy", 60)
        self.wait_state("backoffice", "poor", 60)
        self.assertIn("data_quality", self.failing("hubspot"))
        for fault, seconds, state, dimension in (("slow", 0.3, "sub_healthy", "latency"), ("slow", 1.2, "poor", "latency"), ("stale", 0, "poor", "staleness"),
                                                 ("outage", 0, "poor", "availability"), ("dirty", 0, "sub_healthy", "data_quality")):
            with self.subTest(crm="salesforce", fault=fault, seconds=seconds):
                self.check_fault("salesforce", fault, seconds, state, dimension)
        with self.subTest(crm="salesforce", fault="permission"):
            self.assertEqual(self.check_fault("salesforce", "permission", 0, "poor", "availability")["fault"]["verdict"], "credentials")
        self.fault("backoffice", "none")
        self.wait_state("backoffice", "healthy", 60)
        for fault, state, dimension in (("slow", "sub_healthy", "latency"), ("down", "poor", "availability")):
            with self.subTest(crm="backoffice", fault=fault):
                self.check_fault("backoffice", fault, 0, state, dimension)
        output = self.demo.log.read_text()
        self.assertIn("incident.opened", output)
        self.assertEqual(self.demo.stop(), 0)


if __name__ == "__main__":
    unittest.main()
