"""The network between agent and collector is cut, loses, delays and repeats: nothing is lost, nothing counts twice.

A proxy of our own makes the faults everywhere. Where the machine allows a network namespace the link itself is taken
down under a real agent and a real collector, and loses and delays packets where the kernel has netem.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import unittest
import urllib.parse

import faults
from harness import EndToEnd, eventually
from proxy import MODES, Proxy

INSIDE = "CRMPULSE_FAULTS_IN_NAMESPACE"


class Network(EndToEnd):
    def with_agent(self, ships_to):
        database = self.folder / "crm.db"
        sqlite3.connect(database).execute("CREATE TABLE IF NOT EXISTS t (x)").connection.commit()
        self.write("agent.yaml", f"agent: {{name: prober, state_dir: {self.folder}/agent}}\nship: {{url: \"{ships_to}/api/v1/write\"}}\n"
                   f"defaults: {{interval: 1s, timeout: 5s}}\ncrms:\n  - {{name: measured, recipe: sql, with: {{url: \"sqlite:{database}\"}}}}\n")
        self.agent_yaml = self.folder / "agent.yaml"
        return self.start_agent()

    def audit_agent(self, agent):
        """(samples, missing, doubled) of the agent: each run of its measurement is there once. It has not been killed,
        so that what is missing would be a gap of more than two intervals."""
        newest = max(faults.spool_samples(self.folder / "agent"), default=0)
        eventually(lambda: min(faults.spool_samples(self.folder / "agent"), default=newest + 1) > newest, 150, "the agent ships what it held")
        agent.stop()
        shipped = faults.journalled_samples(self.folder / "collector", "prober")
        runs = sorted(at for labels, at in shipped if ("__name__", "crm_up") in labels)
        gaps = [round((later - earlier) / 1000) - 1 for earlier, later in zip(runs, runs[1:]) if later - earlier > 2500]
        return sum(shipped.values()), sum(gaps), sum(count - 1 for count in shipped.values())

    def test_a_network_that_cuts_delays_swallows_and_repeats_loses_and_doubles_nothing(self):
        rounds = faults.rounds(2 * len(MODES))
        chance = random.Random(int(os.environ.get("CRMPULSE_FAULT_SEED", "20261122")))
        self.collector()
        proxy = Proxy(urllib.parse.urlsplit(self.base).port, 1)
        self.addCleanup(proxy.close)
        through = f"http://127.0.0.1:{proxy.port}"
        agent = self.with_agent(through)
        ledger = faults.Ledger()
        senders = [faults.Sender(f"sender-{i}", through, ledger, timeout=0.4, pause=0.02) for i in range(3)]
        for sender in senders:
            sender.start()
        order = list(MODES)
        for number in range(rounds):
            if number % len(MODES) == 0:
                chance.shuffle(order)
            proxy.be(order[number % len(MODES)])
            threading.Event().wait(chance.uniform(0.3, 1.2))
            proxy.be("pass")
            threading.Event().wait(0.2)
        for sender in senders:
            sender.finish()
        samples, missing, repeated = self.audit_agent(agent)
        eventually(lambda: not proxy.holding, 60, "what the network still holds has arrived")
        self.processes[0].stop()
        lost, doubled = ledger.audit(self.folder / "collector")
        self.assertTrue(all(proxy.served[mode] for mode in MODES), proxy.served)
        faults.report("network cut, delayed, swallowed, repeated (proxy)", rounds=rounds, acknowledged=ledger.samples() + samples, lost=lost + missing,
                      doubled=doubled + repeated)
        self.assertEqual((lost, doubled, missing, repeated), (0, 0, 0, 0))
        self.assertGreater(len(ledger), 20 * rounds // len(MODES))

    def test_a_link_that_goes_down_or_loses_packets_loses_and_doubles_nothing(self):
        """Runs itself again in a network namespace of its own."""
        if os.environ.get(INSIDE):
            self.in_a_namespace()
            return
        for command in (["unshare", "-n"], ["unshare", "-rn"]):
            if subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True, check=False).returncode == 0:
                break
        else:
            print("no network namespaces here: the proxy alone has to do", flush=True)
            return
        done = subprocess.run([*command, sys.executable, "-B", "-m", "unittest", "-v", f"test_network.Network.{self._testMethodName}"],
                              env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, timeout=900, check=False)
        print(done.stdout, flush=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def in_a_namespace(self):
        rounds = faults.rounds(4)
        link = lambda *words: subprocess.run(["ip", "link", "set", "lo", *words], check=True)
        netem = lambda *words: shutil.which("tc") and subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", "netem", *words], capture_output=True, check=False).returncode == 0
        link("up")
        lossy = netem("delay", "1ms")
        if lossy:
            netem("delay", "0ms")
        print(f"in a network namespace; netem: {'yes' if lossy else 'not in this kernel'}", flush=True)
        self.collector()
        agent = self.with_agent(self.base)
        ledger = faults.Ledger()
        senders = [faults.Sender(f"sender-{i}", self.base, ledger, timeout=0.5, pause=0.02) for i in range(2)]
        for sender in senders:
            sender.start()
        for number in range(rounds):
            before = len(ledger)
            eventually(lambda: len(ledger) >= before + 10, 60, "batches go through the link")
            if lossy and number % 2:
                netem("delay", "40ms", "20ms", "loss", "15%")
                threading.Event().wait(2)
                netem("delay", "0ms")
            else:
                link("down")
                threading.Event().wait(1.5)
                link("up")
        for sender in senders:
            sender.finish()
        samples, missing, repeated = self.audit_agent(agent)
        self.processes[0].stop()
        lost, doubled = ledger.audit(self.folder / "collector")
        faults.report("link down" + (", packets lost and delayed" if lossy else "") + " (namespace)", rounds=rounds, acknowledged=ledger.samples() + samples,
                      lost=lost + missing, doubled=doubled + repeated)
        self.assertEqual((lost, doubled, missing, repeated), (0, 0, 0, 0))


if __name__ == "__main__":
    unittest.main()
