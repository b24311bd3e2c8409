"""The scripted day of test_kill: the rules, what each CRM is in each half hour, what operators do."""

import collections
import random

START = 1_795_305_600_000  # 2026-11-22T00:00:00Z
SAMPLE, TICK, BLOCK = 30, 10, 60  # seconds between samples, seconds between ticks, samples in half an hour

RULES = """
settings:
  group_wait: {sub_healthy: 30s, poor: 0s}
  repeat: {sub_healthy: 4h, poor: 40m}
  flap: {changes: 6, window: 60m, ends_at: 2, stable: 15m}
  startup_grace: 2
rules:
  - id: availability
    dimension: availability
    measure: {metric: crm_up}
    op: below
    aggregator: last
    interval: 30s
    sub: {enter: 0.8, exit: 0.8, for: 60s}
    poor: {enter: 0.5, exit: 0.5, for: 60s}
    recover_for: {sub: 2m, poor: 2m}
    no_data: {after: 4m, state: sub_healthy}
    role: gate
    weight: 50
    remedy: unavailable
  - id: latency
    dimension: latency
    applies_to: {kind: [sales, service, other]}
    measure: {metric: crm_operation_duration_seconds}
    op: above
    aggregator: last
    interval: 30s
    sub: {enter: 1, exit: 0.9, for: 2m}
    poor: {enter: 3, exit: 2.7, for: 90s}
    recover_for: {sub: 2m, poor: 2m}
    no_data: {after: 4m, state: sub_healthy}
    role: gate
    weight: 25
    unit: seconds
    remedy: slow
  - id: throughput
    dimension: throughput
    applies_to: {kind: [sales, service, other]}
    measure: {metric: crm_records_per_second}
    op: below
    aggregator: avg
    window: 5m
    min_samples: 4
    interval: 30s
    sub: {enter: 50, exit: 60, for: 60s}
    poor: {enter: 10, exit: 20, for: 60s}
    recover_for: {sub: 2m, poor: 2m}
    no_data: {after: 4m, state: sub_healthy}
    role: gate
    weight: 25
    remedy: slow
"""
REMEDIES = """
remedies:
  unavailable: {en: "Look whether it runs.", zh: 检查其是否在运行}
  slow: {en: "Look at its load.", zh: 检查其负载}
"""

CRMS = ["acme", "borealis", "cobalt", "dune", "ember", "fjord", "glade", "harbour"]
LONE = ["island", "jetty"]  # of an agent of their own
MANY = [f"mini-{number:02}" for number in range(12)]


def story(blocks):
    """What each CRM is in each half hour: 0, 1, 2, silent, or for an hour restless, which none is while a receiver is
    down. The first half hour and the last two are healthy."""
    chance = random.Random(20261122)
    plan = {crm: ["0"] for crm in CRMS}
    for halves in plan.values():
        while len(halves) < blocks - 2:
            restless = len(halves) % 8 == 4 and chance.random() < 0.5
            halves += ["restless", "restless", "0"] if restless else [chance.choice(["0", "0", "1", "1", "2", "2", "silent"])]
    # Operators meet these three (operations() below), an agent with two CRMs falls silent, and twelve CRMs fall at once.
    for crm, own in {"acme": "01220200", "ember": "x1xx1020", "fjord": "20xxxx02"}.items():
        plan[crm] = [old if own[block % 8] == "x" else own[block % 8] for block, old in enumerate(plan[crm])]
    for block in range(blocks):
        for crm in LONE:
            plan.setdefault(crm, []).append("silent" if block % 8 == 2 else "0")
        for crm in MANY:
            plan.setdefault(crm, []).append("2" if block % 8 == 3 else "0")
    for halves in plan.values():
        halves[0] = "0"
        halves[blocks - 2:] = ["0", "0"]
    return plan


def operations(blocks):
    """{step: [(CRM, what an operator does then, samples from the step to its start, to its end)]}. Maintenance begins
    before acme gets worse and ends in the next half hour, or holds over a whole incident; ember falls in a silence;
    fjord's long incident is acknowledged. None of it is in an outage. Whoever got no answer looks first whether it
    was done."""
    plan = collections.defaultdict(list)
    for block in range(1, blocks - 2):
        before = block * BLOCK - 20
        if block % 8 == 2:
            plan[before].append(("acme", "maintenance", 18, 84))
        if block % 8 == 5:
            plan[before].append(("acme", "maintenance", 18, 110))
        if block % 8 == 6:
            plan[before].append(("ember", "silences", 18, 60))
        if block % 8 == 7:
            plan[block * BLOCK + 30].append(("fjord", "ack", 0, 0))
    return plan


def kind(crm):
    if crm not in CRMS:
        return "lone" if crm in LONE else "many"
    return "other" if crm == "harbour" else "sales" if CRMS.index(crm) < 3 else "service"


def values(crm, what, sample):
    """The CRM's metrics at one sample of a block; empty: it is silent. Half of them fall over, the others get slow."""
    if what == "silent":
        return {}
    if crm not in CRMS:
        return {"crm_up": 0 if what == "2" else 1}
    if what == "restless":
        what = "0" if sample // 16 % 2 else "2"
    falls = CRMS.index(crm) % 2 == 0
    if crm == "harbour":
        return {"crm_up": 1, "crm_operation_duration_seconds": 0.2, "crm_records_per_second": {"0": 100, "1": 30, "2": 1}[what]}
    up = {"0": 1, "1": 0.7, "2": 0}[what] if falls else 1
    return {"crm_up": up, "crm_operation_duration_seconds": 0.2 if falls else {"0": 0.2, "1": 1.5, "2": 5}[what], "crm_records_per_second": 100}
