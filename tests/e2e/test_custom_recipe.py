"""The two examples of docs/custom-recipe.md, copied as the page says: only addresses and folders are the test's."""

import http.server
import json
import re
import subprocess
import threading
import unittest
import urllib.parse

from harness import BIN, SOURCE, EndToEnd

PASSWORD = "choose one"
BLOCK = re.compile(r"^```([\w ]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = BLOCK.findall((SOURCE / "docs/custom-recipe.md").read_text())


def block(kind, number):
    return [text for name, text in PAGE if name == kind][number]


class ServiceDesk(http.server.BaseHTTPRequestHandler):
    """Answers as the page's second example says, at most 200 records at a time."""

    protocol_version = "HTTP/1.1"
    customers = [{"id": n, "email": None if n % 10 == 0 else f"c{n % 450}@example.com", "owner": "" if n % 100 == 0 else "anna",
                  "updated_at": "2020-01-01T00:00:00Z"} for n in range(1, 501)]
    tickets = [{"id": n, "status": "open" if n % 10 == 0 else "closed"} for n in range(1, 391)]

    def log_message(self, *_):
        pass

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if (self.path, asked) == ("/api/login", {"user": "monitor", "password": PASSWORD}):
            return self.say(200, {"token": "T", "expires_in": 900})
        return self.say(401, {"error": "wrong user or password"})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.removeprefix("/api/")
        if self.headers.get("Authorization") != "Bearer T":
            return self.say(401, {"error": "who are you"})
        if name not in ("customers", "tickets"):
            return self.say(404, {"error": "not found"})
        rows = [row for row in getattr(self, name) if query.get("status") in (None, row.get("status"))]
        begin = int(query.get("offset", 0))
        return self.say(200, {"count": len(rows), name: rows[begin:begin + min(int(query["limit"]), 200)]})


class CustomRecipe(EndToEnd):
    def probe(self, crm, recipe, agent, address, mine):
        """What `probe` prints; every measurement succeeded."""
        (self.folder / "recipes").mkdir(exist_ok=True)
        (self.folder / "credentials").mkdir(exist_ok=True)
        self.write(f"recipes/{crm}.yaml", block("yaml recipe", recipe))
        self.write(f"credentials/{crm}.password", PASSWORD + "\n").chmod(0o600)
        text = block("yaml agent", agent)
        self.assertIn(address, text)
        text = text.replace(address, mine).replace("/etc/crmpulse", str(self.folder)).replace("/var/lib", str(self.folder))
        command = [BIN / "crmpulse-agent", "probe", "--config", self.write("agent.yaml", text), crm]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        told = done.stdout + done.stderr
        results = [line.split()[2] for line in done.stdout.partition("-----\n")[2].partition("\n\n")[0].splitlines()]
        self.assertTrue(results and set(results) == {"ok"}, told)
        return told

    def test_the_sql_example(self):
        server = self.postgres()
        server.sql("CREATE DATABASE shop", "postgres")
        server.sql(block("sql", 0), "shop")
        server.sql(block("sql", 1), "shop")
        told = self.probe("shop", 0, 0, "127.0.0.1/shop", f"127.0.0.1:{server.port}/shop")
        self.assertRegex(told, r"crm_records +object=customer +1,000\n")
        self.assertRegex(told, r"crm_records_incomplete +field=email object=customer +111\n")
        self.assertRegex(told, r"crm_transaction_success +transaction=heartbeat +1\n")
        self.assertEqual(server.sql("SELECT count(*) FROM crmpulse_heartbeat", "shop"), "0")
        told = self.probe("shop", 0, 2, "127.0.0.1/shop", f"127.0.0.1:{server.port}/shop")
        self.assertRegex(told, r"crm_records +object=open_ticket +40\n")

    def test_the_rest_example(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ServiceDesk)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        told = self.probe("desk", 1, 1, "127.0.0.1:8080", f"127.0.0.1:{server.server_port}")
        self.assertRegex(told, r"crm_records +object=ticket +39\n")
        self.assertRegex(told, r"crm_records +object=customer +500\n")
        self.assertRegex(told, r"crm_records_incomplete +field=email object=customer +50\n")
        self.assertRegex(told, r"crm_records_incomplete +field=owner object=customer +5\n")
        self.assertRegex(told, r"crm_records_outdated +field=updated_at object=customer +500\n")
        self.assertRegex(told, r"crm_records_duplicate +field=email object=customer +45\n")


if __name__ == "__main__":
    unittest.main()
