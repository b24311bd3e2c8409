"""`crmpulse-agent setup` against the databases and APIs that have a recipe: recognised, and nothing else is; rights that are
missing, and granted by what it prints; typed by a person and by options; what it writes is accepted and works."""

import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import unittest

from harness import BIN, SOURCE, EndToEnd, Process, eventually, free_port
from terminal import Terminal

RECIPES = SOURCE / "tests/probes/recipes"
PASSWORD = "pass word's own"
PLAIN = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
HOURS = ["--hours", "mon-fri 08:00-18:00", "--zone", "Europe/Prague"]
# What is walked here, and what is said of each one's version. `Every` holds this list to the recipes.
POSTGRESQL = {"odoo": ("odoo", "17.0.1.3"), "odoo19": ("odoo", "19.0.1.3"), "espocrm": ("espocrm", "Version: not told by it")}   # folder: recipe, version
MYSQL = {"suitecrm": "Version: not told by it", "espocrm": "Version: not told by it", "vtiger": ", 7.5.0", "dolibarr": "--with version=true"}
APIS = {"salesforce": "Version: 62.0 (Winter '27", "hubspot": "Version: 2026-03\n", "zoho": "Version: v7 (enterprise)", "dynamics": "Version: 9.2.",
        "pipedrive": "Version: not told by it", "odoo-rpc": ", 17.0", "odoo-json2": ", 19.0", "suitecrm-api": "Version: not told by it",
        "espocrm-api": "Version: 9.1.5\n"}


class Mariadb:
    """A MariaDB of the test's own; root without password through its socket."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "mariadb"
        self.folder.mkdir()
        self.user = "mysql" if os.geteuid() == 0 else None
        if self.user:
            os.chmod(folder, 0o755)
            shutil.chown(self.folder, "mysql", "mysql")
        self.port = free_port()
        self.socket = self.folder / "socket"
        wrapped = ["setpriv", "--reuid=mysql", "--regid=mysql", "--init-groups", "--"] if self.user else []
        subprocess.run([*wrapped, "mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={self.folder}",
                        "--auth-root-authentication-method=normal", "--skip-name-resolve", "--force"], check=True, capture_output=True, cwd=self.folder)
        self.process = Process("mariadb", ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={self.folder}",
                                           f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.socket}", f"--pid-file={self.folder}/pid",
                                           "--skip-name-resolve", "--innodb-buffer-pool-size=16M"], self.folder, user=self.user)
        eventually(lambda: self.sql("SELECT 1") == "1", 60, "MariaDB answers")

    def sql(self, statements, database="mysql"):
        done = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "-u", "root", "-N", "-B", database], input=statements,
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def url(self, database):
        return f"mysql://monitor@127.0.0.1:{self.port}/{database}"


class Setup(EndToEnd):
    def setUp(self):
        super().setUp()
        self.config = self.folder / "agent.yaml"
        self.config.write_text(f"# mine\nagent: {{state_dir: {self.folder}/state}}   # where\nship:\n  url: http://127.0.0.1:9/api/v1/write\n\ncrms: []   # none yet\n")
        self.password = self.write("monitor.password", PASSWORD + "\n")
        self.password.chmod(0o600)

    def setup(self, *arguments, config=None):
        return subprocess.run([str(part) for part in [BIN / "crmpulse-agent", "setup", "--config", config or self.config, *arguments]],
                              capture_output=True, text=True, env=PLAIN, stdin=subprocess.DEVNULL)

    def agent(self, command, *arguments):
        return subprocess.run([str(part) for part in [BIN / "crmpulse-agent", command, "--config", self.config, *arguments]],
                              capture_output=True, text=True, env=PLAIN)

    def written(self, name, done, lacking=False):
        """It ended well; the file passes `check`; no measurement fails. `lacking`: some are switched off, and it says so; else none is."""
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (self.assertIn if lacking else self.assertNotIn)("cannot be measured and is switched off", done.stdout)
        checked = self.agent("check")
        self.assertEqual(checked.returncode, 0, checked.stderr + self.config.read_text())
        report = json.loads(self.agent("probe", "--format", "json", name).stdout)
        measured = report["crms"][0]["measurements"]
        self.assertTrue(measured)
        self.assertEqual([one["measurement"] for one in measured if one.get("failure")], [], done.stdout)
        self.assertTrue(self.config.read_text().startswith("# mine\n"))
        self.assertNotIn(PASSWORD, done.stdout + done.stderr + self.config.read_text())

    def refused(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)

    @staticmethod
    def statements(done):
        """What it printed to be run."""
        return [line.strip() for line in done.stdout.splitlines() if re.match(r"^  (GRANT|ALTER|SET) .*;$", line)]

    # Typed by a person.

    def answer(self, screen, *dialogue):
        for words, key in dialogue:
            eventually(lambda words=words: words in screen.text()[self.read:], 60, f"it asks {words!r}; it says {screen.text()}")
            self.read = len(screen.text())
            screen.press(key + "\r")

    def typed(self, *arguments, env=PLAIN):
        self.read = 0
        screen = Terminal([BIN / "crmpulse-agent", "setup", "--config", self.config, *arguments], 120, 50, env)
        self.addCleanup(screen.close)
        return screen


class Databases(Setup):
    def server_with_password(self):
        """A PostgreSQL that wants the monitoring account's password."""
        server = self.postgres()
        server.sql(f"CREATE ROLE monitor LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'", "postgres")
        rules = server.folder / "data/pg_hba.conf"
        rules.write_text("host all monitor 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        server.sql("SELECT pg_reload_conf()", "postgres")
        eventually(lambda: subprocess.run(["psql", "-w", "-h", "127.0.0.1", "-p", str(server.port), "-U", "monitor", "-c", "", "postgres"],
                                          capture_output=True, env={**os.environ, "PGPASSWORD": ""}).returncode != 0, 30, "it wants a password")
        return server

    def fill(self, server, database, *folders):
        server.sql(f"CREATE DATABASE {database}", "postgres")
        for folder in folders:
            for what in ("schema", "seed"):
                subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", database,
                                "-f", RECIPES / folder / f"{what}.postgresql.sql"], check=True, capture_output=True)

    def test_postgresql_products_are_recognised_and_what_is_printed_grants_what_is_missing(self):
        server = self.server_with_password()
        for folder, (recipe, version) in POSTGRESQL.items():
            with self.subTest(folder=folder):
                self.fill(server, folder, folder)
                arguments = [server.url(folder, "monitor"), "--password-file", self.password, *HOURS]
                before = self.config.read_text()
                lacking = self.setup(*arguments, "--yes")
                self.refused(lacking, 3, f"Found {recipe}: ", "rights are missing")
                self.assertEqual(self.config.read_text(), before)
                self.assertFalse((self.folder / f"credentials/{folder}.password").exists())
                granted = self.statements(lacking)
                self.assertTrue(granted)
                server.sql(" ".join(granted), folder)
                done = self.setup(*arguments, "--yes")
                self.written(folder, done)
                self.assertIn(version, done.stdout)
                self.assertEqual((self.folder / f"credentials/{folder}.password").stat().st_mode & 0o777, 0o600)

    def test_tryton_is_recognised(self):
        server = self.postgres()
        cache = os.environ.get("CRMPULSE_CACHE", str(self.folder / "cache"))
        subprocess.run([SOURCE / "scripts/tryton-database", "--port", str(server.port), "--cache", cache, "--work", str(self.folder),
                        str(RECIPES / "tryton/seed.postgresql.sql")], check=True)
        server.sql("CREATE ROLE monitor LOGIN", "crm")
        lacking = self.setup(server.url("crm", "monitor"), *HOURS, "--name", "backoffice", "--yes")
        self.refused(lacking, 3, "Found tryton: ", "rights are missing")
        for statement in self.statements(lacking):
            server.sql(statement, "crm")
        done = self.setup(server.url("crm", "monitor"), *HOURS, "--name", "backoffice", "--yes")
        self.written("backoffice", done)
        self.assertIn("Version: not told by it", done.stdout)

    def test_a_schema_that_is_not_looked_in_is_granted_and_found(self):
        server = self.server_with_password()
        server.sql("CREATE DATABASE erp", "postgres")
        server.sql("CREATE SCHEMA sales", "erp")
        for what in ("schema", "seed"):
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", "erp",
                            "-f", RECIPES / "odoo" / f"{what}.postgresql.sql"], check=True, capture_output=True,
                           env={**os.environ, "PGOPTIONS": "-csearch_path=sales"})
        arguments = [server.url("erp", "monitor"), "--password-file", self.password, *HOURS, "--yes"]
        lacking = self.setup(*arguments)
        self.refused(lacking, 3, "schema sales", 'GRANT USAGE ON SCHEMA "sales" TO monitor;', 'ALTER ROLE monitor SET search_path = "sales";')
        server.sql(" ".join(self.statements(lacking)), "erp")
        self.written("erp", self.setup(*arguments))

    def test_without_rights_what_cannot_be_measured_is_switched_off_and_said(self):
        server = self.server_with_password()
        self.fill(server, "odoo", "odoo")
        server.sql("GRANT SELECT ON crm_lead, crm_stage, res_partner, res_currency, ir_cron TO monitor", "odoo")
        done = self.setup(server.url("odoo", "monitor"), "--password-file", self.password, "--hours", "none", "--without-rights", "--yes")
        self.written("odoo", done, lacking=True)
        self.assertIn("{enabled: false}   # permission: ", self.config.read_text())

    def test_mysql_products_are_recognised(self):
        server = Mariadb(self.folder)
        self.addCleanup(server.process.kill)
        server.sql(f"CREATE USER monitor@'127.0.0.1' IDENTIFIED BY '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
        for recipe, version in MYSQL.items():
            with self.subTest(recipe=recipe):
                server.sql(f"CREATE DATABASE {recipe} CHARACTER SET utf8mb4; GRANT USAGE ON *.* TO monitor@'127.0.0.1'")
                for what in ("schema", "seed"):
                    server.sql((RECIPES / recipe / f"{what}.mysql.sql").read_text(), recipe)
                # An account that may not even see a table: the product is named once, to see its grants.
                server.sql(f"CREATE TABLE seen (id int); GRANT SELECT ON {recipe}.seen TO monitor@'127.0.0.1'", recipe)
                arguments = [server.url(recipe), "--password-file", self.password, *HOURS]
                self.refused(self.setup(*arguments, "--yes"), 3, "no product that has a recipe is recognised")
                lacking = self.setup(*arguments, "--recipe", recipe, "--yes")
                self.refused(lacking, 3, "rights are missing")
                server.sql("\n".join(self.statements(lacking)), recipe)
                done = self.setup(*arguments, "--yes")
                self.assertIn(f"Found {recipe}: ", done.stdout)
                self.assertIn(version, done.stdout)
                self.written(recipe, done)
        # Dolibarr's version stands beside passwords: it is asked for only by those who want it.
        arguments = [server.url("dolibarr"), "--name", "asked", "--password-file", self.password, *HOURS, "--with", "version=true", "--yes"]
        lacking = self.setup(*arguments)
        self.refused(lacking, 3, "rights are missing")
        server.sql("\n".join(self.statements(lacking)), "dolibarr")
        done = self.setup(*arguments)
        self.written("asked", done)
        self.assertIn("Version: 19.0.1\n", done.stdout)

    def test_other_mysql_databases_are_not_taken_for_a_product(self):
        server = Mariadb(self.folder)
        self.addCleanup(server.process.kill)
        server.sql(f"CREATE USER monitor@'127.0.0.1' IDENTIFIED BY '{PASSWORD.replace(chr(39), chr(39) * 2)}'; GRANT SELECT ON *.* TO monitor@'127.0.0.1'")
        for database, *folders in (("empty",), ("films",), ("half", "dolibarr"), ("twofold", "vtiger", "suitecrm")):
            server.sql(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
            for folder in folders:
                for what in ("schema", "seed"):
                    server.sql((RECIPES / folder / f"{what}.mysql.sql").read_text(), database)
        # Names that products have, too.
        server.sql("CREATE TABLE film (id int); CREATE TABLE accounts (id int, date_modified datetime); CREATE TABLE leads (id int); CREATE TABLE account (id int)",
                   "films")
        server.sql("DROP TABLE llx_projet", "half")
        before = self.config.read_text()
        for database, *words in (("empty", "sees no table in this database"), ("films", "no product that has a recipe is recognised"),
                                 ("half", "no product that has a recipe is recognised", "it resembles dolibarr, but lacks llx_projet"),
                                 ("twofold", "more than one product", "--recipe", "vtiger: ", "suitecrm: ")):
            with self.subTest(database=database):
                done = self.setup(server.url(database), "--password-file", self.password, *HOURS, "--yes")
                self.refused(done, 3, *words)
                self.assertNotIn("Found ", done.stdout)
        self.assertEqual(self.config.read_text(), before)

    def test_a_prefix_of_ones_own_is_found(self):
        server = Mariadb(self.folder)
        self.addCleanup(server.process.kill)
        server.sql(f"CREATE USER monitor@'127.0.0.1' IDENTIFIED BY '{PASSWORD.replace(chr(39), chr(39) * 2)}'; CREATE DATABASE erp CHARACTER SET utf8mb4; "
                   "GRANT SELECT ON erp.* TO monitor@'127.0.0.1'")
        for what in ("schema", "seed"):
            server.sql((RECIPES / f"dolibarr/{what}.mysql.sql").read_text().replace("llx_", "doli_"), "erp")
        done = self.setup(server.url("erp"), "--password-file", self.password, *HOURS, "--yes")
        self.written("erp", done)
        self.assertIn("prefix: doli_", self.config.read_text())

    def test_other_databases_are_not_taken_for_a_product(self):
        server = self.server_with_password()
        server.sql("CREATE DATABASE empty", "postgres")
        server.sql("CREATE DATABASE films", "postgres")
        server.sql("CREATE TABLE film (id int, title text); CREATE TABLE account (id int); CREATE TABLE lead (id int)", "films")
        self.fill(server, "half", "odoo")
        server.sql("DROP TABLE crm_lead", "half")
        self.fill(server, "twofold", "odoo", "espocrm")
        before = self.config.read_text()
        for database, *words in (("empty", "sees no table in this database", "it is empty"), ("films", "no product that has a recipe is recognised"),
                                 ("half", "it resembles odoo, but lacks crm_lead"),
                                 ("twofold", "more than one product", "--recipe", "odoo: ", "espocrm: ")):
            with self.subTest(database=database):
                self.refused(self.setup(server.url(database, "monitor"), "--password-file", self.password, *HOURS, "--yes"), 3, *words)
        self.assertEqual(self.config.read_text(), before)
        chosen = self.setup(server.url("twofold", "monitor"), "--password-file", self.password, *HOURS, "--recipe", "espocrm", "--yes")
        self.refused(chosen, 3, "Found espocrm: ", "rights are missing")

    def test_a_wrong_password_and_a_closed_port_are_told(self):
        server = self.server_with_password()
        wrong = self.write("wrong", "not it\n")
        wrong.chmod(0o600)
        self.refused(self.setup(server.url("postgres", "monitor"), "--password-file", wrong, "--yes"), 3, "auth/credentials")
        self.refused(self.setup(f"postgresql://monitor@127.0.0.1:{free_port()}/crm", "--yes"), 3, "connect/refused")
        self.refused(self.setup("postgresql://monitor@127.0.0.1/crm?sslmod=x", "--yes"), 2, "sslmod")
        self.refused(self.setup(), 2, "needs the address")

    def sample(self, name="shop.db"):
        path = self.folder / name
        for script in (SOURCE / "config/demo/sample-crm.sql", RECIPES / "sample/seed.sqlite.sql"):
            subprocess.run(["sqlite3", "-bail", path, f".read {script}"], check=True, capture_output=True)
        return path

    def test_a_sqlite_file_is_recognised_and_a_dry_run_writes_nothing(self):
        path = self.sample()
        before = self.config.read_text()
        dry = self.setup(path, *HOURS, "--dry-run")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertIn("Found sample: ", dry.stdout)
        self.assertIn("+  - name: shop\n", dry.stdout)
        self.assertIn("Nothing was written", dry.stdout)
        self.assertEqual(self.config.read_text(), before)
        self.assertEqual(sorted(each.name for each in self.folder.iterdir()), ["agent.yaml", "monitor.password", "shop.db"])
        self.written("shop", self.setup(path, *HOURS, "--yes"))
        self.refused(self.setup(path, *HOURS, "--yes", "--name", "shop"), 2, "there is a CRM named 'shop' already")
        self.written("shop-2", self.setup(path, *HOURS, "--yes"))

    def test_everything_around_the_new_lines_stays_as_it_was(self):
        path = self.sample()
        self.config.chmod(0o640)
        before = self.config.read_text()
        self.assertEqual(self.setup(path, *HOURS, "--yes").returncode, 0)
        after = self.config.read_text()
        self.assertEqual(after.replace("crms:   # none yet\n", "crms: []   # none yet\n")[:len(before)], before)
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o640)

    def test_a_configuration_that_is_not_there_yet_is_made(self):
        fresh = self.folder / "fresh/agent.yaml"
        fresh.parent.mkdir()
        done = self.setup(self.sample(), *HOURS, "--yes", "--collector-url", "http://127.0.0.1:9460/api/v1/write", config=fresh)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("  url: http://127.0.0.1:9460/api/v1/write", fresh.read_text())

    def test_a_file_that_is_empty_or_is_not_a_database_is_told(self):
        before = self.config.read_text()
        empty = self.folder / "empty.db"
        subprocess.run(["sqlite3", empty, "CREATE TABLE t (id); DROP TABLE t"], check=True)
        self.refused(self.setup(empty, *HOURS, "--yes"), 3, "sees no table in this database")
        self.refused(self.setup(self.write("text.db", "not a database, but a text that is long enough to be read as the head of one\n" * 4), *HOURS, "--yes"), 2,
                     "is not a SQLite database")
        self.assertEqual(self.config.read_text(), before)

    def test_what_is_not_recognised_becomes_a_recipe_that_works(self):
        path = self.folder / "desk.db"
        subprocess.run(["sqlite3", path, "CREATE TABLE ticket (id integer PRIMARY KEY, updated_at integer); CREATE INDEX t ON ticket (updated_at);"
                        "CREATE TABLE country (id integer); CREATE TABLE visit (created_at integer); CREATE TABLE call (changed integer);"
                        "INSERT INTO ticket VALUES (1, 1764500000)"], check=True)
        self.refused(self.setup(path, *HOURS, "--yes"), 3, "no product that has a recipe is recognised", "--skeleton")
        done = self.setup(path, *HOURS, "--yes", "--skeleton")
        self.written("desk", done)
        self.assertIn("'ticket' AS object", (self.folder / "recipes/desk.yaml").read_text())
        # From now on it is recognised.
        again = self.setup(path, *HOURS, "--dry-run")
        self.assertIn("Found desk: ", again.stdout)

    def test_a_script_is_told_all_that_it_lacks_at_once(self):
        self.refused(self.setup(self.sample(), *HOURS), 2, "--yes")

    def test_what_was_given_for_nothing_is_told(self):
        path = self.sample()
        for more, words in ((["--secret", f"key={self.password}"], "has a secret 'key'"), (["--password-file", self.password], "has a password"),
                            (["--objects", "a,b"], "no parameter 'objects'"), (["--auth", "username=x"], "has no login"),
                            (["--with", "colour=red"], "has no parameter of that name"), (["--hours", "always"], "mon-fri 08:00-18:00"),
                            (["--name", "a/b"], "--name a/b"), (["--recipe", "sampel"], "did you mean")):
            self.refused(self.setup(path, *([] if "--hours" in more else HOURS), "--yes", *more), 2, words)

    def test_a_person_types_password_and_answers_and_grants_meanwhile(self):
        server = self.server_with_password()
        self.fill(server, "crm", "odoo")
        screen = self.typed(server.url("crm", "monitor"))
        self.answer(screen, ("Password of the monitoring account", "wrong"), ("Password of the monitoring account", PASSWORD),
                    ("Name of this CRM [crm]", "backoffice"), ("When do its people work", ""), ("In which time zone", "Asia/Shanghai"))
        eventually(lambda: "Enter: they are run" in screen.text(), 60, "it prints the statements")
        for statement in re.findall(r"^  (GRANT .*;)\s*$", screen.text(), re.MULTILINE):
            server.sql(statement, "crm")
        self.seen_of_others(screen)
        self.answer(screen, ("Enter: they are run", ""), ("Write this?", "y"))
        eventually(lambda: "is written" in screen.text(), 60, "it writes")
        self.assertEqual(screen.wait(), 0, screen.text())
        self.assertNotIn(PASSWORD, screen.text())
        self.assertEqual((self.folder / "credentials/backoffice.password").read_text(), PASSWORD + "\n")
        self.assertIn('hours: {days: mon-fri, from: "08:00", to: "18:00", tz: Asia/Shanghai}', self.config.read_text())
        self.assertEqual(self.agent("check").returncode, 0)

    def seen_of_others(self, screen):
        """What other users of the machine can see of it."""
        for name in ("cmdline", "environ"):
            self.assertNotIn(PASSWORD.encode(), pathlib.Path(f"/proc/{screen.pid}/{name}").read_bytes())

    def test_a_person_who_says_no_leaves_everything_as_it_is(self):
        path = self.sample()
        before = self.config.read_text()
        screen = self.typed(path, "--language", "zh")
        self.answer(screen, ("这个 CRM 的名称 [shop]", ""), ("使用者何时工作", "none"), ("写入以上内容？", "n"))
        self.assertEqual(screen.wait(), 3, screen.text())
        self.assertIn("识别为 sample", screen.text())
        self.assertIn("版本：该产品未提供", screen.text())
        self.assertEqual(self.config.read_text(), before)


class Apis(Setup):
    """One product of the sandbox at a time, as if it were alone at its address."""

    PATHS = {"salesforce": r"/(services|_status|id|v1/)", "hubspot": r"/(crm/(objects|owners|limits)|oauth/(v1|2026)|account-info|settings|api/v2/[a-z-]+[.]json)",
             "zoho": r"/(crm/v7|oauth/v2|rss)", "dynamics": r"/(api/data|[0-9a-f-]{36}/)", "pipedrive": r"/(api/v2/(?!.*[.]json)|v1/|oauth/token)", "odoo-rpc": r"/(jsonrpc|web/webclient|web/health)",
             "odoo-json2": r"/(json/2|web/version|web/health)", "suitecrm-api": r"/Api/", "espocrm-api": r"/api/v1/[A-Z]"}

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.keys = self.folder / "keys"
        self.process("sandbox", [BIN / "crmpulse-sandbox", "run", "--listen", f"127.0.0.1:{self.port}", "--credentials", self.keys])
        eventually(lambda: self.ask("GET", "/services/data/")[0] == 200, 60, "the sandbox answers")

    def ask(self, method, path, body=None, headers=None):
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def alone(self, recipe):
        """A server that hands on only the paths of one product."""
        paths, test = re.compile(self.PATHS[recipe]), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def hand_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if not paths.match(self.path):
                    return self.say(404, [], b"not here")
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                status, told, answer = test.ask(self.command, self.path, body, headers)
                return self.say(status, [pair for pair in told if pair[0].lower() not in ("content-length", "connection")], answer)

            def say(self, status, headers, body):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = hand_on

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def arguments(self, recipe, url):
        oauth = ["--auth", "client_id=crmpulse-sandbox", "--secret", f"client_secret={self.keys}/client_secret"]
        refresh = [*oauth, "--secret", f"refresh_token={self.keys}/refresh_token"]
        return {"salesforce": ["--flow", "client_credentials", *oauth, "--with", f"status_url={url}"],
                "hubspot": ["--flow", "bearer", "--secret", f"token={self.keys}/token", "--with", f"status_url={url}"],
                "zoho": [*refresh, "--with", f"status_url={url}"],
                "dynamics": [*oauth, "--with", f"authority_url={url}", "--with", "tenant=11111111-2222-3333-4444-555555555555"],
                "pipedrive": ["--flow", "api_key", "--secret", f"key={self.keys}/token"],
                "odoo-rpc": ["--with", "database=sandbox", "--auth", "username=monitor@example.com", "--password-file", f"{self.keys}/client_secret"],
                "odoo-json2": ["--with", "database=sandbox", "--secret", f"token={self.keys}/token"],
                "suitecrm-api": oauth,
                "espocrm-api": ["--flow", "api_key", "--secret", f"key={self.keys}/token"]}[recipe]

    def test_every_api_is_recognised_alone_and_what_is_written_works(self):
        for recipe in APIS:
            with self.subTest(recipe=recipe):
                url = self.alone(recipe)
                done = self.setup(url, "--name", recipe, *HOURS, *self.arguments(recipe, url), "--yes")
                self.assertIn(f"Found {recipe}: ", done.stdout, done.stderr)
                self.assertIn(APIS[recipe], done.stdout)
                self.written(recipe, done)
                for secret in ("sandbox-client-secret", "sandbox-refresh-token", "pat-na1-sandbox"):
                    self.assertNotIn(secret, done.stdout + done.stderr + self.config.read_text())

    def test_the_sandbox_itself_is_many_and_one_must_be_named(self):
        url = f"http://127.0.0.1:{self.port}"
        self.refused(self.setup(url, *HOURS, "--yes"), 3, "more than one product", *(f"{recipe}: " for recipe in self.PATHS))
        self.written("espo", self.setup(url, "--name", "espo", "--recipe", "espocrm-api", *HOURS, *self.arguments("espocrm-api", url), "--yes"))

    def test_an_object_that_is_not_there_is_left_out_and_said(self):
        url = self.alone("salesforce")
        fault = json.dumps({"crm": "salesforce", "fault": "missing_field", "name": "Case"})
        self.assertEqual(self.ask("POST", "/_sandbox/faults", fault)[0], 200)
        done = self.setup(url, "--name", "acme", *HOURS, *self.arguments("salesforce", url), "--yes")
        self.assertIn("objects: Case is left out", done.stdout, done.stdout + done.stderr)
        self.written("acme", done, lacking=True)   # how long cases take
        self.assertIn("objects: [Account, Contact, Lead, Opportunity]", self.config.read_text())

    def test_a_wrong_secret_is_told_and_nothing_is_written(self):
        url = self.alone("pipedrive")
        wrong = self.write("wrong", "not-it\n")
        wrong.chmod(0o600)
        before = self.config.read_text()
        self.refused(self.setup(url, "--name", "pipe", *HOURS, "--flow", "api_key", "--secret", f"key={wrong}", "--yes"), 3, "auth/credentials")
        self.refused(self.setup(url, "--name", "pipe", *HOURS, "--yes"), 2, "--flow (api_key, refresh_token)")
        self.assertEqual(self.config.read_text(), before)

    def test_a_person_types_a_secret_again(self):
        url = self.alone("espocrm-api")
        screen = self.typed(url)
        self.answer(screen, ("Name of this CRM [crm]", "espo"), ("How does it log in?", "1"), ("key (", "not-it"), ("When do its people work", "none"),
                    ("key (", "pat-na1-sandbox"), ("Write this?", "y"))
        self.assertEqual(screen.wait(), 0, screen.text())
        self.assertNotIn("pat-na1-sandbox", screen.text())
        self.assertEqual((self.folder / "credentials/espo.key").read_text(), "pat-na1-sandbox\n")

    def test_a_key_of_many_lines_is_kept_as_it_is(self):
        url = self.alone("salesforce")
        done = self.setup(url, "--name", "acme", *HOURS, "--flow", "jwt_bearer", "--auth", "client_id=crmpulse-sandbox", "--auth",
                          "username=monitor@example.com", "--secret", f"private_key={self.keys}/salesforce.key", "--with", f"status_url={url}", "--yes")
        self.written("acme", done)
        self.assertNotIn("PRIVATE KEY", done.stdout + self.config.read_text())

    def stranger(self, answer):
        """A web server of something else. `answer`: path → status, headers, body."""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, body = answer(self.path)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def test_web_servers_of_something_else_are_not_taken_for_a_product(self):
        def mine(path, status, document):
            """Only this path is there."""
            return lambda asked: (status, {}, json.dumps(document).encode()) if asked.split("?")[0] == path else (404, {}, b"{}")

        before = self.config.read_text()
        strangers = {
            "a page for every path": lambda _: (200, {"Content-Type": "text/html"}, b"<html><title>EspoCRM, Odoo 17.0</title></html>"),
            "a refusal for every path": lambda _: (401, {"WWW-Authenticate": 'Bearer authorization_uri=https://login.example/x, resource_id=1'},
                                                   json.dumps({"error": "access_denied", "message": "The resource owner or authorization server denied the request.",
                                                               "success": False, "category": "INVALID_AUTHENTICATION", "correlationId": "1",
                                                               "code": "AUTHENTICATION_FAILURE", "status": "error"}).encode()),
            "a way to a login for every path": lambda _: (302, {"Location": "/login"}, b""),
            "settings of another kind": mine("/api/v1/Settings", 200, {"theme": "dark", "language": "en"}),
            "a version of another kind": mine("/web/version", 200, {"version": "nightly"}),
            "an Odoo that no recipe is for": mine("/web/webclient/version_info", 200, {"result": {"server_version": "12.0", "protocol_version": 1}}),
            "data of another kind": mine("/services/data/", 200, [{"version": "1.0", "url": "/services/data/things"}]),
            "a refusal of another kind": mine("/api/v2/deals", 401, {"success": False, "error": "token expired"}),
        }
        for name, answer in strangers.items():
            with self.subTest(stranger=name):
                done = self.setup(self.stranger(answer), "--name", "other", *HOURS, "--yes")
                self.refused(done, 3, "no product that has a recipe is recognised")
                self.assertNotIn("Found ", done.stdout)
        self.assertEqual(self.config.read_text(), before)

    def test_a_web_server_that_is_no_crm_is_not_recognised_and_becomes_a_recipe(self):
        body = json.dumps({"data": [{"id": 1, "name": "Anna", "updated_at": "2026-11-30T09:00:00Z"}]}).encode()
        url = self.stranger(lambda _: (200, {}, body)) + "/api/customers"
        self.refused(self.setup(url, "--name", "own", *HOURS, "--yes"), 3, "no product that has a recipe is recognised")
        done = self.setup(url, "--name", "own", *HOURS, "--yes", "--skeleton")
        self.written("own", done)
        self.assertNotIn("Anna", (self.folder / "recipes/crm.yaml").read_text())


class Every(unittest.TestCase):
    def test_every_recipe_that_says_what_it_is_recognised_by_is_walked(self):
        signs = {path.stem for path in (SOURCE / "config/recipes").glob("*.yaml") if re.search(r"^recognise:", path.read_text(), re.MULTILINE)}
        of_their_own = {"sample": "test_setup.py", "tryton": "test_setup.py", "tryton-rpc": "test_tryton_rpc.py"}   # a file; real servers
        for recipe, test in of_their_own.items():
            self.assertIn(f"Found {recipe}: ", (SOURCE / "tests/e2e" / test).read_text())
        self.assertEqual(signs, {recipe for recipe, _ in POSTGRESQL.values()} | set(MYSQL) | set(APIS) | set(of_their_own))
        # In each kind of database that has a schema to be walked.
        self.assertEqual(set(POSTGRESQL), {path.parent.name for path in RECIPES.glob("*/schema.postgresql.sql")} - {"checks", "custom"})
        self.assertEqual(set(MYSQL), {path.parent.name for path in RECIPES.glob("*/schema.mysql.sql")} - {"checks", "custom"})
        self.assertEqual(set(APIS), set(Apis.PATHS))


class Page(Setup):
    def test_the_options_of_the_page_are_those_of_the_program(self):
        page = (SOURCE / "docs/first-crm.md").read_text()
        said = subprocess.run([BIN / "crmpulse-agent", "setup", "--help"], capture_output=True, text=True, check=True).stdout
        section = page[page.index("## In a minute"):page.index("## 1. ")]
        for option in set(re.findall(r"--[a-z][a-z-]+", section)):
            self.assertIn(f"  {option}", said, option)

    def test_the_commands_of_the_page_do_what_it_says(self):
        server = self.postgres()
        cache = os.environ.get("CRMPULSE_CACHE", str(self.folder / "cache"))
        subprocess.run([SOURCE / "scripts/tryton-database", "--port", str(server.port), "--cache", cache, "--work", str(self.folder),
                        str(RECIPES / "tryton/seed.postgresql.sql")], check=True)
        server.sql("CREATE ROLE monitor LOGIN SUPERUSER", "crm")
        page = (SOURCE / "docs/first-crm.md").read_text()
        command = re.search(r"^crmpulse-agent setup (.*--dry-run)$", page, re.MULTILINE).group(1)
        command = command.replace("@db.example.com/", f"@127.0.0.1:{server.port}/").replace("/root/monitor.password", str(self.password))
        done = subprocess.run(["sh", "-c", f"'{BIN}/crmpulse-agent' setup --config '{self.config}' {command}"], capture_output=True, text=True, env=PLAIN)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("+  - name: backoffice\n+    recipe: tryton\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
