#!/usr/bin/env python3
"""Reads the #include lines of every folder and holds them against the architecture.

usage: includes.py check [ROOT]       arrows, circles between rooms, crowded rooms, links, private headers, #pragma once
       includes.py picture [ROOT]     the ```arrows and ```rooms blocks of ROOT/ARCHITECTURE.md are what the includes say, and
                                      each room has its line in a table
       includes.py print [ROOT]       prints those blocks

Prints file:line: what; ends with 1 when anything was found.
"""
import os
import re
import sys

# What a folder may include: the arrows of ARCHITECTURE.md. The sandbox's sample CRM is an SQLite file, hence store.
ALLOWED = {
    "core": set(),
    "config": {"core"},
    "wire": {"core"},
    "store": {"core"},
    "net": {"core"},
    "probes": {"net", "config", "core"},
    "rules": {"core"},
    "agent": {"probes", "store", "wire", "net", "config", "core"},
    "collector": {"rules", "store", "wire", "net", "config", "core"},
    "sandbox": {"net", "config", "core", "store"},
}
# The order of the picture's lines: whoever includes stands above what is included.
ORDER = ["agent", "collector", "sandbox", "probes", "rules", "store", "wire", "net", "config", "core"]

# Libraries that stay inside a folder or a file: (their headers, what a file that includes them is called, why).
CONFINED = [
    (re.compile(r"boost/(?:asio|beast)\b"), re.compile(r"net/.+\.(?:h|cpp)$"), "Asio and Beast stay in net/"),
    (re.compile(r"yaml-cpp/"), re.compile(r"config/node\.cpp$"), "yaml-cpp stays in config/node.cpp"),
]
# A room is a folder with sources. More than so many of them in one room are two rooms.
MOST_FILES = 25
# A header of net/ that needs Asio or Beast, itself or by what it includes, is private to net/.
PRIVATE_FOLDER = "net"
PRIVATE_LIBRARY = re.compile(r"boost/(?:asio|beast)\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"(?P<own>[^"]+)"|<(?P<library>[^>]+)>)')


class File:
    """One source file: its name from the root, and (line, name) of what it includes."""

    def __init__(self, root, name):
        self.root = root
        self.name = name
        self.folder = name.split("/", 1)[0]
        self.room = name.rsplit("/", 1)[0]
        self.own = []
        self.library = []
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        self.has_pragma_once = re.search(r"^#pragma once$", text, re.MULTILINE) is not None
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match.group("own"):
                self.own.append((number, match.group("own")))
            elif match:
                self.library.append((number, match.group("library")))


def read_files(root):
    files = []
    for folder in ALLOWED:
        for here, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = sorted(name for name in folders if name != "testdata")
            relative = os.path.relpath(here, root).replace(os.sep, "/")
            files += [File(root, f"{relative}/{name}") for name in sorted(names) if name.endswith((".h", ".cpp"))]
    return files


def wrong_arrows(files):
    for file in files:
        for line, name in file.own:
            target = name.split("/", 1)[0]
            if target not in ALLOWED or "/" not in name:
                yield file.name, line, f"\"{name}\" does not begin with a folder (includes go from the repository's root)"
            elif target != file.folder and target not in ALLOWED[file.folder]:
                may = " ".join(sorted(ALLOWED[file.folder])) or "nothing of ours"
                yield file.name, line, f"{file.folder}/ may not include {target}/ (it may: {may})"
        for line, name in file.library:
            if name.split("/", 1)[0] in ALLOWED and "/" in name and name.endswith(".h"):
                yield file.name, line, f"<{name}> is ours: write it in quotes"


def unconfined_libraries(files):
    for file in files:
        for line, name in file.library + file.own:
            for headers, home, why in CONFINED:
                if headers.match(name) and not home.match(file.name):
                    yield file.name, line, f"<{name}>: {why}"


def private_headers(files):
    """Headers of net/ that need Asio or Beast, directly or not."""
    headers = {file.name: file for file in files if file.folder == PRIVATE_FOLDER and file.name.endswith(".h")}
    private = {name for name, file in headers.items() if any(PRIVATE_LIBRARY.match(library) for _, library in file.library)}
    grown = True
    while grown:
        more = {name for name, file in headers.items() if any(own in private for _, own in file.own)} - private
        private |= more
        grown = bool(more)
    return private


def uses_of_private_headers(files):
    private = private_headers(files)
    for file in files:
        for line, name in file.own:
            if file.folder != PRIVATE_FOLDER and name in private:
                yield file.name, line, f"{name} is private to {PRIVATE_FOLDER}/ (it brings Asio)"


def missing_pragmas(files):
    for file in files:
        if file.name.endswith(".h") and not file.has_pragma_once:
            yield file.name, 1, "a header without #pragma once"


def room_arrows(files):
    """{(from, to): "file:line" of one include that makes it}, between the rooms of one folder."""
    arrows = {}
    for file in files:
        for line, name in file.own:
            room = name.rsplit("/", 1)[0]
            if name.split("/", 1)[0] == file.folder and room != file.room:
                arrows.setdefault((file.room, room), f"{file.name}:{line}")
    return arrows


def room_circles(files):
    """Whoever stands in a circle of rooms: takes away what points nowhere any more, until nothing goes."""
    arrows = room_arrows(files)
    while True:
        sources = {source for source, _ in arrows}
        kept = {arrow: place for arrow, place in arrows.items() if arrow[1] in sources}
        if len(kept) == len(arrows):
            break
        arrows = kept
    for (source, target), place in sorted(arrows.items()):
        name, line = place.rsplit(":", 1)
        yield name, int(line), f"{source}/ -> {target}/ is part of, or leads to, a circle of rooms"


def crowded_rooms(files):
    counts = {}
    for file in files:
        counts[file.room] = counts.get(file.room, 0) + 1
    for room, count in sorted(counts.items()):
        if count > MOST_FILES:
            yield room, 0, f"{count} files in one room: at most {MOST_FILES}"


LIBRARY = re.compile(r"crmpulse_(?:library|headers)\((\w+)([^)]*)\)")


def links_of(root, room):
    """What the library of a room links, as CMake writes it; None when the room has no library."""
    try:
        with open(os.path.join(root, room, "CMakeLists.txt"), encoding="utf-8") as file:
            found = dict(LIBRARY.findall(file.read()))
    except FileNotFoundError:
        return None
    name = room.replace("/", "_")
    return set(re.findall(r"crmpulse::(\w+)", found[name])) if name in found else None


def missing_links(files):
    """A linker that searches its libraries once finds nothing in one that is not linked, or stands too early."""
    links = {}
    for file in files:
        if file.room not in links:
            links[file.room] = links_of(file.root, file.room)
        linked = links[file.room]
        if linked is None or file.name.endswith("/main.cpp"):
            continue
        for line, name in file.own:
            folder, room = name.split("/", 1)[0], name.rsplit("/", 1)[0]
            library = room.replace("/", "_") if folder == file.folder else folder
            if room != file.room and name != "core/version.h" and library not in linked:
                yield file.name, line, f"{file.room}/CMakeLists.txt does not link crmpulse::{library}"


def check(root):
    files = read_files(root)
    if not files:
        return [(root, 0, "no source file found")]
    found = []
    for rule in (wrong_arrows, room_circles, crowded_rooms, missing_links, unconfined_libraries, uses_of_private_headers,
                 missing_pragmas):
        found += rule(files)
    return sorted(found)


def actual_arrows(root):
    """{(from, to): "file:line" of one include that makes it}."""
    arrows = {}
    for file in read_files(root):
        for line, name in file.own:
            target = name.split("/", 1)[0]
            if target in ALLOWED and target != file.folder:
                arrows.setdefault((file.folder, target), f"{file.name}:{line}")
    return arrows


def drawn_arrows(text, block="arrows"):
    """{(from, to): line} of the ```arrows or ```rooms block, and the lines by what stands left of the arrow; None when there is
    no such block. Raises ValueError (line, what)."""
    arrows, left, inside, seen = {}, {}, False, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() == f"```{block}":
            inside = seen = True
        elif line.strip() == "```":
            inside = False
        elif inside and line.strip():
            match = re.fullmatch(r"\s*([\w/]+)\s*->((?:\s+[\w/]+)*)\s*", line)
            if not match:
                raise ValueError(number, "a line of the picture reads `folder -> folder folder`")
            left[match.group(1)] = number
            for target in match.group(2).split():
                arrows[match.group(1), target] = number
    return (arrows, left) if seen else None


def compare(name, drawn, actual):
    found = [(name, drawn[arrow], f"{arrow[0]} -> {arrow[1]} is drawn, but no include makes it") for arrow in drawn.keys() - actual.keys()]
    for arrow in actual.keys() - drawn.keys():
        found.append((name, 0, f"{arrow[0]} -> {arrow[1]} is not drawn, but made by {actual[arrow]}"))
    return found


def actual_rooms(root):
    """Rooms of folders that have more than one, and the arrows between them, written as in the picture: within a folder by
    the room's name alone."""
    files = read_files(root)
    rooms = {}
    for file in files:
        rooms.setdefault(file.folder, set()).add(file.room)
    named = {room for several in rooms.values() if len(several) > 1 for room in several}
    arrows = {(source, target.split("/", 1)[-1]): place for (source, target), place in room_arrows(files).items()}
    return named, arrows


def picture(root):
    name = "ARCHITECTURE.md"
    try:
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        folders = drawn_arrows(text)
        rooms = drawn_arrows(text, "rooms")
    except FileNotFoundError:
        return [(name, 0, "is missing")]
    except ValueError as error:
        return [(name, *error.args)]
    if folders is None:
        return [(name, 0, "has no block fenced as ```arrows")]
    found = compare(name, folders[0], actual_arrows(root))
    named, arrows = actual_rooms(root)
    if rooms is None:
        return sorted(found + ([(name, 0, "has no block fenced as ```rooms")] if named else []))
    found += compare(name, rooms[0], arrows)
    found += [(name, 0, f"the rooms' block has no line for {room}") for room in named - rooms[1].keys()]
    found += [(name, line, f"there is no room {room}") for room, line in rooms[1].items() if room not in named]
    for room in sorted(named):
        if not re.search(rf"^\| `{re.escape(room)}/` \| \S", text, re.MULTILINE):
            found.append((name, 0, f"no table has a line `| `{room}/` | what is in it |`"))
    return sorted(found)


def print_picture(root):
    actual = actual_arrows(root)
    width = max(map(len, ORDER))
    print("```arrows")
    for folder in ORDER:
        targets = [target for target in ORDER if (folder, target) in actual]
        if targets:
            print(f"{folder:<{width}} -> {' '.join(targets)}")
    print("```")
    named, arrows = actual_rooms(root)
    width = max(map(len, named), default=0)
    print("```rooms")
    for folder in ORDER:
        for room in sorted(room for room in named if room.split("/", 1)[0] == folder):
            print(f"{room:<{width}} -> {' '.join(sorted(target for source, target in arrows if source == room))}".rstrip())
    print("```")


def main(arguments):
    command = arguments[0] if arguments else ""
    root = arguments[1] if len(arguments) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    if command == "print":
        print_picture(root)
        return 0
    if command not in ("check", "picture"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    found = check(root) if command == "check" else picture(root)
    for name, line, what in found:
        print(f"{name}:{line}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
