"""docs/reverse-proxy.md: nginx takes the examples as they stand, and what goes through them arrives. Without nginx the test says so."""

import re
import shutil
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from harness import SOURCE, WRITE_HEADERS, EndToEnd, eventually, free_port, remote_write

PAGE = SOURCE / "docs/reverse-proxy.md"
BLOCK = re.compile(r"^```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


@unittest.skipUnless(NGINX, "nginx is not installed: apt-get install nginx")
class ReverseProxy(EndToEnd):
    def through(self, number, more=""):
        """A collector, and nginx with the page's example of this number before it; its address."""
        self.collector(more=more)
        port = free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", "proxy.key", "-out", "proxy.pem"], check=True, capture_output=True, cwd=self.folder)
        server = BLOCK.findall(PAGE.read_text())[number]
        server = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;", server)
        server = re.sub(r"/etc/ssl/private/[\w.]+", str(self.folder / "proxy.key"), server)
        server = re.sub(r"/etc/ssl/[\w.]+", str(self.folder / "proxy.pem"), server)
        server = server.replace("127.0.0.1:9460", self.base.removeprefix("http://"))
        places = "".join(f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = self.write("nginx.conf", f"daemon off;\nmaster_process off;\npid {self.folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
                                        f"http {{\n  access_log off;\n{places}{server}}}\n")
        checked = subprocess.run([NGINX, "-t", "-c", str(file), "-p", str(self.folder)], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.process("nginx", [NGINX, "-c", str(file), "-p", str(self.folder)])
        proxy = f"https://localhost:{port}"
        eventually(lambda: self.ask(proxy + "/nothing").status in (404, 421), 30, "nginx answers")
        return proxy

    def anybody(self):
        """Takes any certificate: the proxy's was made a moment ago."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def ask(self, url, body=None, headers=None):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=30, context=self.anybody()) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.headers, refused.read())
        except OSError:
            return Answer(0, {}, b"")

    def test_pages_answers_and_samples_go_through_nginx_under_a_path(self):
        proxy = self.through(0, more="external_url: https://localhost/crm/\n") + "/crm"
        labels = {"__name__": "crm_operation_duration_seconds", "crm": "acme", "kind": "tryton", "operation": "read"}
        sent = self.ask(f"{proxy}/api/v1/write", remote_write([(labels, [(int(time.time() * 1000), 0.1)])]), WRITE_HEADERS)
        self.assertEqual(sent.status, 204, sent.body)
        self.assertIn(b'"acme"', self.ask(f"{proxy}/api/v1/crms").body)
        self.assertEqual(self.ask(f"{proxy}/").status, 200)
        self.assertEqual(self.ask(proxy.removesuffix("/crm") + "/api/v1/crms").status, 404)
        # A body as large as an agent's may be: the collector's own answer, not nginx's 413.
        self.assertEqual(self.ask(f"{proxy}/api/v1/write", b"x" * (20 << 20), WRITE_HEADERS).status, 400)

    def test_events_are_not_held_back(self):
        proxy = self.through(0, more="external_url: https://localhost/crm/\n") + "/crm"
        with urllib.request.urlopen(f"{proxy}/api/v1/stream", timeout=60, context=self.anybody()) as stream:
            self.assertEqual(stream.headers["Content-Type"].partition(";")[0], "text/event-stream")
            # A buffer would keep this, and the stream does not end.
            lines = [stream.readline().decode() for _ in range(3)]
            self.assertIn("event: snapshot\n", lines)

    def test_of_the_status_page_alone_nothing_else_is_seen(self):
        proxy = self.through(1, more="external_url: https://localhost\npublic: {crms: [acme]}\n")
        for path in ("/status", "/status.css", "/status.json", "/status.atom", "/badge/acme.svg", "/"):
            self.assertEqual(self.ask(proxy + path).status, 200, path)
        for path in ("/api/v1/crms", "/metrics", "/status/../api/v1/crms", "/badge/a/b.svg"):
            self.assertEqual(self.ask(proxy + path).status, 404, path)


if __name__ == "__main__":
    unittest.main()
