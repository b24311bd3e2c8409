"""`make run` as a newcomer sees it, at a terminal of 80 × 24: a Salesforce, a HubSpot and a database CRM settle; every key
leads on each of them to its state, alert and remedy, and back; faults add up. Then the same demo in other terminals."""

import os
import re
import signal
import socket
import subprocess
import unittest

from harness import BIN, SOURCE, EndToEnd, eventually, get_json
from terminal import Terminal, width_of

VENDORS = ("salesforce", "hubspot")
CRMS = (*VENDORS, "backoffice")
# key: the state and the dimension it leads to, on which CRMs
KEYS = {"1": ("sub_healthy", "latency", CRMS), "3": ("poor", "staleness", CRMS), "4": ("poor", "availability", CRMS),
        "5": ("sub_healthy", "data_quality", CRMS), "6": ("poor", "availability", VENDORS)}


def environment(**more):
    return {**os.environ, "TERM": "xterm", **more}


class Demo(EndToEnd):
    def terminal(self, command, columns=80, lines=24, **env):
        terminal = Terminal(command, columns, lines, environment(TMPDIR=str(self.folder), **env))
        self.addCleanup(terminal.close)
        return terminal

    def start_demo(self):
        self.demo = self.terminal([SOURCE / "scripts/run-demo", BIN])
        output = eventually(lambda: "Faults by hand" in self.demo.text() and self.demo.text(), 120, "the demo is up")
        self.base = re.search(r"Page: (http://[^/]+)/", output).group(1)
        self.sandbox = re.search(r"(http://[^/]+)/_sandbox/faults", output).group(1)

    def watch(self, *more, **terminal):
        return self.terminal([BIN / "crmpulse-sandbox", "watch", "--collector", self.base, "--sandbox", self.sandbox, *more], **terminal)

    def select(self, crm):
        for _ in CRMS:
            if self.demo.shows(f"> {crm}"):
                return
            before = eventually(lambda: re.search(r"> (\w+)", "\n".join(self.demo.screen().shown())), 60, "a CRM is selected")
            self.demo.press("\t")
            eventually(lambda: (lambda found: found and found.group(1) != before.group(1))(
                re.search(r"> (\w+)", "\n".join(self.demo.screen().shown()))), 60, "another CRM is selected")
        eventually(lambda: self.demo.shows(f"> {crm}"), 60, f"{crm} is selected")

    def press(self, crm, key):
        """The key, and until the screen marks it (of a repair: until no fault is marked)."""
        self.select(crm)
        self.demo.press(key)
        if key == "0":
            eventually(lambda: not re.search(r"\[\d ", "\n".join(self.demo.screen().shown())), 60, f"nothing is broken in {crm}")
        else:
            eventually(lambda: self.demo.shows(f"[{key} "), 60, f"key {key} is marked for {crm}")

    def repair(self, *crms):
        for crm in crms:
            self.press(crm, "0")
        for crm in crms:
            self.wait_state(crm, "healthy", 180)

    def alerts(self, crm, after=0):
        answer = get_json(f"{self.sandbox}/_sandbox/alerts?after={after}")
        return [item["alert"] for item in answer["alerts"] if item["alert"].get("crm") == crm]

    def newest(self):
        return max((item["number"] for item in get_json(self.sandbox + "/_sandbox/alerts")["alerts"]), default=0)

    def failing(self, crm):
        found = self.crm(crm)
        return [item["dimension"] for item in found["dimensions"] if item["state"] in ("sub_healthy", "poor")] if found else []

    def told(self, crm, state, dimension, before):
        """The alert that says it, with its remedy in both languages."""
        def found():
            for alert in self.alerts(crm, before):
                if alert["type"] in ("incident.opened", "incident.escalated") and alert["state"] == state:
                    for item in alert["failing"]:
                        if item["dimension"] == dimension and item["remedy"]["en"] and item["remedy"]["zh"]:
                            return alert
            return None

        return eventually(found, 120, f"an alert says that {crm} is {state} by {dimension}, and what to do")

    def check_recovery(self, crms, before):
        self.repair(*crms)
        for crm in crms:
            eventually(lambda crm=crm: [one for one in self.alerts(crm, before) if one["type"] == "incident.resolved"], 120,
                       f"{crm} is told to be resolved")
        eventually(lambda: self.demo.shows("incident.resolved"), 60, "the recovery is shown")

    def test_every_key_leads_to_its_state_on_each_crm_and_faults_add_up(self):
        self.start_demo()
        eventually(lambda: self.demo.shows("first readings") or self.demo.shows("Each CRM is asked"), 60, "the first minute says what it waits for")
        self.wait_state("salesforce", "healthy", 120)
        self.wait_state("hubspot", "sub_healthy", 120)
        self.wait_state("backoffice", "poor", 120)
        self.assertIn("data_quality", self.failing("hubspot"))
        self.select("hubspot")
        eventually(lambda: self.demo.shows("[5 dirty data]"), 60, "the fault that HubSpot begins with is marked")
        self.repair("hubspot", "backoffice")

        with self.subTest("2 and 7"):
            before = self.newest()
            for crm in CRMS:
                self.press(crm, "2")
            for crm in CRMS:
                self.wait_state(crm, "poor", 180)
                self.told(crm, "poor", "latency", before)
            for crm in VENDORS:
                self.press(crm, "7")
                self.assertTrue(self.demo.shows("[2 very slow]"), "the fault before goes on")
            for crm in VENDORS:
                eventually(lambda crm=crm: self.crm(crm)["incident"]["fault"]["verdict"] == "vendor"
                           and "status page" in self.crm(crm)["incident"]["fault"]["why"], 120, f"{crm}: the vendor's incident")
            eventually(lambda: len(re.findall(r"vendor: the vendor's status page reports a (?:minor|major) incident",
                                              " ".join(line.strip() for line in self.demo.screen().shown()))) >= 2,
                       60, "both vendors' incidents are shown with their text")
            self.check_recovery(CRMS, before)

        for key, (state, dimension, crms) in KEYS.items():
            with self.subTest(key=key):
                before = self.newest()
                for crm in crms:
                    self.press(crm, key)
                for crm in crms:
                    self.wait_state(crm, state, 180)
                    eventually(lambda crm=crm: dimension in self.failing(crm), 120, f"{dimension} of {crm} is failing")
                    alert = self.told(crm, state, dimension, before)
                    if key == "6":
                        self.assertEqual(alert["fault"]["verdict"], "credentials")
                self.check_recovery(crms, before)

        self.press("salesforce", "7")
        eventually(lambda: self.demo.shows("the vendor's status page reports a minor incident", "healthy"), 120,
                   "the vendor's incident is shown of a CRM that is well")
        self.assertFalse(self.demo.screen().overflowed)
        self.demo.press("q")
        self.assertEqual(self.demo.wait(), 0)
        self.assertEqual(list(self.folder.glob("crmpulse-run.*")), [])

    def test_other_terminals_pipes_and_languages(self):
        self.start_demo()
        self.wait_state("backoffice", "poor", 120)
        self.wait_state("hubspot", "sub_healthy", 120)
        for columns, lines, language in ((60, 24, "en"), (120, 40, "zh"), (200, 50, "zh"), (200, 50, "en")):
            with self.subTest(columns=columns, language=language):
                watch = self.watch("--language", language, columns=columns, lines=lines)
                words = ("hubspot", "poor", "[") if language == "en" else ("hubspot", "不良", "[", "注入")
                eventually(lambda: watch.shows(*words), 60, "the table is shown")
                screen = watch.screen()
                self.assertFalse(screen.overflowed)
                columns_of = {sum(width_of(c) for c in line[:line.index(sign)]) for line in screen.shown() for sign in "●▲■"
                              if sign in line and line.strip().lstrip("> ").startswith(CRMS)}
                self.assertEqual(len(columns_of), 1, screen.shown())
                self.assertIn("\x1b[3", watch.text())
        plain = self.watch(NO_COLOR="1")
        eventually(lambda: plain.shows("hubspot", "poor"), 60, "the table is shown without colours")
        self.assertNotRegex(plain.text(), r"\x1b\[[0-9;]*m")

        dumb = self.watch(TERM="dumb")
        eventually(lambda: "alert" in dumb.text() and "Break" in dumb.text(), 60, "lines come instead of a screen")
        dumb.press("\t")
        eventually(lambda: dumb.text().count("Break") >= 2, 60, "keys work there too")
        self.assertNotIn("\x1b", dumb.text())
        dumb.press("q")
        self.assertEqual(dumb.wait(), 0)

        pipe = self.process("watch", [BIN / "crmpulse-sandbox", "watch", "--collector", self.base, "--sandbox", self.sandbox])
        eventually(lambda: "incident.opened" in pipe.log.read_text() and "poor" in pipe.log.read_text(), 60, "a pipe gets lines")
        self.assertEqual(pipe.stop(), 0)
        self.assertNotIn("\x1b", pipe.log.read_text())
        os.kill(self.demo.pid, signal.SIGTERM)
        self.assertEqual(self.demo.wait(), 0)

    def test_a_busy_port_is_named_with_what_to_do(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            agent = self.write("agent.yaml", f"agent: {{name: a, state_dir: {self.folder}/a}}\nship: {{url: \"http://127.0.0.1:{port}/api/v1/write\"}}\ncrms: []\n")
            for listen in (f"127.0.0.1:{port}", f'"127.0.0.1:{port}"   # here', f"'127.0.0.1:{port}'"):
                collector = self.write("collector.yaml", f"listen: {listen}\nauth: off\nstate_dir: {self.folder}/c\n")
                for language, words in (("en", f"Port {port} is in use"), ("zh", f"端口 {port} 已被占用")):
                    done = subprocess.run([SOURCE / "scripts/run-demo", BIN, self.folder], capture_output=True, text=True, timeout=120,
                                          env=environment(CRMPULSE_LANGUAGE=language, TMPDIR=str(self.folder)))
                    self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                    for word in (words, str(collector), str(agent), "listen:", "ship.url"):
                        self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
