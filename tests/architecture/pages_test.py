"""The pages are true of the tree: every link leads somewhere, every path and type that a developer's page names is there,
docs/reference.md names what the code names, no more and no less, and a Chinese page says what its English one says."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
import translations  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = "docs/reference.md"
# Pages for those who change the code: the paths they name must be there.
DEVELOPERS = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/develop.md", "docs/glossary.md", "docs/decisions/README.md", REFERENCE]
FOLDERS = "agent bench cmake collector config core docs net probes rules sandbox scripts store systemd tests wire".split()
NAMED = re.compile(r"`((?:%s)/[\w./-]*)`" % "|".join(FOLDERS))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def pages():
    return sorted([*SOURCE.glob("*.md"), *(SOURCE / "docs").rglob("*.md"), *(SOURCE / ".github").rglob("*.md")])


def text_of(name):
    return (SOURCE / name).read_text()


def anchors(page):
    return {translations.anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)}


def broken_links():
    for page in pages():
        for link in LINK.findall(FENCED.sub("", page.read_text())):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            if not target.exists():
                yield f"{page.relative_to(SOURCE)}: no {link}"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                yield f"{page.relative_to(SOURCE)}: no heading for {link}"


def pages_nobody_links():
    linked = {SOURCE / "README.md"}
    for page in pages():
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link.partition("#")[0]).resolve()
            linked |= {target, target / "README.md"}
    for page in (SOURCE / "docs").rglob("*.md"):
        if page.resolve() not in linked:
            yield f"{page.relative_to(SOURCE)}: nobody links it"


def paths_that_are_gone():
    """A path without a suffix may be a header with its source. NAME and the like stand for something else."""
    for name in DEVELOPERS:
        for path in NAMED.findall(text_of(name)):
            if re.search(r"NAME|NNNN|DIALECT|PRESET|KIND", path):
                continue
            if not any((SOURCE / f"{path}{suffix}").exists() for suffix in ("", ".h", ".cpp")):
                yield f"{name}: no {path}"


def sources(*folders):
    for folder in folders:
        for path in sorted((SOURCE / folder).rglob("*.cpp")):
            yield path.read_text()


def quoted(pattern, *folders):
    return {found for text in sources(*folders) for found in re.findall(f'"({pattern})"', text)}


def documented(heading):
    """The names in backticks of the first column of the tables under a heading, without their labels."""
    section = re.search(rf"^##+ {re.escape(heading)}$(.*?)(?=^##+ |\Z)", text_of(REFERENCE), re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (`[^|]*) \|", section.group(1), re.MULTILINE)
    return {name.partition("{")[0] for row in rows for name in re.findall(r"`([^`]+)`", row)}


def differences(what, said, meant):
    for name in sorted(meant - said):
        yield f"{REFERENCE}: {what} {name} is missing"
    for name in sorted(said - meant):
        yield f"{REFERENCE}: there is no {what} {name}"


def wrong_names():
    listed = set(re.findall(r'^    Metric\{"(crm_\w+)"', text_of("core/metric_names.cpp"), re.MULTILINE)) | {"crm_hours_info"}
    yield from differences("metric", {name for name in documented("Samples") if name.startswith("crm_")}, listed)
    # The reconciler takes its own parts out of what is sent.
    own = quoted(r"crm_agent_\w+", "agent", "probes") - {"crm_agent_reconcile_part"}
    yield from differences("metric", documented("The agent's own samples"), own)

    health = [text for text in sources("collector") if '"crm_health_level"' in text and "kNames" in text]
    names = set(re.findall(r'"(crm_\w+)"', re.search(r"kNames\{(.*?)\};", health[0], re.DOTALL).group(1)))
    shown = documented("What `/metrics` shows")
    yield from differences("metric", {name for name in shown if name.startswith("crm_")}, names)
    collector = {name.removeprefix("crmpulse_collector_") for name in quoted(r"crmpulse_collector_\w+", "collector")}
    yield from differences("metric", {name for name in shown if not name.startswith("crm_")}, collector)

    events = set(re.findall(r'Row\{Event::\w+, "([\w.]+)"', text_of("core/event.cpp"))) - {"unknown"}
    said = {f"incident{name}" if name.startswith(".") else name for name in documented("Messages")}
    yield from differences("event", {name for name in said if "." in name or name in events}, events)

    routes = {path for path in quoted(r"/(?:|metrics|page\.css|status(?:\.\w+)?|badge/[\w{}]+|(?:plain/)?incidents/[\w{}]+|plain|crm/[\w{}]+|incidents|quiet|deliveries|agents|rules|reports(?:/[\w{}]+)?|settings|login|assets/[\w{}]+|favicon\.svg|-/\w+|api/v1/[\w/{}.]+)", "collector") if f'"{path}"' in "".join(openapi())}
    section = re.search(r"^## HTTP$(.*?)^## ", text_of(REFERENCE), re.MULTILINE | re.DOTALL).group(1)
    first = "".join(re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE))
    yield from differences("address", set(re.findall(r"[ `](/[^`]*)`", first)), routes)


def types_that_are_gone():
    """Of the glossary's last table."""
    headers = "\n".join(path.read_text() for folder in FOLDERS for path in sorted((SOURCE / folder).rglob("*.h")))
    for names in re.findall(r"^\| (`[A-Z]\w+`[^|]*) \| `", text_of("docs/glossary.md"), re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            if not re.search(rf"^\s*(?:class|struct|enum class) {name}\b[^;]*$", headers, re.MULTILINE):
                yield f"docs/glossary.md: no type {name}"


def openapi():
    return [text for text in sources("collector") if "kTexts{" in text]


def main():
    problems = [*broken_links(), *pages_nobody_links(), *paths_that_are_gone(), *wrong_names(), *types_that_are_gone(),
                *translations.differences(SOURCE)]
    print("\n".join(problems) if problems else f"{len(pages())} pages: every link, path and name is there")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
