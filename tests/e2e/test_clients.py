"""Vendors' own clients against the sandbox, and every SOQL the agent sends read by an independent parser.

The clients come from npm and PyPI, once, into the test cache; when a registry cannot be reached the tests that need it say so
and are skipped.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import BIN, SOURCE, EndToEnd, eventually, free_port, get

CLIENTS = SOURCE / "tests/clients"


def registry_answers():
    """npm may have a registry of its own; ask the one it would use."""
    try:
        url = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, timeout=60).stdout.strip()
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10)
        return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def install(cache):
    """`npm ci` into the cache, again when the lock file has changed. Nothing of the packages runs while they install."""
    modules, lock = cache / "node_modules", CLIENTS / "package-lock.json"
    installed = cache / "installed.lock"
    if modules.is_dir() and installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise unittest.SkipTest("node and npm are not installed")
    if not registry_answers():
        raise unittest.SkipTest("the npm registry cannot be reached and the clients are not in the cache")
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CLIENTS / name, cache / name)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=cache, capture_output=True, text=True, timeout=400)
    if done.returncode != 0:
        raise AssertionError(f"npm ci: {done.stdout}{done.stderr}")
    shutil.copy(lock, installed)


def install_python(cache):
    """The clients from PyPI in an environment of their own, in the cache; again when their versions have changed."""
    requirements, installed = CLIENTS / "requirements.txt", cache / "installed.txt"
    if installed.exists() and installed.read_bytes() == requirements.read_bytes():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", cache], check=True, capture_output=True)
    pip = [cache / "bin/pip", "--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "20"]
    probe = subprocess.run([*pip, "download", "--no-deps", "-d", cache / "probe", requirements.read_text().split()[0]], capture_output=True, text=True, timeout=120)
    if probe.returncode != 0:
        raise unittest.SkipTest(f"PyPI cannot be reached and the clients are not in the cache: {probe.stderr.strip().splitlines()[-1:]}")
    # Nothing of the packages runs while they install.
    done = subprocess.run([*pip, "install", "--only-binary", ":all:", "-r", requirements], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise AssertionError(f"pip install: {done.stdout}{done.stderr}")
    shutil.copy(requirements, installed)


class Recorder:
    """Just enough of Salesforce to make the agent ask everything: every query is kept and answered with no records."""

    def __init__(self):
        self.queries = set()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def do_GET(self):
                self.answer(b"")

            do_PATCH = do_POST
            do_DELETE = do_GET

            def answer(self, body):
                status, answer = recorder.answer(self.command, self.path, body)
                text = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, target, body):
        path, _, query = target.partition("?")
        if path == "/services/oauth2/token":
            return 200, {"access_token": "recorded", "instance_url": self.url, "token_type": "Bearer", "id": self.url + "/id/00D/005"}
        if path.endswith("/composite"):
            return 200, {"compositeResponse": [self.part(one) for one in json.loads(body)["compositeRequest"]]}
        if path.endswith("/query"):
            return 200, self.asked(urllib.parse.parse_qs(query)["q"][0])
        if path.endswith("/parameterizedSearch"):
            return 200, {"searchRecords": [{"attributes": {"type": "Lead"}, "Id": "00Q000000000001AAA"}]}
        if "/sobjects/" in path:
            return self.record(method)
        if path.endswith("/status"):
            return 200, {"key": "NA45", "releaseVersion": "Winter '27", "status": "OK"}
        return 200, {}

    def record(self, method):
        if method == "POST":
            return 201, {"id": "00Q000000000001AAA", "success": True, "errors": []}
        return (200, {"Id": "00Q000000000001AAA"}) if method == "GET" else (204, None)

    def part(self, one):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(one["url"]).query)
        return {"httpStatusCode": 200, "httpHeaders": {}, "referenceId": one["referenceId"], "body": self.asked(query["q"][0])}

    def asked(self, soql):
        self.queries.add(soql)
        record = {"attributes": {"type": "AggregateResult"}, "InstanceName": "NA45", "filled": 0, "different": 0}
        one = "COUNT(" in soql and "COUNT()" not in soql and "GROUP BY" not in soql or "FROM Organization" in soql
        return {"totalSize": 1 if one else 0, "done": True, "records": [record] if one else []}


class WithSandbox(EndToEnd):
    cache = pathlib.Path(os.environ.get("CRMPULSE_CLIENTS_CACHE", "/tmp/crmpulse-clients"))

    def sandbox(self):
        port = free_port()
        process = self.process("sandbox", [BIN / "crmpulse-sandbox", "run", "--listen", f"127.0.0.1:{port}", "--credentials", self.folder / "credentials"])
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: process.alive() and get(url + "/_sandbox/faults"), 30, "the sandbox answers")
        return {"CRMPULSE_SANDBOX_URL": url, "CRMPULSE_JWT_KEY": str(self.folder / "credentials/salesforce.key")}


class PythonClients(WithSandbox):
    @classmethod
    def setUpClass(cls):
        install_python(cls.cache / "python")

    def run_file(self, name):
        """Runs one file of tests in the clients' environment."""
        done = subprocess.run([self.cache / "python/bin/python", "-B", "-m", "unittest", name], cwd=CLIENTS, capture_output=True, text=True, timeout=240,
                              env={**os.environ, **self.sandbox()})
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-6000:])
        self.assertRegex(done.stderr, r"Ran [1-9]")
        self.assertNotIn("skipped", done.stderr)

    def test_odoorpc_and_erppeek_work_with_the_sandbox(self):
        self.run_file("test_odoo.py")

    def test_simple_salesforce_works_with_the_sandbox(self):
        self.run_file("test_salesforce.py")

    def test_pysuitecrm_works_with_the_sandbox(self):
        self.run_file("test_suitecrm.py")

    def test_espocrm_client_works_with_the_sandbox(self):
        self.run_file("test_espocrm.py")


class Clients(WithSandbox):
    @classmethod
    def setUpClass(cls):
        install(cls.cache)

    def node(self, script, **environment):
        """Runs one file of tests where the packages are."""
        for path in CLIENTS.glob("*.mjs"):
            shutil.copy(path, self.cache / path.name)
        done = subprocess.run(["node", "--test", script], cwd=self.cache, capture_output=True, text=True, timeout=240, env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"# pass [1-9]")

    def test_jsforce_works_with_the_sandbox(self):
        self.node("jsforce.mjs", **self.sandbox())

    def test_hubspots_own_client_works_with_the_sandbox(self):
        self.node("hubspot.mjs", **self.sandbox())

    def test_pipedrives_own_client_works_with_the_sandbox(self):
        self.node("pipedrive.mjs", **self.sandbox())

    def test_dynamics_web_api_works_with_the_sandbox(self):
        self.node("dynamics.mjs", **self.sandbox())

    def probe_all(self, salesforce):
        """Every measurement the recipe has, every kind of check, with texts that must be quoted."""
        secret = self.write("secret", "recorded\n")
        secret.chmod(0o600)
        checks = ["complete: Contact.MobilePhone", "unique: Account.AccountNumber", "valid: Lead.Email as email", "fresh: Opportunity 14d", "orphan: Contact.AccountId"]
        config = self.write("agent.yaml", f"agent: {{name: \"o'brien\", state_dir: {self.folder}/agent}}\nship: {{url: \"http://127.0.0.1:9/api/v1/write\"}}\ncrms:\n"
                            "  - name: acme\n    recipe: salesforce\n"
                            f"    with: {{login_url: \"{salesforce.url}\", status_url: \"{salesforce.url}\", instance: NA45, csat_field: CSAT__c, automation: true, search_text: \"O'Hara\"}}\n"
                            f"    auth: {{flow: client_credentials, client_id: recorded, client_secret_file: {secret}}}\n"
                            "    transactions: {enabled: true}\n    checks:\n" + "".join(f"      - {check}\n" for check in checks))
        return subprocess.run([BIN / "crmpulse-agent", "probe", "--config", config, "--format", "json"], capture_output=True, text=True, timeout=200)

    def test_every_soql_parses(self):
        salesforce = Recorder()
        self.addCleanup(salesforce.close)
        done = self.probe_all(salesforce)
        self.assertIn(done.returncode, (0, 1, 2), done.stderr)
        recipe = (SOURCE / "config/recipes/salesforce.yaml").read_text()
        for template in sorted(set(re.findall(r'"(SELECT [^"]*)"', recipe))):
            pattern = re.compile(".+".join(re.escape(piece) for piece in re.split(r"\$\{[^}]*\}", template)))
            with self.subTest(template=template):
                self.assertTrue(any(pattern.fullmatch(query) for query in salesforce.queries), f"was never sent: {template}\n{done.stdout[-2000:]}")
        sent = self.write("soql.json", json.dumps(sorted(salesforce.queries)))
        self.node("soql.mjs", CRMPULSE_SOQL=str(sent))


if __name__ == "__main__":
    unittest.main()
