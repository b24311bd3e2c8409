"""What Debian 12, Debian 13 and Ubuntu 24.04 name differently has both names, so that one tree builds on each of them."""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NUMBERED = re.compile(r"^lib[\w+-]*\d+\.\d+-dev$")  # one release's name: libboost1.81-dev
INCLUDE = re.compile(r"^#include <(catch2/[^>]*)>", re.MULTILINE)


def numbered_alone():
    """Packages that only one release has under this name, without another to take instead."""
    depends = re.search(r"^Build-Depends:\n((?: .*\n)+)", (SOURCE / "debian/control").read_text(), re.MULTILINE).group(1)
    for entry in depends.split(","):
        names = [alternative.split()[0] for alternative in entry.split("|") if alternative.strip()]
        if names and all(NUMBERED.match(name) for name in names):
            yield names[0]


def headers_of_one_version():
    """Catch2 2 has one header, and tests/catch2_v3 stands in for it where there is Catch2 3."""
    for folder in ("tests", "bench"):
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                for header in INCLUDE.findall(path.read_text()):
                    if header != "catch2/catch.hpp":
                        yield f"{path.relative_to(SOURCE)}: <{header}>"


def main():
    problems = [f"debian/control: {name} has another name on other distributions: write an alternative after |" for name in numbered_alone()]
    problems += [f"{place} is of one version of Catch2: <catch2/catch.hpp> is of both" for place in headers_of_one_version()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
