"""An agent's clock steps hours ahead or back: it is flagged and corrected, its CRM is judged by what is true now."""

import time
import unittest

import faults
from harness import EndToEnd, eventually


class Stepped(faults.Sender):
    """Stamps its samples, and what it says the time is, by a clock that is off."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.off, self.value = 0, 1

    def samples(self, now):
        wrong = now + 1000 * self.off
        self.headers = {"X-Crm-Time": str(wrong)}
        return [({"__name__": "crm_up", "crm": "shop", "kind": "sample", "agent": self.name}, [(wrong, self.value)])]


class Clock(EndToEnd):
    def test_a_clock_that_steps_is_flagged_and_corrected(self):
        alerts = self.sink()
        rules = self.write("rules.yaml", faults.RULES % "10m")
        self.collector(alerts)
        self.processes.pop().stop()
        text = self.collector_yaml.read_text().splitlines()
        self.collector_yaml.write_text("\n".join(f"rules: [{rules}]" if line.startswith("rules:") else line for line in text) + "\n")
        self.start_collector()
        ledger = faults.Ledger()
        sender = Stepped("stepped", self.base, ledger, pause=0.1)
        sender.start()
        skew = lambda: self.metric("crmpulse_collector_agent_clock_skew", agent="stepped")
        told = []
        steps = [0, 3 * 3600, -3 * 3600, 26 * 3600, 0]
        for off in steps:
            sender.off = off
            eventually(lambda: skew() == (1 if off else 0), 60, f"a clock off by {off} s is flagged, one that is right is not")
            offset = lambda: self.metric("crmpulse_collector_agent_clock_offset_seconds", agent="stepped")
            eventually(lambda: abs(offset() + off) < 30, 60, f"its offset of {off} s is shown")
            for value, state, kind in ((0, "poor", "incident.opened"), (1, "healthy", "incident.resolved")):
                sender.value = value
                told.append(kind)
                self.wait_state("shop", state, 60)
                eventually(lambda: faults.told(alerts, "shop") == told, 60, f"what is true now is told with a clock off by {off} s: {faults.told(alerts, 'shop')}")
            self.assertLess(abs(self.metric("crm_up", crm="shop") - 1), 0.1)
        sender.finish()
        self.processes[-1].stop()
        lost, doubled = ledger.audit(self.folder / "collector")
        stamps = [at + skew for at, skew in self.stamps()]
        off = [at for at in stamps if abs(at - time.time() * 1000) > 600_000]
        faults.report("steps of an agent's clock", rounds=len(steps), acknowledged=ledger.samples(), lost=lost + len(off), doubled=doubled, expected=len(told),
                      told=len(faults.told(alerts, "shop")))
        self.assertEqual((lost, doubled, off), (0, 0, []))

    def stamps(self):
        for skew, body in faults.journal_rows(self.folder / "collector", "skew, body"):
            for _, points in faults.journal.decode(body):
                yield from ((at, skew) for at, _ in points)


if __name__ == "__main__":
    unittest.main()
