"""The case table of docs/health-states.md through `crmpulse-collector backtest`, as an outsider would judge the rules.

A history is written as steps of 15 s: `5x1500 3x200 4x-` (`-` is a tick without data, `R` a restart, `+2h` a gap without ticks).
Several dimensions run side by side: {"latency": "…", "speed": "…"}.
"""

import datetime
import json
import re
import subprocess
import unittest

from harness import BIN, EndToEnd

START = datetime.datetime(2026, 11, 21, 9, 0, 0, tzinfo=datetime.timezone.utc)
STEP = 15


def rule(name="latency", **changes):
    base = {"id": name, "dimension": name, "measure": {"metric": f"m_{name}"}, "op": "above", "aggregator": "last", "interval": "15s",
            "sub": {"enter": 1000, "exit": 900, "for": "60s"}, "poor": {"enter": 3000, "exit": 2700, "for": "30s"},
            "recover_for": {"sub": "120s", "poor": "60s"}, "no_data": {"after": "60s", "state": "sub_healthy"}, "weight": 1, "role": "gate",
            "remedy": "slow_response"}
    return {**base, **changes}


SETTINGS = {"group_wait": {"sub_healthy": "30s", "poor": "30s"}, "settle": "60s"}


def parse(text):
    """['1500', '-', 'R', '+7200', …], one entry a step."""
    out = []
    for word in text.split():
        repeat = re.fullmatch(r"(\d+)x(.+)", word)
        if repeat:
            out += [repeat.group(2)] * int(repeat.group(1))
        elif word.startswith("+"):
            out.append("+" + str({"m": 60, "h": 3600}[word[-1]] * int(word[1:-1])))
        else:
            out.append(word)
    return out


def timeline(histories, known=None):
    """JSONL lines for parallel histories; `known` writes one sample that feeds no rule first."""
    lines, now = [], START
    stamp = lambda: now.isoformat().replace("+00:00", "Z")
    if known:
        lines.append({"at": stamp(), "metric": "crm_info", "labels": {"crm": "acme"}, "value": 1})
    columns = {name: parse(text) for name, text in histories.items()}
    for step in range(max(len(column) for column in columns.values())):
        words = {name: column[step] for name, column in columns.items() if step < len(column)}
        first = next(iter(words.values()))
        if first.startswith("+"):
            now += datetime.timedelta(seconds=int(first[1:]) - STEP)
            continue
        if first == "R":
            lines.append({"at": stamp(), "control": "restart"})
            continue
        data = {name: word for name, word in words.items() if word != "-"}
        for name, word in data.items():
            lines.append({"at": stamp(), "metric": f"m_{name}", "labels": {"crm": "acme"}, "value": float(word)})
        if not data:
            lines.append({"at": stamp()})
        now += datetime.timedelta(seconds=STEP)
    return lines


O1, O2, E2, I1, RES = "opened 1", "opened 2", "escalated 2", "improved 1", "resolved 0"
CASES = [  # number, history, final state, messages[, rules]
    ("1", "40x200", 0, []),
    ("2", "5x200 1x5000 10x200", 0, []),
    ("3", "4x1500 5x200", 0, []),
    ("4 before", "5x1500", 1, []),
    ("4 after", "7x1500", 1, [O1]),
    ("5", "8x1000", 1, [O1]),
    ("6", "20x999.999", 0, []),
    ("7 before", "3x4000", 2, []),
    ("7 after", "6x4000", 2, [O2]),
    ("8", "8x1500 5x4000", 2, [O1, E2]),
    ("9", "5x1500 3x200", 0, [], [rule(recover_for={"sub": "0s", "poor": "0s"})]),
    ("10", "8x1500 40x950", 1, [O1]),
    ("11", "1001 6x950", 0, []),
    ("12", "8x1500 9x900", 0, [O1, RES]),
    ("13", "8x1500 8x200", 1, [O1]),
    ("14", "8x1500 6x200 2x1500 6x200 6x1500", 1, [O1]),
    ("15", "6x4000 5x1500 9x200", 0, [O2, I1, RES]),
    ("16 with", "6x4000 9x200", 0, [O2, I1, RES]),
    ("16 without", "6x4000 9x200", 0, [O2, RES], [rule(recover_for={"sub": "120s", "poor": "120s"})]),
    ("17 before", "3x1500 10x- 2x1500", 0, [], [rule(no_data={"after": "600s"})]),
    ("17 after", "3x1500 10x- 3x1500", 1, [], [rule(no_data={"after": "600s"})]),
    ("18", " ".join(["2x1500 1x-"] * 8), 1, None),
    ("19", " ".join(["1500 200"] * 40), 0, []),
    ("20", "6x4000 200x-", 2, [O2, "reminder 2"]),
    ("21", "4x200 10x-", 1, [O1]),
    ("22", "4x200 3x- 10x200", 0, []),
    ("23", "4x200 10x- 2x200", 0, [O1, RES]),
    ("24", "4x200 10x- 6x4000", 2, [O1, E2]),
    ("37", "240x4000", 2, [O2, "reminder 2"]),
    ("37 later", "250x4000", 2, [O2, "reminder 2", "reminder 2"]),
    ("43", "8x98.0", 2, [O2], [rule(op="below", sub={"enter": 99.9, "exit": 99.95, "for": "60s"}, poor={"enter": 99.0, "exit": 99.2, "for": "30s"})]),
    ("44 stays", "8x99.5 12x99.93", 1, [O1], [rule(op="below", sub={"enter": 99.9, "exit": 99.95, "for": "60s"}, poor={"enter": 99.0, "exit": 99.2, "for": "30s"})]),
    ("44 recovers", "8x99.5 12x99.95", 0, [O1, RES], [rule(op="below", sub={"enter": 99.9, "exit": 99.95, "for": "60s"}, poor={"enter": 99.0, "exit": 99.2, "for": "30s"})]),
    ("45", "4x1500 +2h R 2x1500", 1, []),
    ("46", "6x4000 +10m R 6x4000", 2, [O2]),
    ("47", "6x4000 R 8x200", 1, [O2, I1]),
    ("51", "4x200 10x- 1x200", 1, [O1]),
    ("52", "4x200 10x- 1x200 4x-", 1, [O1]),
    ("55", " ".join(str(value) for value in range(500, 3451, 50)) + " 4x3450", 2, [O1, E2]),
    ("56", " ".join(["3x1100 1x990"] * 30), 0, []),
    ("57", "2x1500 +2h 2x1500", 0, []),
    ("58", "8x1500 20x-", 1, [O1]),
    ("59", "6x4000 40x- 9x200", 0, [O2, I1, RES]),
]
GATE, SOFT = rule("latency"), rule("usage", role="soft")
SIDE_BY_SIDE = [
    ("40", {"latency": "20x200", "usage": "20x4000"}, 1, [O1], [GATE, SOFT]),
    ("41", {"latency": "20x200"}, 0, [], [rule(weight=75), rule("usage", role="soft", weight=25)]),
    ("42", {"latency": "20x200"}, 1, [O1], [GATE, rule("usage", role="soft"), rule("features", role="soft")]),
    ("49", {"latency": "8x1500", "speed": "8x1500"}, 1, [O1], [GATE, rule("speed")]),
    ("50", {"latency": "20x1500", "speed": "10x200 10x1500"}, 1, [O1], [GATE, rule("speed")]),
]


class Backtest(EndToEnd):
    def backtest(self, rules, lines, receivers=None):
        rules_file = self.write("rules.yaml", json.dumps({"settings": SETTINGS, "rules": rules}))
        samples = self.write("samples.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        command = [BIN / "crmpulse-collector", "backtest", "--rules", rules_file, "--samples", samples]
        if receivers:
            command += ["--receivers", self.write("receivers.yaml", json.dumps({"receivers": receivers}))]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @staticmethod
    def level(state):
        return {"healthy": 0, "unknown": 0, "sub_healthy": 1, "poor": 2}[state]

    def outcome(self, out, receiver=None):
        states = [line for line in out if "levels" in line]
        final = self.level(states[-1]["state"]) if states else 0
        messages = [f"{line['type'].removeprefix('incident.')} {self.level(line['state'])}" for line in out
                    if "receiver" in line and receiver in (None, line["receiver"])]
        return final, messages

    def check(self, number, histories, state, messages, rules):
        out = self.backtest(rules, timeline(histories))
        final, said = self.outcome(out)
        self.assertEqual(final, state, f"case {number}: {out}")
        if messages is not None:
            self.assertEqual(said, messages, f"case {number}: {out}")

    def test_every_plain_case_of_one_dimension(self):
        for number, history, state, messages, *rules in CASES:
            with self.subTest(case=number):
                self.check(number, {"latency": history}, state, messages, rules[0] if rules else [rule()])

    def test_every_plain_case_of_several_dimensions(self):
        for number, histories, state, messages, rules in SIDE_BY_SIDE:
            with self.subTest(case=number):
                self.check(number, histories, state, messages, rules)

    def test_case_25_a_crm_that_never_sends_what_the_rule_needs(self):
        quiet = timeline({"latency": "3x-"}, known=True)
        self.assertEqual(self.outcome(self.backtest([rule()], quiet)), (0, []))
        silent = timeline({"latency": "12x-"}, known=True)
        self.assertEqual(self.outcome(self.backtest([rule()], silent)), (1, [O1]))

    def test_case_39_each_receiver_has_its_own_story(self):
        receivers = [{"name": "pager", "type": "webhook", "url": "http://127.0.0.1:9/", "min_state": "poor"},
                     {"name": "chat", "type": "webhook", "url": "http://127.0.0.1:9/", "min_state": "sub_healthy"}]
        out = self.backtest([rule()], timeline({"latency": "8x1500 6x4000 8x1500 12x200"}), receivers)
        self.assertEqual(self.outcome(out, "pager")[1], [O2, "resolved 0"])
        self.assertEqual(self.outcome(out, "chat")[1], [O1, E2, I1, RES])

    def program(self, lines, *options):
        rules_file = self.write("rules.yaml", json.dumps({"settings": SETTINGS, "rules": [rule()]}))
        samples = self.write("samples.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        command = [BIN / "crmpulse-collector", "backtest", "--rules", rules_file, "--samples", samples, *options]
        return subprocess.run([str(part) for part in command], capture_output=True, text=True)

    def test_the_summary_counts_what_the_lines_say(self):
        lines = timeline({"latency": "8x1500 6x4000 5x1500 12x200"})
        told = [line for line in self.backtest([rule()], lines) if "receiver" in line]
        done = self.program(lines, "--summary", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        summary = json.loads(done.stdout)["summary"]
        self.assertEqual(summary["samples"], len(lines))
        self.assertEqual(sum(summary["messages"]["default"].values()), len(told))
        self.assertEqual([text["type"] for text in summary["first_messages"]], [line["type"] for line in told])
        self.assertEqual(summary["rules"][0]["poor"]["times"], 1)
        self.assertGreater(summary["rules"][0]["sub_healthy"]["seconds"], 0)
        self.assertTrue(summary["first_messages"][0]["en"] and summary["first_messages"][0]["zh"])
        self.assertIn("latency", self.program(lines, "--summary", "text").stdout)

    def test_the_exit_code_serves_a_pipeline(self):
        calm, sub, poor = timeline({"latency": "20x200"}), timeline({"latency": "6x1500"}), timeline({"latency": "6x4000"})
        for lines, option, code in ((calm, "message", 0), (calm, "sub_healthy", 0), (sub, "sub_healthy", 1), (sub, "poor", 0), (sub, "message", 0),
                                    (poor, "poor", 1), (poor, "sub_healthy", 1), (poor, "message", 1)):
            with self.subTest(fail_on=option, code=code):
                self.assertEqual(self.program(lines, "--fail-on", option).returncode, code)
        self.assertEqual(self.program(poor).returncode, 0)
        for wrong in (["--fail-on", "yesterday"], ["--summary", "yaml"], ["--zone", "Middle/Earth", "--summary", "text"]):
            with self.subTest(wrong=wrong):
                self.assertEqual(self.program(poor, *wrong).returncode, 2)

    def test_a_bad_line_is_named(self):
        rules_file = self.write("rules.yaml", json.dumps({"rules": [rule()]}))
        samples = self.write("samples.jsonl", '{"at":"2026-11-21T09:00:00Z"}\nnonsense\n')
        done = subprocess.run([BIN / "crmpulse-collector", "backtest", "--rules", rules_file, "--samples", samples], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("2", done.stderr)


if __name__ == "__main__":
    unittest.main()
