"""The collector as an outsider meets it: TLS and tokens, every route without, with a wrong and with a lesser token, wrong
methods, bodies too large, malformed, slow, and what is not a request at all. Nothing is open, nothing is told, others are
served meanwhile."""

import http.client
import json
import re
import socket
import ssl
import subprocess
import unittest
import warnings

from harness import BIN, SOURCE, WRITE_HEADERS, EndToEnd, eventually, free_port, remote_write, varint

# Every route there is, with the role it needs. One that is not here is found by its first test below.
ROUTES = {
    ("POST", "/api/v1/write"): "ingest", ("POST", "/api/v1/evidence"): "ingest",
    ("GET", "/api/v1/crms"): "viewer", ("GET", "/api/v1/crms/{crm}"): "viewer", ("GET", "/api/v1/crms/{crm}/history"): "viewer",
    ("GET", "/api/v1/crms/{crm}/states"): "viewer", ("GET", "/api/v1/crms/{crm}/days"): "viewer",
    ("GET", "/api/v1/crms/{crm}/changes"): "viewer", ("GET", "/api/v1/crms/{crm}/goals"): "viewer",
    ("DELETE", "/api/v1/crms/{crm}"): "operator",
    ("GET", "/api/v1/reports/{crm}"): "viewer",
    ("GET", "/api/v1/incidents"): "viewer", ("GET", "/api/v1/incidents/{id}"): "viewer",
    ("POST", "/api/v1/incidents/{id}/ack"): "operator", ("DELETE", "/api/v1/incidents/{id}/ack"): "operator",
    ("GET", "/api/v1/deliveries"): "viewer", ("POST", "/api/v1/deliveries/{id}/retry"): "operator",
    ("GET", "/api/v1/silences"): "viewer", ("POST", "/api/v1/silences"): "operator",
    ("GET", "/api/v1/silences/{id}"): "viewer", ("DELETE", "/api/v1/silences/{id}"): "operator",
    ("GET", "/api/v1/maintenance"): "viewer", ("POST", "/api/v1/maintenance"): "operator",
    ("GET", "/api/v1/maintenance/{id}"): "viewer", ("DELETE", "/api/v1/maintenance/{id}"): "operator",
    ("GET", "/api/v1/openapi.json"): "viewer", ("GET", "/api/v1/audit"): "admin", ("GET", "/metrics"): "viewer",
    ("GET", "/api/v1/troubles"): "viewer", ("POST", "/api/v1/receivers/{receiver}/events"): "none",
    ("GET", "/api/v1/fleet"): "viewer", ("GET", "/api/v1/stream"): "viewer", ("GET", "/api/v1/about"): "viewer", ("GET", "/api/v1/agents"): "viewer",
    ("GET", "/api/v1/crms/{crm}/rules"): "viewer", ("POST", "/api/v1/rules/rehearse"): "viewer", ("POST", "/api/v1/incidents/{id}/notes"): "operator",
    ("GET", "/api/v1/receivers"): "viewer", ("POST", "/api/v1/receivers/{receiver}/test"): "operator",
    ("GET", "/api/v1/tokens"): "admin", ("POST", "/api/v1/tokens"): "admin", ("DELETE", "/api/v1/tokens/{name}"): "admin",
    ("GET", "/api/v1/ca"): "none", ("POST", "/api/v1/join"): "none", ("GET", "/api/v1/invitations"): "admin",
    ("POST", "/api/v1/invitations"): "admin", ("DELETE", "/api/v1/invitations/{agent}"): "admin",
    ("GET", "/api/v1/session"): "none", ("POST", "/api/v1/session"): "none", ("DELETE", "/api/v1/session"): "none",
    ("GET", "/plain"): "viewer", ("GET", "/plain/incidents/{id}"): "viewer", ("GET", "/page.css"): "none",
    ("GET", "/status"): "none", ("GET", "/status.css"): "none", ("GET", "/status.json"): "none", ("GET", "/status.atom"): "none",
    ("GET", "/badge/{badge}"): "none", ("GET", "/favicon.svg"): "none", ("GET", "/assets/{file}"): "none",
    ("GET", "/-/healthy"): "none", ("GET", "/-/ready"): "none", ("POST", "/-/reload"): "admin",
    # The page: one document without anything in it.
    **{("GET", address): "none" for address in (
        "/", "/crm/{crm}", "/incidents", "/incidents/{id}", "/quiet", "/deliveries", "/agents", "/rules", "/reports", "/reports/{crm}", "/settings", "/login")},
}
COVERS = {"ingest": {"ingest"}, "viewer": {"viewer"}, "operator": {"viewer", "operator"},
          "admin": {"ingest", "viewer", "operator", "admin"}}
JSON = {"Content-Type": "application/json"}
LEAKS = re.compile(r"/(tmp|work|home|etc|usr|var|root)/|\.cpp|\.h:|boost|sqlite|std::|what\(\)|0x[0-9a-f]{6}|crmp_", re.IGNORECASE)


class Scan(EndToEnd):
    def setUp(self):
        super().setUp()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=collector", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
                       check=True, capture_output=True, cwd=self.folder)
        self.context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        self.port = free_port()
        self.version = subprocess.run([BIN / "crmpulse-collector", "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]

    def start(self, more=""):
        self.config = self.write("collector.yaml", f"listen: 127.0.0.1:{self.port}\ntls: {{cert_file: cert.pem, key_file: key.pem}}\nauth: required\n"
                                                   f"state_dir: {self.folder}/collector\nrules: [{SOURCE}/config/rules/default.yaml]\n{more}")
        self.tokens = {role: self.token(role, role) for role in COVERS}
        self.collector_process = self.process("collector", [BIN / "crmpulse-collector", "run", "--config", self.config])
        eventually(lambda: self.ask("GET", "/-/ready")[0] == 200, 60, "the collector is ready")

    def token(self, name, role, *more):
        command = [BIN / "crmpulse-collector", "token", "create", "--config", self.config, "--name", name, "--role", role, *more]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def ask(self, method, path, token=None, headers=None, body=None):
        """(status, headers, text) of one request on a connection of its own."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")

    def raw(self, data, more=None):
        """Everything the server says to these bytes until it closes; the client closes its side when it was told to."""
        with self.connect() as connection:
            heard = b""
            try:
                connection.sendall(data)
                while piece := connection.recv(65536):
                    heard += piece
            except (ConnectionError, ssl.SSLError, TimeoutError) as error:
                if isinstance(error, TimeoutError):
                    raise
            return heard.decode(errors="replace")

    def check_error(self, what, answer, statuses):
        status, headers, text = answer
        self.assertIn(status, statuses, f"{what}: {text[:300]}")
        error = json.loads(text)["error"]
        self.assertTrue(error["code"] and error["message"], what)
        self.check_no_leak(what, headers, text)

    def check_no_leak(self, what, headers, text):
        everything = text + "".join(f"{name}: {value}\n" for name, value in headers.items())
        self.assertIsNone(LEAKS.search(everything), f"{what}: {everything[:500]}")
        self.assertNotIn(self.version, everything, what)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff", what)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"], what)
        self.assertNotIn("Server", headers, what)

    def check_alive(self):
        self.assertTrue(self.collector_process.alive(), self.collector_process.tail())
        self.assertEqual(self.ask("GET", "/-/healthy")[0], 200)
        self.assertEqual(self.ask("GET", "/api/v1/crms", self.tokens["viewer"])[0], 200)
        log = self.collector_process.log.read_text()
        for token in self.tokens.values():
            self.assertNotIn(token, log)
        self.assertNotIn("threw", log)

    def routes(self):
        paths = json.loads(self.ask("GET", "/api/v1/openapi.json", self.tokens["viewer"])[2])["paths"]
        return {(method.upper(), path): operation["x-role"] for path, operations in paths.items() for method, operation in operations.items()}

    @staticmethod
    def open_answer(method, path):
        """What anybody gets of an open route: a document, that there is none, or what is wrong with an empty request."""
        if path == "/api/v1/session":
            return {"GET": 200, "POST": 400, "DELETE": 204}[method]
        if path == "/api/v1/join":
            return 415  # a body is needed
        if path == "/api/v1/ca" or path.startswith(("/status", "/badge/")):
            return 404  # nothing is public here, and the certificate is of no authority of its own
        page = path.startswith(("/crm/", "/incidents/", "/reports/"))
        return 404 if "nothing" in path and not page else 200

    def test_every_route_with_every_token(self):
        self.start()
        routes = self.routes()
        self.assertEqual({route: role for route, role in routes.items() if ROUTES.get(route) != role}, {}, "routes this scan does not know")
        self.assertGreaterEqual(len(routes), len(ROUTES) - 1)
        for (method, path), role in routes.items():
            path = re.sub(r"{\w+}", "nothing", path)
            what = f"{method} {path}"
            for token in (None, "crmp_" + "0" * 64, self.tokens["admin"][:-1], self.tokens["admin"] + "0", "x" * 2000):
                answer = self.ask(method, path, token)
                if role == "none":
                    self.assertEqual(answer[0], self.open_answer(method, path), what)
                else:
                    self.check_error(what, answer, {401})
            for held, reaches in COVERS.items():
                endless = path == "/api/v1/stream"
                answer = self.ask("HEAD" if endless and role in reaches else method, path, self.tokens[held])
                if role != "none" and role not in reaches:
                    self.check_error(f"{what} as {held}", answer, {403})
                else:
                    self.assertIn(answer[0], {200, 204, 400, 404, 415}, f"{what} as {held}: {answer[2]}")
        for scheme in ("Basic " + self.tokens["admin"], "Bearer", "Bearer ", self.tokens["admin"], f"bearer{self.tokens['admin']}"):
            self.check_error(scheme[:8], self.ask("GET", "/api/v1/crms", headers={"Authorization": scheme}), {401})
        self.check_error("a token in the query", self.ask("GET", f"/api/v1/crms?token={self.tokens['admin']}"), {401})
        self.check_alive()

    def test_wrong_methods_and_addresses(self):
        self.start()
        admin = self.tokens["admin"]
        routes = self.routes()
        for path in {path for _, path in routes}:
            here = {method for method, other in routes if other == path}
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"):
                if method not in here:
                    answer = self.ask(method, path.replace("{", "").replace("}", ""), admin)
                    self.check_error(f"{method} {path}", answer, {405})
                    self.assertEqual(set(answer[1]["Allow"].split(", ")), here)
        tricks = ["/..", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/api/v1/crms/..%2f..%2f..%2fetc%2fpasswd",
                  "/api/v1/crms/%2e%2e", "/api/v1/crms/..", "//", "//evil.example.com/", "/api//v1/crms", "/api/v1/crms/", "/API/V1/CRMS",
                  "/api/v1/./crms", "/api/v1/crms;x=1", "/api/v1/crms%20", "/.git/config", "/tokens.json", "/audit.jsonl", "/collector.db",
                  "/page.css/..", "/" + "a" * 8000, "/-/reload/../healthy", "/metrics/", "/debug/pprof", "/%252e%252e/", "/\\..\\..",
                  "/api/v1/incidents/'%20OR%201=1--", "/api/v1/crms/%3Cscript%3E"]
        for path in tricks:
            self.check_error(path[:60], self.ask("GET", path, admin), {404})
        for path in ("/%00", "/api/v1/crms%00", "/%zz", "/%", "/api/v1/crms/%0d%0aX:1", "/%7f"):
            self.check_error(path, self.ask("GET", path, admin), {400})
        for target in ("*", "evil.example.com:443", "http://evil.example.com/nowhere", ""):
            heard = self.raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {admin}\r\n\r\n".encode())
            self.assertRegex(heard, r"^HTTP/1\.1 (400|404) ", target)
        self.check_alive()

    def test_bodies_that_are_too_large_malformed_or_lie(self):
        self.start()
        head = "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n"

        def status_of(path, headers, body=b""):
            heard = self.raw(head.format(path, headers).encode() + body)
            self.assertRegex(heard, r"^HTTP/1\.1 \d{3} ", f"{path} {headers[:80]}")
            self.assertIsNone(LEAKS.search(heard), heard)
            return int(heard[9:12])

        def bearer(role):
            return f"Authorization: Bearer {self.tokens[role]}\r\n"

        # Nobody sends a body without a token: it is refused at its head.
        for path in ("/api/v1/write", "/api/v1/silences", "/-/reload"):
            self.assertEqual(status_of(path, "Content-Length: 30000000\r\n"), 401, path)
            self.assertEqual(status_of(path, "Content-Length: 1000000000\r\n"), 413, path)
            self.assertEqual(status_of(path, "Transfer-Encoding: chunked\r\n"), 401, path)
        self.assertEqual(status_of("/api/v1/write", bearer("ingest") + f"Content-Length: {2**25 + 1}\r\n"), 413)
        self.assertEqual(status_of("/api/v1/write", bearer("ingest") + "Content-Length: 99999999999999999999\r\n"), 400)
        self.assertEqual(status_of("/api/v1/silences", bearer("operator") + "Content-Length: 65537\r\n"), 413)
        self.assertEqual(status_of("/-/reload", bearer("admin") + "Content-Length: 65537\r\n"), 413)
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        self.assertEqual(status_of("/api/v1/silences", bearer("operator") + "Transfer-Encoding: chunked\r\n", chunk * 3), 413)

        ingest, operator = self.tokens["ingest"], self.tokens["operator"]
        bombs = {"a claim of 4 GiB": varint(2**32 - 1) + b"\x00", "a claim of 1 GiB": varint(2**30) + b"\x00",
                 "a claim beyond 64 bits": b"\xff" * 10, "nothing": b"", "text": b"hello", "zeros": b"\x00" * 1000,
                 "a real bomb": varint(2**31 - 1) + b"\x04a" + b"\xfe\x01\x00" * 100000}
        for what, body in bombs.items():
            answer = self.ask("POST", "/api/v1/write", ingest, WRITE_HEADERS, body)
            if what not in ("nothing", "zeros"):
                self.check_error(what, answer, {400, 413})
            else:
                self.assertIn(answer[0], {204, 400}, what)
        for what, body in {"deep": b"[" * 60000, "deep objects": b'{"a":' * 10000, "text": b"hello", "not UTF-8": b'{"comment": "\xff\xfe"}',
                           "a list": b"[]", "nothing": b"", "a number": b"1e999999", "null": b"null"}.items():
            for path in ("/api/v1/silences", "/api/v1/maintenance"):
                self.check_error(what, self.ask("POST", path, operator, JSON, body), {400})
            if body:
                self.check_error(what, self.ask("POST", "/api/v1/evidence", ingest, {}, body), {400})
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            self.check_error(kind, self.ask("POST", "/api/v1/silences", operator, {"Content-Type": kind}, b"{}"), {415})
        # Where alerts go is nobody's to say here.
        for member in ("url", "receiver", "receivers", "webhook"):
            body = json.dumps({"matchers": {"crm": "a"}, "ends_at": "2099-01-01T00:00:00Z", "comment": "c", member: "http://127.0.0.1:9/"})
            self.check_error(member, self.ask("POST", "/api/v1/silences", operator, JSON, body), {400})
        self.check_error("a form of ours", self.ask("POST", "/api/v1/write", ingest, JSON, b"{}"), {415})
        self.assertEqual(json.loads(self.ask("GET", "/api/v1/crms", self.tokens["viewer"])[2])["crms"], [])
        self.check_alive()

    def test_what_is_no_request(self):
        self.start()
        host = "Host: x\r\n"
        requests = {
            "two lengths": f"POST /api/v1/write HTTP/1.1\r\n{host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            "length and chunked": f"POST /api/v1/write HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "chunked and length": f"POST /api/v1/write HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "a negative length": f"POST /api/v1/write HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n",
            "a signed length": f"POST /api/v1/write HTTP/1.1\r\n{host}Content-Length: +3\r\n\r\nabc",
            "a list of lengths": f"POST /api/v1/write HTTP/1.1\r\n{host}Content-Length: 3, 4\r\n\r\nabc",
            "another coding": f"POST /api/v1/write HTTP/1.1\r\n{host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            "chunked not last": f"POST /api/v1/write HTTP/1.1\r\n{host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "a blank before the colon": f"GET / HTTP/1.1\r\n{host}Transfer-Encoding : chunked\r\n\r\n",
            "a header of two lines": f"GET / HTTP/1.1\r\n{host}no header\r\n\r\n",
            "no host": "GET / HTTP/1.1\r\n\r\n",
            "two hosts": f"GET / HTTP/1.1\r\n{host}Host: y\r\n\r\n",
            "HTTP/0.9": "GET /\r\n\r\n",
            "HTTP/3.7": f"GET / HTTP/3.7\r\n{host}\r\n",
            "a NUL": f"GET / HTTP/1.1\r\n{host}X: a\0b\r\n\r\n",
            "garbage": "\x16\x03\x01\x02\x00garbage\r\n\r\n",
            "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "huge headers": f"GET / HTTP/1.1\r\n{host}X: {'a' * 20000}\r\n\r\n",
            "many headers": f"GET / HTTP/1.1\r\n{host}" + "X: a\r\n" * 4000 + "\r\n",
            "a long line": "GET /" + "a" * 20000 + f" HTTP/1.1\r\n{host}\r\n",
        }
        hidden = "GET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n"
        for what, text in requests.items():
            heard = self.raw((text + hidden).encode("latin-1"))
            self.assertRegex(heard, r"^HTTP/1\.1 (400|401|431|501) ", f"{what}: {heard[:200]}")
            # One answer, then the end: what stood behind it is not taken for a request.
            self.assertEqual(len(re.findall(r"HTTP/1\.1 \d{3} ", heard)), 1, f"{what}: {heard}")
            self.assertIsNone(LEAKS.search(heard), what)
        self.check_alive()

    def test_other_protocols_on_the_port_and_slow_clients(self):
        self.start()

        def plain(data):
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                heard = b""
                try:
                    connection.sendall(data)
                    while piece := connection.recv(65536):
                        heard += piece
                except ConnectionError:
                    pass
                return heard

        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-x\r\n", b"\x00" * 4096, b"\x16\x03\x01\xff\xff" + b"\x01" * 4000):
            self.assertNotIn(b"HTTP/1.1 200", plain(data))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname = False
        old.verify_mode = ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                old.wrap_socket(connection)
        # Slow ones hold nobody up, and are ended.
        slow = [self.connect() for _ in range(20)]
        for number, connection in enumerate(slow):
            self.addCleanup(connection.close)
            connection.sendall(b"POST /api/v1/write HTTP/1.1\r\nHost: x\r\n"[:number + 5])
        self.check_alive()
        heard = b""
        while piece := slow[-1].recv(65536):
            heard += piece
        self.assertTrue(heard.startswith(b"HTTP/1.1 408 "), heard)
        self.check_alive()

    def test_a_guesser_is_slowed_and_counted_and_right_tokens_go_on(self):
        self.start("limits: {exempt: [], failed_logins_per_address: 5}\n")
        viewer = self.tokens["viewer"]
        self.assertEqual(self.ask("GET", "/api/v1/crms", viewer)[0], 200)
        statuses = [self.ask("GET", "/api/v1/crms", f"crmp_{number}")[0] for number in range(20)]
        self.assertEqual(statuses[:5], [401] * 5)
        self.assertIn(429, statuses)
        self.assertEqual(self.ask("GET", "/api/v1/crms", viewer)[0], 200)
        slowed = self.ask("GET", "/api/v1/audit", "crmp_x")
        self.check_error("one more guess", slowed, {429})
        self.assertIn("Retry-After", slowed[1])
        self.assertEqual(self.ask("GET", "/api/v1/audit", self.tokens["admin"])[0], 200, "a right token among guesses")
        self.check_error("a sender", self.ask("POST", "/api/v1/write", "crmp_x"), {503})
        metrics = self.ask("GET", "/metrics", viewer)[2]
        refused = dict(re.findall(r'^crmpulse_collector_http_refused_requests_total{reason="(\w+)"} (\d+)$', metrics, re.MULTILINE))
        self.assertGreaterEqual(int(refused["failed_logins"]), 3, refused)
        self.assertGreaterEqual(int(refused["unauthorized"]), 5, refused)
        self.check_alive()

    def test_tokens_of_one_agent_expiring_and_revoked(self):
        self.start()
        bound = self.token("branch", "ingest", "--agent", "branch-1", "--expires", "90d")
        body = remote_write([({"__name__": "crm_up", "crm": "a", "kind": "k", "agent": "branch-1"}, [(1, 1.0)])])

        def send(name):
            return self.ask("POST", "/api/v1/write", bound, {**WRITE_HEADERS, "X-Crm-Agent": name}, body)

        eventually(lambda: send("branch-1")[0] == 204, 20, "the token is known")
        self.check_error("another name", send("branch-2"), {403})
        command = [BIN / "crmpulse-collector", "token"]
        listed = subprocess.run(command + ["list", "--config", self.config], check=True, capture_output=True, text=True).stdout
        self.assertRegex(listed, r"(?m)^branch\tingest\t\S+\tagent branch-1\texpires 20")
        self.assertRegex(listed, r"(?m)^viewer\tviewer\t\S+\tany agent\tdoes not expire$")
        self.assertNotIn(bound, listed)
        subprocess.run(command + ["revoke", "branch", "--config", self.config], check=True, capture_output=True)
        eventually(lambda: send("branch-1")[0] == 401, 20, "the token is revoked")
        for wrong in (["--name", "x", "--role", "root"], ["--name", "x", "--role", "viewer", "--expires", "never"]):
            self.assertEqual(subprocess.run(command + ["create", "--config", self.config] + wrong, capture_output=True).returncode, 2)
        entries = json.loads(self.ask("GET", "/api/v1/audit", self.tokens["admin"])[2])["entries"]
        self.assertEqual([(one["action"], one["about"]) for one in entries[:2]], [("token revoke", "branch"), ("token create", "branch (ingest)")])
        self.assertTrue(all(one["who"].startswith("user ") and one["from"] == "local" for one in entries))
        self.assertNotIn(bound, json.dumps(entries))


if __name__ == "__main__":
    unittest.main()
