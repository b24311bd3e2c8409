"""No two types of one namespace have one name: the linker would take either for both, and no compiler sees them together."""

import collections
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["agent", "collector", "config", "core", "net", "probes", "rules", "sandbox", "store", "wire"]
NAMESPACE = re.compile(r"^namespace (\w[\w:]*) \{$", re.MULTILINE)
TYPE = re.compile(r"^(?:struct|class|enum class) (\w+)(?: final)?(?: : [^{;]*)? \{", re.MULTILINE)


def places():
    found = collections.defaultdict(list)
    for folder in FOLDERS:
        for header in sorted((SOURCE / folder).rglob("*.h")):
            text = header.read_text()
            within = [(match.start(), match[1]) for match in NAMESPACE.finditer(text)]
            for match in TYPE.finditer(text):
                namespace = [name for at, name in within if at < match.start()][-1:]
                # Of two that stand for each other on different systems one is compiled.
                if header.stem.endswith(("_posix", "_windows")):
                    continue
                found["::".join([*namespace, match[1]])].append(str(header.relative_to(SOURCE)))
    return found


def main():
    twice = {name: files for name, files in places().items() if len(files) > 1}
    for name, files in sorted(twice.items()):
        print(f"{name} is defined in {' and in '.join(files)}")
    if not twice:
        print(f"{len(places())} types, each name once in its namespace")
    return 1 if twice else 0


sys.exit(main())
