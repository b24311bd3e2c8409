"""The page as it is committed: built from the sources beside it, small enough, and with the places the collector fills."""

import gzip
import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
DIST = WEB / "dist"
SOURCES = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "public", "scripts", "src"]
MOST_BYTES = 90_000  # all script and style, gzip
ADDRESS = re.compile(rb"https?://(?!www\.w3\.org/)[a-z0-9.-]+")

faults = []


def expect(holds, fault):
    if not holds:
        faults.append(fault)


def sources():
    for name in SOURCES:
        path = WEB / name
        yield from [path] if path.is_file() else (file for file in sorted(path.rglob("*")) if file.is_file())


def check_sources():
    """Each source has the hash it was built with, none has come or gone since."""
    recorded = dict(reversed(line.split("  ", 1)) for line in (DIST / "SOURCES.sha256").read_text().splitlines())
    present = {path.relative_to(WEB).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sources()}
    for name in sorted(recorded.keys() | present.keys()):
        expect(recorded.get(name) == present.get(name), f"web/{name} is not what web/dist was built from: npm --prefix web run build")


def check_files():
    names = {path.relative_to(DIST).as_posix() for path in DIST.rglob("*") if path.is_file()} - {"SOURCES.sha256"}
    plain = {name for name in names if not name.endswith((".gz", ".br"))}
    for name in sorted(plain):
        expect({name + ".gz", name + ".br"} <= names, f"web/dist/{name} is not there as .gz and .br")
        if name + ".gz" in names:
            packed = (DIST / (name + ".gz")).read_bytes()
            expect(gzip.decompress(packed) == (DIST / name).read_bytes(), f"web/dist/{name}.gz is of another file")
            expect(packed[4:8] == bytes(4), f"web/dist/{name}.gz has a time in it")
    expect(names == plain | {name + end for name in plain for end in (".gz", ".br")}, "web/dist has a packed file of nothing")
    for name in sorted(plain):
        found = ADDRESS.findall((DIST / name).read_bytes())
        expect(not found, f"web/dist/{name} names another host: {found[:1]}")


def check_budget():
    parts = [path for path in (DIST / "assets").glob("*.gz") if path.name.endswith((".js.gz", ".css.gz"))]
    total = sum(path.stat().st_size for path in parts)
    print(f"script and style: {total} bytes with gzip, of {MOST_BYTES}")
    expect(parts and total <= MOST_BYTES, f"script and style are {total} bytes with gzip, more than {MOST_BYTES}")


def check_index():
    html = (DIST / "index.html").read_text()
    for marker in ('<base href="/">', "<!--plain-->"):
        expect(html.count(marker) == 1, f"web/dist/index.html has {marker} {html.count(marker)} times, not once")
    expect(html.index("<base") < html.index("href=\"favicon"), "<base> stands behind an address it is for")
    expect(not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", html), "web/dist/index.html has script or style inline")


check_sources()
check_files()
check_budget()
check_index()
for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(1 if faults else 0)
