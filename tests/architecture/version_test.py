"""One version everywhere: CMakeLists.txt, debian/changelog and CHANGELOG.md name the same; every version that CHANGELOG.md names has
left its stores, spools and configurations in tests/upgrade/data."""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def found(pattern, file):
    return re.findall(pattern, (SOURCE / file).read_text(), re.MULTILINE)


built = found(r"^project\(crmpulse VERSION ([\d.]+)", "CMakeLists.txt")[0]
packaged = found(r"^crmpulse \(([\d.]+)\)", "debian/changelog")
told = found(r"^## (\d[\d.]*) \(\d{4}-\d\d-\d\d\)$", "CHANGELOG.md")
problems = []
if not packaged or packaged[0] != built:
    problems.append(f"debian/changelog begins with {packaged[:1]}, CMakeLists.txt says {built}")
if not told or told[0] != built:
    problems.append(f"the newest version of CHANGELOG.md is {told[:1]}, CMakeLists.txt says {built}")
for version in told:
    for part in ("collector/collector.db", "agent/spool.db", "answers.json", "reader.token", "config/shipped.tar.xz", "config/agent", "config/collector"):
        if not (SOURCE / "tests/upgrade/data" / version / part).exists():
            problems.append(f"tests/upgrade/data/{version}/{part} is missing: tests/upgrade/write makes it")
print("\n".join(problems) if problems else f"{built}, after {', '.join(told[1:])}")
sys.exit(1 if problems else 0)
