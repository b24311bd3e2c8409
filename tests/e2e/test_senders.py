"""vmagent and Prometheus 3 with their defaults against the collector: they scrape it, themselves and an agent's metrics, and send all of it.

Both are built once from their Go modules into the cache (CRMPULSE_SENDERS_CACHE); that takes a quarter of an hour and more, so this runs
only with `ctest -C slow -R senders`. Where Go or the module proxy cannot be reached it says so and is skipped.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import unittest

from harness import EndToEnd, eventually, free_port, get, get_json

CACHE = pathlib.Path(os.environ.get("CRMPULSE_SENDERS_CACHE", "/tmp/crmpulse-senders"))
PROGRAMS = {
    "vmagent": ("github.com/VictoriaMetrics/VictoriaMetrics", "app/vmagent", "v1.151.0"),
    "prometheus": ("github.com/prometheus/prometheus", "cmd/prometheus", "v0.316.0"),  # of Prometheus 3
}

# What a sidecar near a CRM may show: names in any order, a label too long, names beyond the classic ones, an empty label.
EXPORTER = """\
# TYPE crm_up gauge
crm_up{kind="sidecar",crm="side",agent_version="1"} 1
# TYPE crm_operation_duration_seconds gauge
crm_operation_duration_seconds{operation="read",zone="",crm="side",kind="sidecar"} 0.25
# TYPE app_info gauge
app_info{flags="%s"} 1
# TYPE crm_records gauge
crm_records{object="%s",crm="side",kind="sidecar"} 7
""" % ("f" * 1500, "o" * 1500)


def program(name):
    """Its path, built when it is not in the cache."""
    module, package, version = PROGRAMS[name]
    binary = CACHE / f"{name}-{version}"
    if binary.exists():
        return binary
    if shutil.which("go") is None:
        raise unittest.SkipTest(f"Go is not installed and {name} is not in the cache")
    folder = CACHE / f"module-{name}-{version}"
    folder.mkdir(parents=True, exist_ok=True)

    def go(*arguments, seconds):
        return subprocess.run(["nice", "go", *arguments], cwd=folder, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, "GOFLAGS": "-buildvcs=false"})

    if not (folder / "go.mod").exists():
        go("mod", "init", "senders", seconds=60)
    fetched = go("get", f"{module}/{package}@{version}", seconds=1200)
    if fetched.returncode != 0:
        raise unittest.SkipTest(f"the Go module proxy cannot be reached and {name} is not in the cache: {fetched.stderr.strip()[-200:]}")
    built = go("build", "-p", "2", "-o", str(folder / "program"), f"{module}/{package}", seconds=5400)
    if built.returncode != 0:
        raise AssertionError(f"go build of {name}: {built.stderr}")
    os.rename(folder / "program", binary)
    return binary


class Exporter:
    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = EXPORTER.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Senders(EndToEnd):
    def skipped(self, reason):
        return self.metric("crmpulse_collector_ingest_skipped_series_total", reason=reason) or 0

    def taken(self):
        return self.metric("crm_up", crm="side") == 1.0 and self.metric("crm_operation_duration_seconds", crm="side") == 0.25

    def check_what_came(self, offers=0):
        """`offers`: requests in another form that a sender tries first, and repeats in ours after 415."""
        eventually(self.taken, 120, "what the sidecar shows of a CRM arrived")
        self.assertEqual(self.crm("side")["kind"], "sidecar")
        eventually(lambda: self.skipped("value_length") > 1 and self.skipped("not_ours") > 0, 60, "long labels and foreign series are left out")
        eventually(lambda: self.skipped("own_export") > 0, 60, "what the collector shows is not taken back")
        self.assertIsNone(self.metric("crm_records", crm="side"))
        refused = sum(value for (name, labels), value in self.metrics().items() if name == "crmpulse_collector_ingest_requests_total"
                      and dict(labels)["outcome"] == "refused")
        self.assertEqual(refused, offers, "no other request is refused")

    def scrape_config(self, exporter, own):
        return {"global": {"scrape_interval": "1s"}, "scrape_configs": [
            {"job_name": "sidecar", "static_configs": [{"targets": [exporter.address]}]},
            {"job_name": "self", "static_configs": [{"targets": [own]}]},
            {"job_name": "crmpulse", "static_configs": [{"targets": [self.base[7:]]}]}]}

    def test_vmagent_with_its_defaults(self):
        binary = program("vmagent")
        exporter = Exporter()
        self.addCleanup(exporter.close)
        self.collector()
        port = free_port()
        config = self.write("vmagent.yml", json.dumps(self.scrape_config(exporter, f"127.0.0.1:{port}")))
        self.process("vmagent", [binary, f"-promscrape.config={config}", f"-remoteWrite.url={self.base}/api/v1/write",
                                 f"-httpListenAddr=127.0.0.1:{port}", f"-remoteWrite.tmpDataPath={self.folder}/vmagent"])
        self.check_what_came(offers=1)  # VictoriaMetrics' own protocol, by zstd
        numbers = get(f"http://127.0.0.1:{port}/metrics")
        dropped = re.findall(r"^vmagent_remotewrite_packets_dropped_total\{.*\} (\d+)$", numbers, re.MULTILINE)
        self.assertEqual(set(dropped), {"0"}, "vmagent dropped nothing")

    def prometheus(self, more):
        binary = program("prometheus")
        exporter = Exporter()
        self.addCleanup(exporter.close)
        self.collector()
        port = free_port()
        config = {**self.scrape_config(exporter, f"127.0.0.1:{port}"), "remote_write": [{"url": self.base + "/api/v1/write", **more}]}
        path = self.write("prometheus.yml", json.dumps(config))
        self.process("prometheus", [binary, f"--config.file={path}", f"--storage.tsdb.path={self.folder}/tsdb",
                                    f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
        return f"http://127.0.0.1:{port}"

    def sent(self, base, what):
        found = get_json(f"{base}/api/v1/query?query=sum(prometheus_remote_storage_{what}_total)")["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

    def test_prometheus_3_with_its_defaults(self):
        base = self.prometheus({})
        self.check_what_came()
        eventually(lambda: self.sent(base, "samples") > 1000, 60, "Prometheus counts what it sent")
        self.assertEqual(self.sent(base, "samples_failed"), 0)

    def test_prometheus_3_by_remote_write_2(self):
        base = self.prometheus({"protobuf_message": "io.prometheus.write.v2.Request"})
        self.check_what_came()
        # What has a label too long is told by 2.0's rules, and counted there sample by sample.
        eventually(lambda: self.sent(base, "samples_failed") > 0, 60, "Prometheus knows what was not written")
        self.assertLess(self.sent(base, "samples_failed"), self.sent(base, "samples") / 10)


if __name__ == "__main__":
    unittest.main()
