"""Every promise of docs/reliability.md names the tests that show it, as `file: name`, and they are there; every test of
tests/faults shows one."""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGE = (SOURCE / "docs/reliability.md").read_text()
NAMED = re.findall(r"`(tests/[\w./]+\.(?:cpp|py)): ([^`]+)`", PAGE)


def holds(file, name):
    path = SOURCE / file
    if not path.is_file():
        return False
    # A long name may stand in two literals, and on a line of its own.
    text = re.sub(r'"\s*\n\s*"', "", path.read_text())
    text = re.sub(r"TEST_CASE\(\s+", "TEST_CASE(", text)
    return f'TEST_CASE("{name}"' in text if path.suffix == ".cpp" else f"def {name}(self" in text


problems = [f"there is no {name!r} in {file}" for file, name in NAMED if not holds(file, name)]
for promise in re.findall(r"^\*\*(.+?)\*\*(.*?)(?=^\*\*|^## |\Z)", PAGE, re.MULTILINE | re.DOTALL):
    if "`tests/" not in promise[1]:
        problems.append(f"no test shows: {promise[0]}")
for path in sorted((SOURCE / "tests/faults").glob("test_*.py")):
    for name in re.findall(r"def (test_\w+)\(self", path.read_text()):
        if (f"tests/faults/{path.name}", name) not in NAMED:
            problems.append(f"no promise names {name} of {path.name}")
if len(NAMED) < 10:
    problems.append("the page names hardly any test: has its form changed?")
print("\n".join(problems) if problems else f"{len(NAMED)} tests show the promises")
sys.exit(1 if problems else 0)
