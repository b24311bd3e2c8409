"""Every case of the table in docs/health-states.md's specification (1 to 110) has a test that bears its number: a `case N`
line in tests/rules/cases.txt, a test whose name begins with `case N`, or a rejected file named so."""

import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
CASES = range(1, 111)


def covered():
    numbers = {int(found) for found in re.findall(r"^case (\d+)[a-z]? ", (TESTS / "rules/cases.txt").read_text(), re.MULTILINE)}
    for source in TESTS.rglob("*.cpp"):
        for names in re.findall(r"TEST_CASE\(\s*\"cases? ([\d, and]+)", source.read_text()):
            numbers |= {int(number) for number in re.findall(r"\d+", names)}
    return numbers | {int(path.name.split("_")[1]) for path in (TESTS / "config/rejected").glob("case_*")}


missing = sorted(set(CASES) - covered())
print("cases without a test:", ", ".join(map(str, missing)) if missing else "none")
sys.exit(1 if missing else 0)
