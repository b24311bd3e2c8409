"""The collector's /metrics in OpenMetrics, read by the Prometheus project's own strict reader. It comes from PyPI, so this runs only with
`ctest -C slow -R openmetrics`.
"""

import gzip
import subprocess
import time
import unittest
import urllib.request

from harness import WRITE_HEADERS, EndToEnd, post, remote_write
from registry_packages import python_environment

# Prints each family as `name type unit samples`.
READER = """
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(family.name, family.type, family.unit or "-", len(family.samples))
"""
ACCEPT = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
          "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")


class OpenMetrics(EndToEnd):
    def page(self, accept, encoding):
        request = urllib.request.Request(self.base + "/metrics", headers={"Accept": accept, "Accept-Encoding": encoding})
        with urllib.request.urlopen(request, timeout=20) as answer:
            body = answer.read()
            self.assertEqual(answer.headers["Content-Encoding"], "gzip" if encoding == "gzip" else None)
            return answer.headers["Content-Type"], (gzip.decompress(body) if encoding == "gzip" else body).decode()

    def test_the_reader_of_the_prometheus_project_reads_every_family(self):
        python = python_environment("prometheus_client==0.26.0") / "python"
        self.collector()
        now = int(time.time() * 1000)
        of = lambda name, **more: {"__name__": name, "crm": 'a"c\\me', "kind": "tryton", "agent": "分部", **more}  # noqa: E731
        series = [(of("crm_up"), [(now, 1.0)]), (of("crm_info", version="7.0"), [(now, 1.0)]),
                  (of("crm_operation_duration_seconds", operation="read"), [(now - 1000 * i, 0.1 * i) for i in range(20, -1, -1)]),
                  (of("crm_records_created", object="lead", period="24h"), [(now, 7.0)]), (of("crm_records", object="lead"), [(now, 7.0)]),
                  (of("crm_odd_total"), [(now, 7.0)]), (of("crm_odd_bucket", le="1"), [(now, 7.0)]), (of("crm_nan"), [(now, float("nan"))])]
        self.assertEqual(post(self.base + "/api/v1/write", remote_write(series), WRITE_HEADERS), 204)
        for encoding in ("identity", "gzip"):
            kind, page = self.page(ACCEPT, encoding)
            self.assertEqual(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8")
            done = subprocess.run([python, "-c", READER], input=page, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr[-3000:])
            families = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
            self.assertEqual(families["crm_operation_latency_seconds"][:2], ["histogram", "seconds"])
            self.assertEqual(families["crmpulse_collector_ingest_requests"][0], "counter")
            self.assertEqual(families["crm_odd_total"][0], "unknown")
        _, text = self.page("text/plain", "gzip")
        check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)


if __name__ == "__main__":
    unittest.main()
