"""The collector among real Prometheus servers: scraped, checked by promtool, and fed by remote write."""

import http.server
import json
import re
import subprocess
import threading
import time
import unittest
import urllib.parse

from harness import WRITE_HEADERS, EndToEnd, eventually, free_port, get, get_json, post, remote_write


class Prometheus(EndToEnd):
    def prometheus(self, config):
        port = free_port()
        path = self.write(f"prometheus-{port}.yml", config)
        self.process(f"prometheus-{port}", ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder}/tsdb-{port}",
                                            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
        base = f"http://127.0.0.1:{port}"
        eventually(lambda: get(base + "/-/ready"), 60, "Prometheus is ready")
        return base

    def feed(self):
        """A CRM that is slow, by hand."""
        now = int(time.time() * 1000)
        labels = {"crm": "acme", "kind": "sample", "agent": "hand"}
        series = [({"__name__": "crm_up", **labels}, [(now, 1.0)]),
                  ({"__name__": "crm_operation_duration_seconds", "operation": "read", "object": "contact", **labels}, [(now, 0.25)])]
        self.assertEqual(post(self.base + "/api/v1/write", remote_write(series), WRITE_HEADERS), 204)

    def crm_with_an_allowance(self):
        """A CRM that tells its allowance with every answer, and takes two seconds for one of them."""
        class Answers(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/slow":
                    time.sleep(2)
                body = b"{}"
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Usage", "7/900000000")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_a_stock_prometheus_refuses_nothing_an_agent_ships(self):
        port = free_port()
        path = self.write("receiver.yml", "{}")
        self.process("receiver", ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder}/tsdb",
                                  "--web.enable-remote-write-receiver", f"--web.listen-address=127.0.0.1:{port}",
                                  "--log.level=warn"])
        base = f"http://127.0.0.1:{port}"
        eventually(lambda: get(base + "/-/ready"), 60, "Prometheus is ready")
        # Three measurements share the allowance's series, two of them an operation's; one takes longer than the others' interval.
        recipe = self.write("cloud.yaml", """
recipe: cloud
title: {en: Cloud, zh: 云}
transport: http
parameters:
  url: {type: url, required: true, help: {en: Address, zh: 地址}}
quota: [{allowance: daily, header: x-usage, match: "([0-9]+)/([0-9]+)", gives: [used, limit]}]
measurements:
  - {id: liveness, liveness: true, operation: read, object: record, request: {url: /alive}}
  - {id: slow, operation: read, object: record, request: {url: /slow}}
  - {id: fast, operation: search, object: record, request: {url: /fast}}
""")
        self.base = base
        self.agent(f"  - {{name: cloud, recipe: '{recipe}', with: {{url: '{self.crm_with_an_allowance()}'}}, budget: 50%}}\n")

        def value(query):
            result = get_json(f"{base}/api/v1/query?query={urllib.parse.quote(query)}")["data"]["result"]
            return float(result[0]["value"][1]) if result else None

        for operation, count in (("read", 20), ("search", 4)):
            eventually(lambda: (value(f'count_over_time(crm_operation_success{{operation="{operation}"}}[10m])') or 0) >= count, 120,
                       f"{operation} was measured {count} times")
        self.assertEqual(value('max_over_time(crm_api_limit[10m])'), 900000000)
        # What was measured until now was shipped when the agent's own report, made each half minute, says so.
        eventually(lambda: (value("count_over_time(crm_agent_runs_total[10m])") or 0) >= 2, 120, "the agent told of itself twice")
        self.assertEqual(value("max(crm_agent_dropped_samples_total)"), 0)
        self.assertIsNone(value("crm_agent_refused_samples_total"))

    def test_metrics_are_clean_and_scraped(self):
        self.collector()
        self.feed()
        eventually(lambda: self.metric("crm_up", crm="acme") == 1.0, 10, "the sample is exposed")
        checked = subprocess.run(["promtool", "check", "metrics"], input=get(self.base + "/metrics"), text=True, capture_output=True)
        self.assertEqual((checked.returncode, checked.stderr.strip()), (0, ""), checked.stdout)
        prometheus = self.prometheus(f"scrape_configs: [{{job_name: crmpulse, honor_labels: true, scrape_interval: 1s, "
                                     f"static_configs: [{{targets: ['{self.base[7:]}']}}]}}]\n")
        query = "crm_operation_duration_seconds{crm=\"acme\",operation=\"read\"}"

        def scraped():
            result = get_json(f"{prometheus}/api/v1/query?query={urllib.parse.quote(query)}")["data"]["result"]
            return result and float(result[0]["value"][1]) == 0.25

        eventually(scraped, 60, "Prometheus has the value")
        # Units are known in OpenMetrics alone: that is what it asked for, and could read.
        known = get_json(f"{prometheus}/api/v1/metadata?metric=crm_operation_latency_seconds")["data"]["crm_operation_latency_seconds"]
        self.assertEqual([(one["type"], one["unit"]) for one in known], [("histogram", "seconds")])
        up = get_json(f"{prometheus}/api/v1/query?query=" + urllib.parse.quote('crm_operation_latency_seconds_bucket{le="1.0"}'))
        self.assertEqual(len(up["data"]["result"]), 1)

    def test_a_prometheus_feeds_the_collector(self):
        self.collector()
        # Prometheus scrapes itself; a recorded rule gives the series a CRM's name.
        rules = self.write("record.yml", json.dumps({"groups": [{"name": "crm", "interval": "1s", "rules": [
            {"record": "crm_up", "expr": "max(up)", "labels": {"crm": "fed", "kind": "foreign", "agent": "prometheus"}}]}]}))
        port = free_port()
        path = self.write("writer.yml", json.dumps({
            "global": {"scrape_interval": "1s"}, "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "self", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
            "remote_write": [{"url": self.base + "/api/v1/write", "queue_config": {"batch_send_deadline": "1s"}}]}))
        self.process("prometheus", ["prometheus", f"--config.file={path}", f"--storage.tsdb.path={self.folder}/tsdb",
                                    f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
        eventually(lambda: self.metric("crm_up", crm="fed") == 1.0, 90, "the recorded series arrived by remote write")
        self.assertEqual(self.crm("fed")["kind"], "foreign")
        failed = get_json(f"http://127.0.0.1:{port}/api/v1/query?query=prometheus_remote_storage_samples_failed_total")
        self.assertEqual([item["value"][1] for item in failed["data"]["result"]], ["0"])


    def test_a_prometheus_that_scrapes_and_feeds_brings_no_news(self):
        self.collector()
        now = int(time.time() * 1000) - 20_000
        fed = [({"__name__": "crm_up", "crm": "acme", "kind": "sample", "agent": "hand"}, [(now, 1.0)]),
               ({"__name__": "crm_operation_duration_seconds", "operation": "read", "crm": "acme", "kind": "sample", "agent": "hand"}, [(now, 0.25)]),
               ({"__name__": "crm_up", "crm": "beta", "kind": "sample"}, [(now, 1.0)]),
               ({"__name__": "crm_agent_heartbeat_timestamp_seconds", "agent": "hand"}, [(now, now / 1000)])]
        self.assertEqual(post(self.base + "/api/v1/write", remote_write(fed), WRITE_HEADERS), 204)
        eventually(lambda: self.metric("crm_up", crm="beta") == 1.0, 10, "the samples are shown")
        targets = [{"targets": [self.base[7:]]}]
        self.prometheus(json.dumps({
            "global": {"scrape_interval": "1s", "external_labels": {"cluster": "eu", "replica": "a"}},
            "scrape_configs": [{"job_name": "crmpulse", "honor_labels": True, "static_configs": targets},
                               {"job_name": "plain", "static_configs": targets},
                               {"job_name": "now", "honor_timestamps": False, "static_configs": targets}],
            "remote_write": [{"url": self.base + "/api/v1/write", "queue_config": {"batch_send_deadline": "1s"}}]}))
        skipped = "crmpulse_collector_ingest_skipped_series_total"
        copies = lambda: self.metric(skipped, reason="own_export") or 0
        eventually(lambda: copies() > 0, 90, "what it shows came back")
        once = copies()
        eventually(lambda: copies() > 4 * once, 90, "and came back again and again")
        self.assertGreater(self.metric(skipped, reason="not_ours"), 0)
        self.assertEqual(self.metric("crmpulse_collector_series"), len(fed))
        self.assertEqual(self.metric("crmpulse_collector_journal_samples_total"), len(fed))
        shown = re.findall(r"^crm_(?:up|operation_duration_seconds|agent_heartbeat_timestamp_seconds)\{.* (\d+)$", get(self.base + "/metrics"), re.MULTILINE)
        self.assertEqual(shown, [str(now)] * len(fed))
        self.assertEqual([crm["crm"] for crm in get_json(self.base + "/api/v1/crms")["crms"]], ["acme", "beta"])


if __name__ == "__main__":
    unittest.main()
