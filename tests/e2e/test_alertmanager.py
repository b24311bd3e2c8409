"""A real Alertmanager behind the collector: it receives, groups and resolves our alerts, and is right again after it was
away longer than any alert lasts in it. Its memory is all it has: a new process knows nothing."""

import http.server
import json
import threading
import time
import unittest

from harness import WRITE_HEADERS, EndToEnd, eventually, free_port, get, get_json, post, remote_write

RULES = """
settings: {group_wait: {sub_healthy: 0s, poor: 0s}}
rules:
  - id: latency
    dimension: latency
    measure: {metric: crm_operation_duration_seconds}
    op: above
    aggregator: last
    interval: 500ms
    sub: {enter: 1, exit: 0.9, for: 1s}
    poor: {enter: 3, exit: 2.7, for: 1s}
    recover_for: {sub: 1s, poor: 1s}
    no_data: {after: 10m}
    remedy: slow_response
    unit: seconds
"""

# As config/prometheus/alertmanager.yaml groups and inhibits, without its waits.
ALERTMANAGER = """
global: {{resolve_timeout: 5m}}
route: {{receiver: log, group_by: [crm], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
inhibit_rules:
  - {{source_matchers: ['alertname="CrmPoor"'], target_matchers: ['alertname="CrmSubHealthy"'], equal: [crm]}}
receivers:
  - name: log
    webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]
"""


class Log:
    """What Alertmanager tells people."""

    def __init__(self):
        self.told = []
        told = self.told

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def states(self, crm):
        """(alertname, status) of every alert of a CRM, in the order they were told."""
        return [(alert["labels"]["alertname"], alert["status"]) for group in list(self.told) for alert in group["alerts"]
                if alert["labels"].get("crm") == crm]


class Alertmanager(EndToEnd):
    def setUp(self):
        super().setUp()
        self.log = Log()
        self.addCleanup(self.log.close)
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}/api/v2/alerts"
        self.config = self.write("alertmanager.yml", ALERTMANAGER.format(port=self.log.port))
        self.values = {}
        self.stop_feeding = threading.Event()

    def start_alertmanager(self):
        process = self.process("alertmanager", [
            "prometheus-alertmanager", f"--config.file={self.config}", f"--storage.path={self.folder}/am-{len(self.processes)}",
            f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address=", "--log.level=warn"])
        eventually(lambda: get(f"http://127.0.0.1:{self.port}/-/ready"), 60, "Alertmanager is ready")
        return process

    def start(self, resend):
        rules = self.write("rules.yaml", RULES)
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.collector_yaml = self.write("collector.yaml", f"""
listen: 127.0.0.1:{port}
auth: off
state_dir: {self.folder}/collector
rules: [{rules}]
receivers:
  - {{name: am, type: alertmanager, url: "http://127.0.0.1:{self.port}", resend: {resend}, labels: {{team: crm-ops}}}}
""")
        self.start_collector()
        feeder = threading.Thread(target=self.feed)
        feeder.start()
        self.addCleanup(feeder.join)
        self.addCleanup(self.stop_feeding.set)

    def feed(self):
        while not self.stop_feeding.wait(0.25):
            now = int(time.time() * 1000)
            series = [({"__name__": "crm_operation_duration_seconds", "crm": crm, "kind": "sample", "agent": "hand",
                        "operation": "read"}, [(now, value)]) for crm, value in list(self.values.items())]
            if series:
                post(self.base + "/api/v1/write", remote_write(series), WRITE_HEADERS)

    def active(self):
        """{(crm, alertname)} of what fires in Alertmanager now."""
        return {(alert["labels"].get("crm"), alert["labels"]["alertname"]) for alert in get_json(self.api + "?active=true&inhibited=true")}

    def wait_active(self, expected, what):
        eventually(lambda: self.active() == expected or None, 60, f"{what}: {expected}")

    def test_alerts_are_received_grouped_inhibited_and_resolved(self):
        self.start_alertmanager()
        self.start("2s")
        self.values = {"acme": 5.0, "beta": 1.5}
        self.wait_active({("acme", "CrmPoor"), ("acme", "CrmSubHealthy"), ("beta", "CrmSubHealthy")}, "both are known")
        alert = next(one for one in get_json(self.api) if one["labels"]["alertname"] == "CrmPoor")
        self.assertEqual(alert["labels"]["severity"], "page")
        self.assertEqual(alert["labels"]["team"], "crm-ops")
        self.assertIn("acme", alert["annotations"]["summary"])
        self.assertIn("不良", alert["annotations"]["summary_zh"])
        eventually(lambda: ("CrmPoor", "firing") in self.log.states("acme"), 30, "somebody is told of acme")
        eventually(lambda: ("CrmSubHealthy", "firing") in self.log.states("beta"), 30, "somebody is told of beta")
        # The lesser alert of a poor CRM is inhibited: one message, one group for each CRM.
        self.assertNotIn(("CrmSubHealthy", "firing"), self.log.states("acme"))
        self.assertTrue(all(set(group["groupLabels"]) == {"crm"} for group in self.log.told))

        self.values["acme"] = 1.5
        eventually(lambda: ("CrmPoor", "resolved") in self.log.states("acme"), 60, "acme is no longer poor")
        eventually(lambda: ("CrmSubHealthy", "firing") in self.log.states("acme"), 60, "acme is still sub-healthy")
        self.values = {"acme": 0.2, "beta": 0.2}
        self.wait_active(set(), "all is well")
        eventually(lambda: ("CrmSubHealthy", "resolved") in self.log.states("acme"), 30, "the end of acme is told")
        eventually(lambda: ("CrmSubHealthy", "resolved") in self.log.states("beta"), 30, "the end of beta is told")

    def test_a_crm_that_was_never_poor_has_no_end_of_that_beside_one_that_is(self):
        # All CRMs are one group: a member's end is told while another one fires.
        self.config = self.write("alertmanager.yml", ALERTMANAGER.format(port=self.log.port).replace("group_by: [crm]", "group_by: [team]"))
        self.start_alertmanager()
        self.start("2s")
        self.values = {"acme": 5.0, "beta": 1.5}
        eventually(lambda: ("CrmPoor", "firing") in self.log.states("acme"), 60, "somebody is told of acme")
        eventually(lambda: ("CrmSubHealthy", "firing") in self.log.states("beta"), 60, "somebody is told of beta")
        self.values["beta"] = 0.2
        eventually(lambda: ("CrmSubHealthy", "resolved") in self.log.states("beta"), 60, "the end of beta is told")
        self.assertIn(("acme", "CrmPoor"), self.active())
        self.assertEqual({name for name, _ in self.log.states("beta")}, {"CrmSubHealthy"})

    def test_an_alert_that_is_not_sent_again_would_end_and_ours_does_not(self):
        self.start_alertmanager()
        self.start("4s")
        self.values = {"acme": 5.0}
        self.wait_active({("acme", "CrmPoor"), ("acme", "CrmSubHealthy")}, "acme is poor")
        # An alert lasts four repeats, 16 s: after that it is there only because it was sent again.
        first = self.ends_at()
        eventually(lambda: self.ends_at() > first + 17, 120, "its end is put off again and again")
        self.assertEqual(self.active(), {("acme", "CrmPoor"), ("acme", "CrmSubHealthy")})
        self.assertNotIn(("CrmPoor", "resolved"), self.log.states("acme"))
        # Nobody puts it off any more: it ends by itself.
        self.processes[-1].kill()
        self.wait_active(set(), "without the collector it ends")

    def ends_at(self):
        ends = next(one["endsAt"] for one in get_json(self.api) if one["labels"]["alertname"] == "CrmPoor")
        return time.mktime(time.strptime(ends[:19], "%Y-%m-%dT%H:%M:%S"))

    def test_the_state_is_right_after_it_was_away_for_longer_than_alerts_last(self):
        alertmanager = self.start_alertmanager()
        self.start("4s")
        self.values = {"stays": 5.0, "recovers": 5.0, "falls": 0.2, "comes-and-goes": 0.2}
        poor = {("stays", "CrmPoor"), ("stays", "CrmSubHealthy")}
        self.wait_active(poor | {("recovers", "CrmPoor"), ("recovers", "CrmSubHealthy")}, "two are poor")
        alertmanager.kill()
        self.values.update({"recovers": 0.2, "falls": 5.0, "comes-and-goes": 5.0})
        self.wait_state("falls", "poor", 30)
        self.wait_state("recovers", "healthy", 30)
        self.wait_state("comes-and-goes", "poor", 30)
        self.values["comes-and-goes"] = 0.2
        self.wait_state("comes-and-goes", "healthy", 30)
        # Long enough for each alert to have ended there, had it lived.
        away = time.monotonic() + 17
        eventually(lambda: time.monotonic() > away, 60, "it was away")
        told = len(self.log.told)
        self.start_alertmanager()
        self.wait_active(poor | {("falls", "CrmPoor"), ("falls", "CrmSubHealthy")}, "what is poor now, and nothing else")
        eventually(lambda: ("CrmPoor", "firing") in self.log.states("falls"), 30, "somebody is told of the new one")
        later = [alert for group in self.log.told[told:] for alert in group["alerts"]]
        self.assertNotIn("comes-and-goes", {alert["labels"]["crm"] for alert in later})
        self.assertEqual({alert["status"] for alert in later if alert["labels"]["crm"] in ("stays", "falls")}, {"firing"})
        # What the outbox still held is settled by what was said again.
        eventually(lambda: not get_json(self.base + "/api/v1/deliveries?status=pending")["deliveries"], 30, "nothing waits")

    def test_a_collector_that_was_killed_goes_on_with_what_it_had_told(self):
        self.start_alertmanager()
        self.start("10s")
        self.values = {"acme": 5.0}
        self.wait_active({("acme", "CrmPoor"), ("acme", "CrmSubHealthy")}, "acme is poor")
        self.processes[-1].kill()
        self.start_collector()
        self.values["acme"] = 5.0
        before = self.ends_at()
        eventually(lambda: self.ends_at() > before + 4, 60, "the alert is put off by the new process")
        self.assertNotIn(("CrmPoor", "resolved"), self.log.states("acme"))


if __name__ == "__main__":
    unittest.main()
