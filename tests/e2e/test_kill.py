"""kill -9 of the collector at random points of a scripted day of incidents: every receiver hears what it would have heard.

The collector is the real one, but for its clock, which the script moves (`collector_by_hand`). One day is played
undisturbed, the same day again with kills. Equal means: for each receiver and each CRM the same sequence of (type,
state, previous state), repeats of one webhook-id taken as one message and being the same bytes; and every batch stands
in the journal once. What samples say is told at the same time, but for the half minute a start may take; other times
differ more: after a start nothing is resolved for two evaluations, and silence is counted anew.

CRMPULSE_KILLS sets how many kills (200: a whole day; otherwise a quarter of one), CRMPULSE_KILL_SEED where.
"""

import os
import pathlib
import random
import shutil
import tempfile
import unittest

from kill_day import Day
from kill_script import BLOCK, SAMPLE

WAYS = ["before", "sent", "sent and under way", "answered", "told to go", "going", "going", "sink before its answer", "sink after its answer", "starting"]


def choose(count, chance, steps, telling, operating):
    """Some kills while an operator acts, half of the others at steps in which messages are sent, the rest anywhere."""
    kills = [(step, "operating") for step in chance.sample(operating, min(count // 10, len(operating)))]
    while len(kills) < count:
        step = chance.choice(telling) if len(kills) % 2 else chance.randrange(steps - BLOCK)
        kill = (step, chance.choice(WAYS))
        if kill not in kills:
            kills.append(kill)
    return kills


def apart(record):
    """What is told of CRMs and agents, and the kinds of what is told of the collector's own troubles."""
    own = ("collector.trouble", "collector.recovered")
    of_crms = {crm: [message for message in told if message[0] not in own] for crm, told in record.items()}
    return of_crms, [message[0] for told in record.values() for message in told if message[0] in own]


class Kill(unittest.TestCase):
    maxDiff = None

    def play(self, name, blocks, kills):
        day = Day(self.folder / name, blocks, kills)
        self.addCleanup(day.close)
        return day, day.play()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crmpulse-kill."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for name in ("undisturbed", "killed"):
            (self.folder / name).mkdir()

    def test_every_receiver_hears_the_same_in_spite_of_kills(self):
        count = int(os.environ.get("CRMPULSE_KILLS", "40"))
        chance = random.Random(int(os.environ.get("CRMPULSE_KILL_SEED", "20261122")))
        blocks = 48 if count >= 200 else 12
        calm, expected = self.play("undisturbed", blocks, [])
        self.assertEqual(calm.killed, 0)
        messages = sum(len(told) for record in expected.values() for told in record.values())
        telling = [step for step in range(len(calm.at) - BLOCK) if calm.at[step + 1] > calm.at[step]]
        self.assertGreater(len(telling), blocks)
        operating = [step for step, done in calm.operations.items() if done[0][1] != "ack"]
        self.assertGreater(calm.operated, len(operating))
        kinds = {kind for record in expected.values() for told in record.values() for kind, *_ in told}
        self.assertLessEqual({"incident.opened", "incident.escalated", "incident.improved", "incident.resolved", "incident.reminder", "incident.flapping",
                              "agent.lost", "agent.returned", "digest"}, kinds)
        stormy, got = self.play("killed", blocks, choose(count, chance, calm.steps, telling, operating))
        repeats = sum(len(sink.accepted) for sink in stormy.sinks.values()) - messages
        print(f"{stormy.killed} kills, {messages} messages, {repeats} of them came twice", flush=True)
        self.assertEqual(stormy.journalled(), {step + 1: 1 for step in range(stormy.steps)})
        without_times = lambda record: {crm: [message[:3] for message in told] for crm, told in record.items()}
        for name in expected:
            with self.subTest(receiver=name):
                (record, own), (again_record, own_again) = apart(expected[name]), apart(got[name])
                self.assertEqual(without_times(again_record), without_times(record))
                # A trouble of the collector itself must last while it runs: a kill may keep it from being told, never tell it twice.
                remaining = iter(own)
                self.assertTrue(all(kind in remaining for kind in own_again), (own, own_again))
                for crm, told in record.items():
                    for message, again in zip(told, again_record[crm]):
                        if calm.told_by_data(crm, message[0], message[3]):
                            self.assertLessEqual(abs(again[3] - message[3]), SAMPLE, (crm, message, again))
        self.assertGreaterEqual(stormy.killed, count * 9 // 10)


if __name__ == "__main__":
    unittest.main()
