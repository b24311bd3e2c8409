"""docs/join.md as it stands: a collector is set up, invites, and agents with TLS and tokens of their own join by one line; what an invitation is not good for."""

import concurrent.futures
import datetime
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from harness import BIN, SOURCE, EndToEnd, eventually, free_port

COLLECTOR, AGENT = BIN / "crmpulse-collector", BIN / "crmpulse-agent"
PAGE = (SOURCE / "docs/join.md").read_text()


class Join(EndToEnd):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.base = f"https://127.0.0.1:{self.port}"
        self.state = self.folder / "state"
        self.tls = self.folder / "state-tls"
        self.config = self.write("collector.yaml", f"# the company's\nlisten: 127.0.0.1:9460   # this machine\nauth: off\nstate_dir: {self.state}\n"
                                                   f"rules: [{SOURCE}/config/rules/default.yaml]\nreceivers: []\n")

    def run_program(self, program, *arguments, ok=0, **more):
        done = subprocess.run([str(part) for part in (program, *arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
        self.assertEqual(done.returncode, ok, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def set_up(self, *more):
        """`setup` as the page has it, on loopback and a free port; the admin's token."""
        return self.run_program(COLLECTOR, "setup", "--config", self.config, "--listen", f"127.0.0.1:{self.port}", "--name", "127.0.0.1", "--yes", *more).stdout.strip()

    def start(self):
        process = self.process("collector", [COLLECTOR, "run", "--config", self.config])
        eventually(lambda: self.ask("/-/ready")[0] == 200, 60, "the collector is ready")
        return process

    def ask(self, path, token=None, body=None, method=None):
        request = urllib.request.Request(self.base + path, data=None if body is None else json.dumps(body).encode(), method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        context = ssl.create_default_context(cafile=str(self.tls / "ca.pem"))
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def invite(self, agent="branch-1", *more):
        """The line, as words behind `crmpulse-agent`."""
        line = self.run_program(COLLECTOR, "invite", "--config", self.config, "--agent", agent, *more).stdout
        self.assertEqual(line.count("\n"), 1)
        words = shlex.split(line)
        self.assertEqual(words[0], "crmpulse-agent")
        return words[1:]

    def machine(self, name="other", text=None):
        """The folder of an agent's configuration on another machine."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "agent.yaml").write_text(text or f"agent:\n  state_dir: {folder}/spool   # where it waits\nship: {{url: http://127.0.0.1:1/api/v1/write}}\n"
                                                   "defaults: {interval: 1s, timeout: 5s}\ncrms: []\n")
        return folder

    def join(self, line, folder, ok=0):
        return self.run_program(AGENT, *line, "--config", folder / "agent.yaml", ok=ok)

    def run_agent(self, folder, name="agent"):
        return self.process(name, [AGENT, "run", "--config", folder / "agent.yaml"])

    def agents(self, token):
        return [one["agent"] for one in json.loads(self.ask("/api/v1/agents", token)[1])["agents"]]

    def tokens(self):
        return [line.split("\t")[0] for line in self.run_program(COLLECTOR, "token", "list", "--config", self.config).stdout.splitlines()]

    # The page.

    def test_the_commands_of_the_page_are_those_of_the_programs(self):
        lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()]
        commands = [line for line in lines if line.startswith("sudo crmpulse-")]
        self.assertGreaterEqual(len(commands), 6)
        for command in commands:
            words = shlex.split(command, comments=True)[1:]
            options = [word for word in words if word.startswith("--")]
            verb = [word for word in words[1:] if not word.startswith("-")][0]
            said = self.run_program(BIN / words[0], verb, "--help").stdout
            for option in options:
                self.assertIn(option, said, command)

    def test_set_up_invite_join_and_samples_arrive(self):
        begun = time.monotonic()
        done = self.run_program(COLLECTOR, "setup", "--config", self.config, "--listen", f"127.0.0.1:{self.port}", "--name", "127.0.0.1", "--yes")
        admin = done.stdout.strip()
        self.assertRegex(admin, r"^crmp_[0-9a-f]{64}$")
        for shown in ("-auth: off", "+auth: required", "+tls:", "a private key, for the collector alone"):
            self.assertIn(shown, done.stderr)
        self.assertIn("# the company's\n", self.config.read_text())
        self.assertIn("# this machine\n", self.config.read_text())
        self.run_program(COLLECTOR, "check", "--config", self.config)
        self.start()
        line = self.invite()
        self.assertEqual(line[:2], ["join", self.base])
        folder = self.machine()
        said = self.join(line, folder)
        self.assertIn("This agent is branch-1", said.stdout)
        self.assertNotIn("crmp_", said.stdout + said.stderr)
        self.assertIn("# where it waits", (folder / "agent.yaml").read_text())
        self.run_program(AGENT, "check", "--config", folder / "agent.yaml")
        self.run_agent(folder)
        eventually(lambda: self.agents(admin) == ["branch-1"], 60, "the agent is heard")
        print(f"from setup to the first samples: {time.monotonic() - begun:.1f} s", flush=True)
        # What the page says of the files.
        self.assertEqual(oct((folder / "agent.token").stat().st_mode & 0o777), "0o600")
        self.assertEqual(oct((folder / "collector-ca.pem").stat().st_mode & 0o777), "0o644")
        self.assertEqual(oct((self.tls / "ca.key").stat().st_mode & 0o777), "0o600")
        token = self.write("admin.token", admin)
        token.chmod(0o600)
        self.run_program(COLLECTOR, "status", "--config", self.config, "--token-file", token)
        self.check_with_openssl()

    def check_with_openssl(self):
        """Others' tools say the same of the certificates."""
        verified = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-CAfile", self.tls / "ca.pem",
                                   self.tls / "collector.pem"], capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        printed = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", self.tls / "ca.pem"], check=True, capture_output=True, text=True).stdout
        fingerprint = printed.strip().partition("=")[2].replace(":", "").lower()
        self.assertIn(f"sha256:{fingerprint}", self.invite("looked-at"))

    def test_an_invitation_works_once_and_its_line_gives_nothing_away_afterwards(self):
        admin = self.set_up()
        self.start()
        line = self.invite()
        first, second = self.machine("first"), self.machine("second")
        self.join(line, first)
        before = (second / "agent.yaml").read_text()
        said = self.join(line, second, ok=1)
        self.assertIn("Nothing was written", said.stderr)
        self.assertEqual((second / "agent.yaml").read_text(), before)
        self.assertEqual([path.name for path in second.iterdir()], ["agent.yaml"])
        # Neither the code nor the hash opens anything.
        code = line[line.index("--code") + 1]
        self.assertEqual(self.ask("/api/v1/crms", code)[0], 401)
        self.assertEqual(self.ask("/api/v1/join", body={"code": code})[0], 401)
        for path in (*self.state.glob("*.json*"), self.folder / "collector.log"):
            text = path.read_text()
            self.assertNotIn(code, text, path)
            self.assertNotIn((first / "agent.token").read_text().strip(), text, path)
        entries = json.loads(self.ask("/api/v1/audit", admin)[1])["entries"]
        self.assertIn(("POST /api/v1/join", "branch-1", "201"), [(one["action"], one["about"], one["result"]) for one in entries])

    def test_an_invitation_does_not_hold_after_its_hour(self):
        self.set_up()
        self.start()
        line = self.invite()
        file = self.state / "invitations.json"
        text = file.read_text()
        made = re.search(r'"made":"([^"]+)"', text)[1]
        uptime = re.search(r'"uptime_ms":(\d+)', text)[1]
        # As if it had been made an hour and a second before, by both clocks.
        earlier = datetime.datetime.fromisoformat(made.replace("Z", "+00:00")) - datetime.timedelta(seconds=3601)
        text = text.replace(made, earlier.strftime("%Y-%m-%dT%H:%M:%SZ")).replace(f'"uptime_ms":{uptime}', f'"uptime_ms":{int(uptime) - 3601000}')
        file.write_text(text)
        folder = self.machine()
        said = self.join(line, folder, ok=1)
        self.assertIn("Nothing was written", said.stderr)
        self.assertEqual([path.name for path in folder.iterdir()], ["agent.yaml"])
        self.assertEqual(self.run_program(COLLECTOR, "invite", "--config", self.config, "--list").stdout, "")

    def test_who_reads_chinese_is_told_in_chinese(self):
        chinese = ("--language", "zh")
        shown = self.run_program(COLLECTOR, "setup", "--config", self.config, "--name", "127.0.0.1", "--dry-run", *chinese)
        self.assertIn("私钥，仅供采集器使用", shown.stderr)
        refused = self.run_program(COLLECTOR, "setup", "--config", self.config, "--name", "127.0.0.1", *chinese, ok=2)
        self.assertIn("加上 --yes 即可不经询问直接写入", refused.stderr)
        lacking = self.run_program(COLLECTOR, "setup", "--config", self.config, "--cert-file", "x", *chinese, ok=2)
        self.assertIn("必须同时给出", lacking.stderr)
        done = self.run_program(COLLECTOR, "setup", "--config", self.config, "--listen", f"127.0.0.1:{self.port}", "--name", "127.0.0.1", "--yes", *chinese)
        self.assertIn("管理员令牌", done.stderr)
        self.assertIn("下一步", done.stderr)
        self.start()
        self.assertIn("三者之一", self.run_program(COLLECTOR, "invite", "--config", self.config, *chinese, ok=2).stderr)
        said = self.run_program(COLLECTOR, "invite", "--config", self.config, "--agent", "branch-1", *chinese)
        self.assertIn("只能使用一次", said.stderr)
        self.assertIn("有效至", self.run_program(COLLECTOR, "invite", "--config", self.config, "--list", *chinese).stdout)
        line = (*shlex.split(said.stdout)[1:], *chinese)
        joined = self.join(line, self.machine("first"))
        self.assertIn(f"本探针是 {self.base} 的 branch-1。", joined.stdout)
        again = self.join(line, self.machine("second"), ok=1)
        self.assertIn("拒绝", again.stderr)
        self.assertIn("没有写入任何内容", again.stderr)
        wrong = self.run_program(AGENT, "join", "http://127.0.0.1:1", "--code", "x", "--config", self.folder / "agent.yaml", *chinese, ok=2)
        self.assertIn("令牌不以明文发送", wrong.stderr)
        # LANG says the same, without the option.
        spoken = self.run_program(COLLECTOR, "invite", "--config", self.config, ok=2, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"})
        self.assertIn("三者之一", spoken.stderr)

    def test_of_two_that_join_at_once_one_wins(self):
        self.set_up()
        self.start()
        line = self.invite()
        machines = [self.machine(f"machine-{i}") for i in range(4)]

        def run(folder):
            return subprocess.run([str(part) for part in (AGENT, *line, "--config", folder / "agent.yaml")], capture_output=True, text=True).returncode
        with concurrent.futures.ThreadPoolExecutor(len(machines)) as pool:
            self.assertEqual(sorted(pool.map(run, machines)), [0, 1, 1, 1])
        self.assertEqual(self.tokens(), ["admin", "branch-1"])

    def test_somebody_in_between_gets_nothing(self):
        self.set_up()
        self.start()
        line = self.invite()
        # Another collector, with an authority of its own, where the first should be.
        there = self.folder / "between"
        there.mkdir()
        port = free_port()
        config = there / "collector.yaml"
        config.write_text(f"state_dir: {there}/state\nrules: [{SOURCE}/config/rules/default.yaml]\n")
        self.run_program(COLLECTOR, "setup", "--config", config, "--listen", f"127.0.0.1:{port}", "--name", "127.0.0.1", "--yes")
        self.process("between", [COLLECTOR, "run", "--config", config])
        folder = self.machine()
        wrong = [*line]
        wrong[1] = f"https://127.0.0.1:{port}"
        reached = eventually(lambda: (lambda done: done if "another authority" in done.stderr else None)(
            subprocess.run([str(part) for part in (AGENT, *wrong, "--config", folder / "agent.yaml")], capture_output=True, text=True)), 60, "the other one answers")
        self.assertEqual(reached.returncode, 1)
        # It gives the right authority, and has a certificate of its own: the second connection finds out.
        shutil.copy(self.tls / "ca.pem", there / "state-tls/given.pem")
        config.write_text(config.read_text().replace("state-tls/ca.pem", "state-tls/given.pem"))
        restarted = [process for process in self.processes if process.name == "between"][0]
        restarted.child.send_signal(signal.SIGHUP)
        refused = eventually(lambda: (lambda done: done if "another authority" not in done.stderr else None)(
            subprocess.run([str(part) for part in (AGENT, *wrong, "--config", folder / "agent.yaml")], capture_output=True, text=True)), 60, "the right authority is given")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("certificate", refused.stderr)
        self.assertEqual([path.name for path in folder.iterdir()], ["agent.yaml"])
        self.assertNotIn("POST /api/v1/join", (there / "state/audit.jsonl").read_text())
        # The code was not shown to it: it still works where it should.
        self.join(line, folder)

    def test_invitations_and_tokens_outlast_a_restart_and_can_be_revoked(self):
        admin = self.set_up()
        collector = self.start()
        line, other = self.invite("branch-1"), self.invite("branch-2", "--crm", "acme")
        listed = self.run_program(COLLECTOR, "invite", "--config", self.config, "--list").stdout
        self.assertEqual([row.split("\t")[:2] for row in listed.splitlines()], [["branch-1", "any CRM"], ["branch-2", "CRMs acme"]])
        collector.kill()
        self.start()
        self.join(line, self.machine("one"))
        self.run_program(COLLECTOR, "invite", "--config", self.config, "--revoke", "branch-2")
        self.run_program(COLLECTOR, "invite", "--config", self.config, "--revoke", "branch-2", ok=1)
        self.join(other, self.machine("two"), ok=1)
        self.assertEqual(json.loads(self.ask("/api/v1/invitations", admin)[1]), {"invitations": []})

    def test_who_joins_again_loses_no_sample_and_the_old_token_ends(self):
        admin = self.set_up()
        self.start()
        folder = self.machine()
        self.join(self.invite(), folder)
        old = (folder / "agent.token").read_text().strip()
        agent = self.run_agent(folder)
        eventually(lambda: self.agents(admin) == ["branch-1"], 60, "the agent is heard")
        self.join(self.invite(), folder)
        fresh = (folder / "agent.token").read_text().strip()
        self.assertNotEqual(old, fresh)
        # Both are good until the agent has taken the new one.
        self.assertEqual(self.tokens(), ["admin", "branch-1", "branch-1.2"])
        agent.child.send_signal(signal.SIGHUP)
        eventually(lambda: self.tokens() == ["admin", "branch-1.2"], 90, "the old token is revoked")
        refused = [line for line in self.ask("/metrics", admin)[1].splitlines() if line.startswith("crmpulse_collector_http_refused_requests_total") and not line.endswith(" 0")]
        self.assertEqual(refused, [])

    def signed_until(self, left):
        """A certificate of 10 days that ends so soon, made by openssl."""
        place = self.folder / "openssl"
        (place / "new").mkdir(parents=True)
        (place / "index.txt").touch()
        (place / "conf").write_text(f"[ca]\ndefault_ca=own\n[own]\ndatabase={place}/index.txt\nnew_certs_dir={place}/new\nrand_serial=yes\n"
                                    "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[extensions]\nsubjectAltName=IP:127.0.0.1\n")
        subprocess.run(["openssl", "req", "-new", "-key", self.tls / "collector.key", "-subj", "/CN=127.0.0.1", "-out", place / "request.pem"], check=True, capture_output=True)
        end = datetime.datetime.now(datetime.timezone.utc) + left
        times = [(end - datetime.timedelta(days=10)).strftime("%y%m%d%H%M%SZ"), end.strftime("%y%m%d%H%M%SZ")]
        subprocess.run(["openssl", "ca", "-batch", "-notext", "-config", place / "conf", "-extensions", "extensions", "-cert", self.tls / "ca.pem", "-keyfile", self.tls / "ca.key",
                        "-startdate", times[0], "-enddate", times[1], "-in", place / "request.pem", "-out", place / "signed.pem"], check=True, capture_output=True)
        return (place / "signed.pem").read_bytes()

    def test_the_certificate_is_renewed_before_it_ends(self):
        self.set_up()
        # One of the same authority and for the same key that ends in an hour.
        ending = self.signed_until(datetime.timedelta(hours=1))
        (self.tls / "collector.pem").write_bytes(ending)
        viewer = self.run_program(COLLECTOR, "token", "create", "--config", self.config, "--name", "viewer", "--role", "viewer").stdout.strip()
        self.start()
        facts = subprocess.run(["openssl", "x509", "-noout", "-checkend", str(80 * 86400), "-in", self.tls / "collector.pem"], capture_output=True, text=True)
        self.assertEqual(facts.returncode, 0, facts.stdout)
        metrics = self.ask("/metrics", viewer)[1]
        self.assertIn('crmpulse_collector_tls_own_renewals_total{outcome="renewed"} 1', metrics)
        self.assertIn("crmpulse_collector_tls_authority_expiry_timestamp_seconds", metrics)

    def test_setup_asks_before_it_writes_and_shows_what_it_would(self):
        before = self.config.read_text()
        self.assertIn("--yes", self.run_program(COLLECTOR, "setup", "--config", self.config, ok=2).stderr)
        self.run_program(COLLECTOR, "setup", "--config", self.config, "--dry-run")
        self.assertEqual(self.config.read_text(), before)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["collector.yaml"])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("ip"), "network namespaces need root and ip: apt-get install iproute2")
    def test_from_another_machine_it_takes_less_than_a_minute(self):
        """Two network namespaces and a cable: each has an address of its own, and nothing else."""
        here, there = (f"crmpulse-{side}-{os.getpid()}" for side in "ca")
        cable = (f"c{os.getpid()}", f"a{os.getpid()}")
        for space in (here, there):
            subprocess.run(["ip", "netns", "add", space], check=True)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", space])
        subprocess.run(["ip", "link", "add", cable[0], "netns", here, "type", "veth", "peer", "name", cable[1], "netns", there], check=True)
        for space, end, address in ((here, cable[0], "192.0.2.1/24"), (there, cable[1], "192.0.2.2/24")):
            for command in (["addr", "add", address, "dev", end], ["link", "set", end, "up"], ["link", "set", "lo", "up"]):
                subprocess.run(["ip", "-n", space, *command], check=True)

        def inside(space, *command, ok=0):
            return self.run_program("ip", "netns", "exec", space, *command, ok=ok)

        begun = time.monotonic()
        admin = inside(here, COLLECTOR, "setup", "--config", self.config, "--listen", f"192.0.2.1:{self.port}", "--yes").stdout.strip()
        self.process("collector", ["ip", "netns", "exec", here, COLLECTOR, "run", "--config", self.config])

        def asked(path):
            return subprocess.run(["ip", "netns", "exec", here, "curl", "--silent", "--fail", "--cacert", str(self.tls / "ca.pem"), "-H", f"Authorization: Bearer {admin}",
                                   f"https://192.0.2.1:{self.port}{path}"], capture_output=True, text=True)
        eventually(lambda: asked("/-/ready").returncode == 0, 60, "the collector is ready")
        # The certificate is for all that the machine has: the address is found in it.
        line = shlex.split(inside(here, COLLECTOR, "invite", "--config", self.config, "--agent", "branch-1", "--url", f"https://192.0.2.1:{self.port}").stdout)[1:]
        folder = self.machine()
        inside(there, AGENT, *line, "--config", folder / "agent.yaml")
        self.process("agent", ["ip", "netns", "exec", there, AGENT, "run", "--config", folder / "agent.yaml"])
        eventually(lambda: "branch-1" in asked("/api/v1/agents").stdout, 60, "the agent is heard")
        took = time.monotonic() - begun
        print(f"from setup to the first samples of another machine: {took:.1f} s", flush=True)
        self.assertLess(took, 60)


if __name__ == "__main__":
    unittest.main()
