"""kill -9 of the collector and of the agent, at random moments, under load.

Senders keep a ledger of what was acknowledged. An agent measures; whatever its spool held when it was killed is owed. In
each round one CRM falls and, some rounds later, recovers: it must be told of once each, however often the collector died
in between. CRMPULSE_FAULT_SCALE makes it longer (20 rounds; 25: 500), CRMPULSE_FAULT_SEED chooses the moments.
"""

import collections
import os
import random
import signal
import sqlite3
import threading
import time
import unittest

import faults
from harness import BIN, EndToEnd, eventually, free_port, get

SICK_ROUNDS = 3  # a CRM recovers so many rounds after it fell, if it was told of by then
AGENT_EVERY = 3  # rounds between two kills of the agent, on average


class Patients(faults.Sender):
    """One CRM a round: sick until it was told of, then healthy until that was told."""

    def __init__(self, base, ledger, sink):
        super().__init__("patients", base, ledger, pause=0.05)
        self.sink, self.round, self.fell = sink, 0, {}
        self.guard = threading.Lock()

    def fall(self, round_number):
        with self.guard:
            self.round = round_number
            self.fell[f"patient-{round_number}"] = round_number

    def samples(self, now):
        messages = collections.defaultdict(set)
        for _, body in list(self.sink.requests):
            messages[body.get("crm")].add(body["type"])
        with self.guard:
            done = [crm for crm in self.fell if "incident.resolved" in messages[crm]]
            for crm in done:
                del self.fell[crm]
            sick = {crm: "incident.opened" not in messages[crm] or self.round - fell < SICK_ROUNDS for crm, fell in self.fell.items()}
        values = {**{crm: 0 if ill else 1 for crm, ill in sick.items()}, "well": 1}
        return [({"__name__": "crm_up", "crm": crm, "kind": "sample", "agent": self.name}, [(now, value)]) for crm, value in values.items()]

    def waiting(self):
        with self.guard:
            return len(self.fell)


class KillRounds(EndToEnd):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(int(os.environ.get("CRMPULSE_FAULT_SEED", "20261122")))
        self.alerts = self.sink()
        self.ledger = faults.Ledger()
        self.owed = collections.Counter()
        self.kills = collections.Counter()
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        rules = self.write("rules.yaml", faults.RULES % "10m")
        secret = self.write("webhook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
        secret.chmod(0o600)
        self.collector_yaml = self.write("collector.yaml", f"listen: 127.0.0.1:{port}\nauth: off\nstate_dir: {self.folder}/collector\nrules: [{rules}]\n"
                                         f"receivers:\n  - {{name: oncall, type: webhook, url: \"{self.alerts.url}\", secret_file: {secret}, min_state: sub_healthy}}\n")
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.commit()
        crms = "".join(f"  - {{name: measured-{i}, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n" for i in range(3))
        self.agent_yaml = self.write("agent.yaml", f"agent: {{name: prober, state_dir: {self.folder}/agent}}\nship: {{url: \"{self.base}/api/v1/write\"}}\n"
                                     f"defaults: {{interval: 1s, timeout: 5s}}\ncrms:\n{crms}")

    def spawn(self, name):
        self.processes = [process for process in self.processes if process.alive()]
        return self.process(name, [BIN / f"crmpulse-{name}", "run", "--config", getattr(self, f"{name}_yaml"), "--log-level", "warning"])

    def ready(self):
        """Sooner than eventually() would see it."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.served.alive():
            try:
                get(self.base + "/-/ready", timeout=5)
                return
            except OSError:
                threading.Event().wait(0.01)
        self.fail(f"the collector is not ready:\n{self.served.tail()}")

    def start_collector(self):
        self.served = self.spawn("collector")
        if self.chance.random() < 0.15:  # it may die while it starts
            threading.Event().wait(self.chance.random() * 0.3)
            self.kill(self.served)
            self.served = self.spawn("collector")
        self.ready()

    def kill(self, process):
        self.assertTrue(process.alive(), f"{process.name} ended by itself:\n{process.tail()}")
        os.kill(process.child.pid, signal.SIGKILL)
        process.child.wait()
        self.kills[process.name] += 1

    def kill_agent(self):
        self.kill(self.prober)
        for samples in faults.spool_samples(self.folder / "agent").values():
            for sample in samples:
                self.owed[sample] = 1
        self.prober = self.spawn("agent")

    def one_round(self, number):
        self.patients.fall(number)
        # Mostly short: a start has hardly anything behind it. Some long enough for alerts to be decided and told.
        long = self.chance.random() < 0.2
        threading.Event().wait(self.chance.uniform(0.6, 2.0) if long else self.chance.uniform(0.0, 0.5))
        agent_too = self.chance.random() < 1 / AGENT_EVERY
        if agent_too and self.chance.random() < 0.5:
            self.kill_agent()
            agent_too = False
        self.kill(self.served)
        if agent_too:
            self.kill_agent()
        self.start_collector()

    def test_nothing_acknowledged_is_lost_or_doubled_and_every_alert_is_told(self):
        rounds = faults.rounds(20)
        self.start_collector()
        self.prober = self.spawn("agent")
        eventually((self.folder / "agent/spool.db").exists, 60, "the agent has a spool")
        self.patients = Patients(self.base, self.ledger, self.alerts)
        senders = [faults.Sender(f"sender-{i}", self.base, self.ledger, pause=0.02) for i in range(3)] + [self.patients]
        for sender in senders:
            sender.start()
        for number in range(rounds):
            self.one_round(number)
        self.patients.round = rounds + SICK_ROUNDS
        eventually(lambda: self.patients.waiting() == 0, 120, "every fall and every recovery is told")
        for sender in senders:
            sender.finish()
        self.drain_agent()
        self.served.stop()
        lost, doubled = self.ledger.audit(self.folder / "collector")
        shipped = faults.journalled_samples(self.folder / "collector", "prober")
        lost += sum(1 for sample in self.owed if shipped[sample] == 0)
        doubled += sum(count - 1 for count in shipped.values())
        messages = [faults.told(self.alerts, f"patient-{number}") for number in range(rounds)]
        told = sum(kinds.count(kind) for kinds in messages for kind in ("incident.opened", "incident.resolved"))
        faults.report("kill -9 of collector and agent", rounds=rounds, kills=sum(self.kills.values()), acknowledged=self.ledger.samples() + len(self.owed),
                      lost=lost, doubled=doubled, expected=2 * rounds, told=told)
        self.assertEqual((lost, doubled), (0, 0))
        for number, kinds in enumerate(messages):
            self.assertEqual([kind for kind in kinds if kind != "incident.improved"], ["incident.opened", "incident.resolved"], f"patient-{number}")
        self.assertEqual([faults.told(self.alerts, crm) for crm in ("well", "measured-0", "measured-1", "measured-2")], [[]] * 4, "invented alerts")
        self.assertGreaterEqual(self.kills["collector"], rounds)
        self.assertGreater(self.kills["agent"], 0)
        self.assertGreater(len(self.owed), 0)
        self.assertGreater(len(self.ledger), 10 * rounds)

    def drain_agent(self):
        """Until all that its spool held at any kill is with the collector, or is not in the spool any more. A new agent does
        not wait before it tries."""
        self.kill_agent()
        newest = max(faults.spool_samples(self.folder / "agent"), default=0)
        eventually(lambda: min(faults.spool_samples(self.folder / "agent"), default=newest + 1) > newest, 90, "the agent ships what it held")
        self.prober.stop()


if __name__ == "__main__":
    unittest.main()
