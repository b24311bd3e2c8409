"""Secrets are planted wherever a program may be given one; what the programs print, log, store in the clear and answer is
searched for them, also while everything that uses them fails."""

import base64
import os
import subprocess
import unittest

from harness import BIN, SOURCE, EndToEnd, eventually, free_port, get

PLANTED = {name: f"pl4nted-{name}-s3cr3t" for name in
           ("url", "password", "token", "pushkey", "routing", "env", "credential", "database")}


class Secrets(EndToEnd):
    def secret(self, name, text=None):
        path = self.write(f"{name}.secret", (text or PLANTED[name]) + "\n")
        path.chmod(0o600)
        return path

    def check_clean(self, where, text):
        for name, secret in [*PLANTED.items(), ("signing", self.signing), ("api token", getattr(self, "token", self.signing))]:
            self.assertNotIn(secret, text, f"{name} in {where}")
            self.assertNotIn(base64.b64encode(secret.encode()).decode(), text, f"{name} in {where}")

    def run_program(self, *command, codes=(0,), env=None):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=60)
        self.assertIn(done.returncode, codes, done.stdout + done.stderr)
        return done

    def setUp(self):
        super().setUp()
        self.signing = "whsec_" + base64.b64encode(b"pl4nted-signing-s3cr3t-of-32-bytes").decode()
        credentials = self.folder / "credentials"
        credentials.mkdir()
        (credentials / "crm").write_text(PLANTED["credential"])
        (credentials / "crm").chmod(0o600)
        self.env = {"PLANTED_ENV": PLANTED["env"], "CREDENTIALS_DIRECTORY": str(credentials)}
        self.closed = free_port()

    def test_of_the_collector(self):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        address = self.secret("url", f"http://127.0.0.1:{self.closed}/hook/{PLANTED['url']}?key={PLANTED['pushkey']}")
        self.secret("signing", self.signing)
        self.secret("routing")
        text = (f"listen: 127.0.0.1:{port}\nauth: required\nmetrics: open\nstate_dir: {self.folder}/collector\n"
                f"rules: [{SOURCE}/config/rules/default.yaml]\nreceivers:\n"
                f"  - {{name: hook, type: webhook, url_file: url.secret, secret_file: signing.secret, min_state: sub_healthy}}\n"
                f"  - {{name: chat, type: slack, url_file: {address}}}\n"
                f"  - {{name: pager, type: pagerduty, url: \"http://127.0.0.1:{self.closed}/\", routing_key_file: routing.secret}}\n"
                f"heartbeat: {{receiver: hook, interval: 5s}}\n")
        config = self.write("collector.yaml", text)
        seen = [self.run_program(BIN / "crmpulse-collector", "check", "--config", config, env=self.env)]
        made = self.run_program(BIN / "crmpulse-collector", "token", "create", "--config", config, "--name", "all", "--role", "admin")
        self.token = made.stdout.strip()
        for receiver in ("hook", "chat", "pager"):
            seen.append(self.run_program(BIN / "crmpulse-collector", "--log-level", "debug", "test-alert", "--config", config, receiver, codes=(1,)))
        seen.append(self.run_program(BIN / "crmpulse-collector", "token", "list", "--config", config))
        broken = self.write("broken.yaml", text + f"  password: {PLANTED['password']}\nlisten: x\n")
        seen.append(self.run_program(BIN / "crmpulse-collector", "check", "--config", broken, codes=(2,)))
        inline = self.write("inline.yaml", text.replace("secret_file: signing.secret", f"secret: {self.signing}"))
        seen.append(self.run_program(BIN / "crmpulse-collector", "check", "--config", inline, codes=(2,)))
        self.check_clean("commands", "".join(one.stdout + one.stderr for one in seen))

        process = self.process("collector", [BIN / "crmpulse-collector", "--log-level", "debug", "run", "--config", config], env=self.env)
        eventually(lambda: get(self.base + "/-/ready"), 60, "the collector is ready")
        headers = {"Authorization": f"Bearer {self.token}"}
        eventually(lambda: 'receiver="hook"' in get(self.base + "/metrics"), 60, "a heartbeat was tried")
        for path in ("/metrics", "/", "/api/v1/crms", "/api/v1/deliveries", "/api/v1/audit", "/api/v1/openapi.json"):
            self.check_clean(path, get(self.base + path, headers))
        process.stop()
        self.check_clean("the log", process.log.read_text())
        for path in (self.folder / "collector").iterdir():
            self.check_clean(path.name, path.read_bytes().decode("latin-1"))
            self.assertEqual(path.stat().st_mode & 0o077, 0, f"{path.name} is for others to read")

    def test_of_the_agent(self):
        for name in ("token", "password", "database"):
            self.secret(name)
        text = (f"agent: {{name: planted, state_dir: {self.folder}/agent}}\n"
                f"ship: {{url: \"http://127.0.0.1:{self.closed}/api/v1/write\", token_file: token.secret}}\n"
                "defaults: {interval: 1s, timeout: 5s}\ncrms:\n"
                f"  - {{name: base, recipe: tryton, with: {{url: \"postgresql://monitor@127.0.0.1:{self.closed}/tryton\", password_file: database.secret}}}}\n"
                f"  - {{name: hub, recipe: hubspot, with: {{api_url: \"http://127.0.0.1:{self.closed}\", status_url: \"http://127.0.0.1:{self.closed}\"}}, auth: {{flow: bearer, token_env: PLANTED_ENV}}}}\n"
                f"  - {{name: spot, recipe: hubspot, with: {{api_url: \"http://127.0.0.1:{self.closed}\", status_url: \"http://127.0.0.1:{self.closed}\"}}, auth: {{flow: bearer, token_credential: crm}}}}\n")
        config = self.write("agent.yaml", text)
        seen = [self.run_program(BIN / "crmpulse-agent", "check", "--config", config, env=self.env)]
        for form in ("table", "json", "prometheus"):
            seen.append(self.run_program(BIN / "crmpulse-agent", "--log-level", "debug", "probe", "--config", config, "--format", form,
                                         codes=(1, 2, 3), env=self.env))
        broken = self.write("broken.yaml", text + f"  - {{name: x, recipe: hubspot, auth: {{flow: bearer, token: {PLANTED['password']}}}}}\n")
        seen.append(self.run_program(BIN / "crmpulse-agent", "check", "--config", broken, codes=(2,), env=self.env))
        self.check_clean("commands", "".join(one.stdout + one.stderr for one in seen))
        process = self.process("agent", [BIN / "crmpulse-agent", "--log-level", "debug", "run", "--config", config], env=self.env)
        eventually(lambda: "refuses connections" in process.log.read_text(), 60, "nothing takes what it ships")
        process.stop()
        self.check_clean("the log", process.log.read_text())
        for path in (self.folder / "agent").rglob("*"):
            if path.is_file():
                self.check_clean(path.name, path.read_bytes().decode("latin-1"))


if __name__ == "__main__":
    unittest.main()
