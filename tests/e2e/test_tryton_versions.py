"""Tryton 7.0 and the newest from PyPI, asked by the recipe tryton-rpc: both JSON-RPC paths, logins of two and of three
members, and what 8.2 refuses. (Debian's own 6.0 is in test_tryton_rpc.) The packages come from PyPI, once, into the
test cache; where the registry cannot be reached the tests say so and are skipped.
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from harness import BIN, EndToEnd, eventually, free_port

PASSWORD = "Wzq7-kLm2vPx9"
# name, requirements, path of the calls of a database
SERIES = {"7.0": (["trytond~=7.0.0", "trytond_sale_opportunity~=7.0.0", "psycopg2-binary"], "/crm/"),
          "newest": (["trytond", "trytond_sale_opportunity", "psycopg[binary,pool]"], None)}


def installed(series):
    """The series in an environment of its own, in the cache."""
    cache = pathlib.Path(os.environ.get("CRMPULSE_CACHE", "/tmp/crmpulse-tryton")) / f"pypi-{series}"
    done = cache / "installed"
    if done.exists():
        return cache
    subprocess.run([sys.executable, "-m", "venv", "--clear", cache], check=True, capture_output=True)
    pip = [cache / "bin/pip", "--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "20"]
    probe = subprocess.run([*pip, "download", "--no-deps", "--no-binary", ":none:", "-d", cache / "probe", SERIES[series][0][0]],
                           capture_output=True, text=True, timeout=120)
    if probe.returncode != 0:
        raise unittest.SkipTest(f"PyPI cannot be reached, so Tryton {series} is not tested: {probe.stderr.strip().splitlines()[-1:]}")
    subprocess.run([*pip, "install", *SERIES[series][0]], check=True, capture_output=True, timeout=600)
    done.touch()
    return cache


class TrytonVersions(EndToEnd):
    def start_tryton(self, series):
        self.cache = installed(series)
        self.server = self.postgres()
        self.server.sql("CREATE DATABASE crm", "postgres")
        self.port = free_port()
        self.config = self.write("trytond.conf", f"[database]\nuri = {self.server.url('')}\n[web]\nlisten = 127.0.0.1:{self.port}\n")
        password = self.write("admin.password", "admin\n")
        subprocess.run([self.cache / "bin/trytond-admin", "-c", self.config, "-d", "crm", "-u", "sale_opportunity", "--activate-dependencies",
                        "--email", "admin@example.com"], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=600,
                       env={**os.environ, "TRYTONPASSFILE": str(password)})
        self.process("trytond", [self.cache / "bin/trytond", "-c", self.config, "-d", "crm"])
        self.path = SERIES[series][1] or eventually(self.find_path, 90, "Tryton answers at one of its paths")
        eventually(lambda: self.rpc("common.db.login", ["admin", {"password": "admin"}, "en"]), 90, "Tryton answers")
        self.session = self.log_in("admin", "admin")
        self.make_user()

    def find_path(self):
        for path in ("/crm/rpc/", "/crm/"):
            try:
                self.path = path
                self.rpc("common.db.login", ["admin", {"password": "admin"}, "en"])
                return path
            except urllib.error.HTTPError:
                continue
        return None

    def rpc(self, method, params, session=None):
        headers = {"Content-Type": "application/json"}
        if session:
            headers["Authorization"] = "Session " + base64.b64encode(session.encode()).decode()
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.port}{self.path}", body, headers), timeout=60) as answer:
            document = json.loads(answer.read())
        if "error" in document:
            raise ValueError(document["error"])
        return document["result"]

    def log_in(self, user, password):
        answer = self.rpc("common.db.login", [user, {"password": password}, "en"])
        return f"{user}:{answer[0]}:{answer[1]}"

    def make_user(self):
        """A company with an account as the recipe's rights describe it, and three parties, one of them with an empty name."""
        rpc = lambda method, params: self.rpc(method, params + [{}], self.session)  # noqa: E731
        currency = rpc("model.currency.currency.create", [[{"name": "Euro", "symbol": "€", "code": "EUR", "rates": [["create", [
            {"date": {"__class__": "date", "year": 2020, "month": 1, "day": 1}, "rate": {"__class__": "Decimal", "decimal": "1"}}]]]}]])[0]
        party = rpc("model.party.party.create", [[{"name": "Company"}, {"name": "Person"}, {"name": ""}]])[0]
        company = rpc("model.company.company.create", [[{"party": party, "currency": currency}]])[0]
        groups = rpc("model.res.group.search", [[["name", "in", ["Sales", "Sale Opportunity", "Account"]]], 0, None, None])
        rpc("model.res.user.create", [[{"name": "monitor", "login": "monitor", "password": PASSWORD, "companies": [["add", [company]]],
                                        "company": company, "groups": [["add", groups]]}]])

    def probe(self, notes):
        secret = self.write("tryton.password", PASSWORD + "\n")
        secret.chmod(0o600)
        self.agent_yaml = self.write("agent.yaml", (
            f"agent: {{name: e2e, state_dir: {self.folder}/agent}}\nship: {{url: \"http://127.0.0.1:9/api/v1/write\"}}\ndefaults: {{timeout: 30s}}\ncrms:\n"
            f"  - name: backoffice\n    recipe: tryton-rpc\n    with: {{url: \"http://127.0.0.1:{self.port}\", database: crm, notes: {notes}}}\n"
            f"    auth: {{flow: tryton_session, username: monitor, password_file: {secret}}}\n"
            "    checks: [{complete: party.party.name}, {complete: party.party.create_date}, {unique: party.party.name}, "
            "{valid: party.party.name as email}, {fresh: party.party 1d}, {orphan: sale.opportunity.party}]\n"))
        done = subprocess.run([BIN / "crmpulse-agent", "probe", "--config", self.agent_yaml, "--format", "json"], capture_output=True, text=True, timeout=300)
        self.assertTrue(done.stdout, done.stderr)
        return done.returncode, done.stdout

    def check_everything_answers(self, series):
        self.start_tryton(series)
        code, text = self.probe("false")
        self.assertIn(code, (0, 1), text)  # the parties of the seed lack what a company's would have
        measured = [measurement for crm in json.loads(text)["crms"] for measurement in crm["measurements"]]
        self.assertGreater(len(measured), 10, text)
        self.assertEqual([measurement["id"] for measurement in measured if not measurement["ok"]], [], text)
        samples = subprocess.run([BIN / "crmpulse-agent", "probe", "--config", self.agent_yaml, "--format", "prometheus"], capture_output=True,
                                 text=True, timeout=300).stdout
        self.assertRegex(samples, r'crm_info\{[^}]*version="[78]\.')
        self.assertRegex(samples, r'crm_records_incomplete\{[^}]*field="name"[^}]*object="party\.party"[^}]*\} 1\b')
        self.assertRegex(samples, r'crm_records_incomplete\{[^}]*field="create_date"[^}]*object="party\.party"[^}]*\} 0\b')
        self.assertRegex(samples, r'crm_records_checked\{[^}]*check="complete"[^}]*field="name"[^}]*\} 3\b')

    def test_tryton_7_0_is_measured_whole(self):
        self.check_everything_answers("7.0")

    def test_the_newest_tryton_is_measured_whole_and_what_it_refuses_is_permission(self):
        self.check_everything_answers("newest")
        code, text = self.probe("true")
        if "search on the" in text:  # from 8.2 on
            self.assertEqual(code, 1, text)
            self.assertIn("permission", text)
            self.assertNotIn("server_error", text)


if __name__ == "__main__":
    unittest.main()
