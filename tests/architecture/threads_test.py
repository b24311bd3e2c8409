"""The table of threads in ARCHITECTURE.md is complete: it names every file that makes a thread, and no other."""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = "agent collector config core net probes rules sandbox store wire".split()
MAKES = re.compile(r"\bstd::j?thread\b(?!::)|\bstd::async\b|\bpthread_create\b|\bthread_pool\b")
COMMENT = re.compile(r"//.*")
LOOP = "net/loop/loop"  # the program's own thread


def makers():
    """Without suffixes: a header may hold the member, its source make the thread."""
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.suffix in (".h", ".cpp") and MAKES.search(COMMENT.sub("", path.read_text())):
                yield str(path.relative_to(SOURCE).with_suffix(""))


def named():
    section = re.search(r"^## Threads$(.*?)^## ", (SOURCE / "ARCHITECTURE.md").read_text(), re.MULTILINE | re.DOTALL)
    first = "\n".join(re.findall(r"^\|([^|]*)\|", section.group(1), re.MULTILINE))
    return {name.removesuffix(".cpp") for name in re.findall(r"`([\w./]+\.cpp)`", first)}


def main():
    making, said = set(makers()), named()
    problems = [f"ARCHITECTURE.md: the table of threads lacks {name}.cpp" for name in sorted(making - said)]
    problems += [f"ARCHITECTURE.md: {name}.cpp makes no thread" for name in sorted(said - making - {LOOP})]
    print("\n".join(problems) if problems else f"{len(making)} files make threads, all in the table")
    return 1 if problems or LOOP not in said else 0


if __name__ == "__main__":
    sys.exit(main())
