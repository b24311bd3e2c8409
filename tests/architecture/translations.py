"""A Chinese page and the English one it comes from are one page in two languages: the same headings, tables and blocks in the
same order, and in each section the same links and the same names in backticks. Words inside comments are free.

docs/zh/NAME.md comes from docs/NAME.md, README.zh-CN.md from README.md. A link to a page that is there in Chinese leads to the
Chinese one; besides, the two link each other in their first lines."""

import collections
import dataclasses
import itertools
import os
import re

LINK = re.compile(r"\]\(([^)\s]+)\)")
NAME = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
CHINESE = re.compile(r"[\u4e00-\u9fff]|\bzh\b")
CHINESE_PICTURE = ".zh.png"  # the same picture with Chinese words in it
FIRST_LINES = 3  # a title, an empty line, and what a reader sees next
COMMENT = {"sql": re.compile(r"\s*--.*")} | dict.fromkeys(["sh", "yaml", "ini"], re.compile(r"(^|\s+)#.*"))


def anchor_of(heading):
    """Of a heading's text, as GitHub makes it."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@dataclasses.dataclass
class Section:
    """A heading and what stands under it up to the next one. What stands before the first heading has an empty one."""

    heading: str = ""
    parts: list = dataclasses.field(default_factory=list)  # (what, its lines) of tables and blocks
    prose: str = ""  # with tables, without blocks

    @property
    def level(self):
        return self.heading.partition(" ")[0]

    @property
    def names(self):
        return {" ".join(name.split()) for name in NAME.findall(self.prose)}


def sections_of(text):
    """Comments are taken out of the blocks; of a table's lines only the bars between columns are kept."""
    found = [Section()]
    fence = None
    table = False
    for line in text.splitlines():
        if fence is not None:
            if line == "```":
                fence = None
            else:
                found[-1].parts[-1][1].append(fence.sub("", line) if fence else line)
            continue
        if line.startswith("```"):
            found[-1].parts.append((f"block {line}", []))
            fence = COMMENT.get(line[3:].partition(" ")[0], False)
        elif re.match("#+ ", line):
            found.append(Section(line))
        else:
            found[-1].prose += line + "\n"
            if line.startswith("|") and not table:
                found[-1].parts.append(("table", []))
            if line.startswith("|"):
                found[-1].parts[-1][1].append("|" * line.replace("\\|", "").count("|"))
        table = line.startswith("|")
    return found


def difference_in_parts(english, chinese):
    for number, (there, here) in enumerate(itertools.zip_longest(english, chinese, fillvalue=("missing", [])), 1):
        if there[0] != here[0]:
            return f"part {number} is {here[0]}, in English {there[0]}"
        for row, lines in enumerate(itertools.zip_longest(there[1], here[1], fillvalue="(missing)"), 1):
            if lines[0] != lines[1]:
                return f"part {number}, {here[0]}, line {row}:\n  Chinese: {lines[1]}\n  English: {lines[0]}"
    return None


def difference_in_names(english, chinese):
    """A Chinese page may name more: what the program prints in Chinese, and how to ask for that (`language: zh`)."""
    for name in sorted(english - chinese):
        return f"no `{name}`"
    for name in sorted(chinese - english):
        if not CHINESE.search(name):
            return f"`{name}` is not there in English"
    return None


class Tree:
    """The pages below a folder. Paths are given from there, with /."""

    def __init__(self, folder):
        self.folder = folder
        self.english_of = {"README.zh-CN.md": "README.md"} if (folder / "README.zh-CN.md").exists() else {}
        for page in sorted((folder / "docs/zh").rglob("*.md")):
            name = page.relative_to(folder / "docs/zh").as_posix()
            self.english_of[f"docs/zh/{name}"] = f"docs/{name}"
        self.chinese_of = {english: chinese for chinese, english in self.english_of.items()}
        self.sections = {}

    def sections_of(self, page):
        if page not in self.sections:
            self.sections[page] = sections_of((self.folder / page).read_text(encoding="utf-8"))
        return self.sections[page]

    def links(self, page, section):
        """Each as (the page it leads to, the number of the heading there or 0), or as it stands where it leads to no page."""
        found = []
        for link in LINK.findall(section.prose):
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if target.endswith(CHINESE_PICTURE) and (self.folder / target).exists():
                target = target.removesuffix(CHINESE_PICTURE) + ".png"
            if re.match("[a-z]+:", link):
                found.append(link)
            elif not target.endswith(".md") or not (self.folder / target).exists():
                found.append(target)
            else:
                anchors = [anchor_of(one.heading.lstrip("# ")) for one in self.sections_of(target)]
                found.append((target, anchors.index(anchor) if anchor in anchors else anchor))
        return found

    def words(self, link):
        """Of a link, as links() gives it."""
        if not isinstance(link, tuple):
            return link
        page, heading = link
        if isinstance(heading, int):
            heading = anchor_of(self.sections_of(page)[heading].heading.lstrip("# "))
        return f"{page}#{heading}" if heading else page

    def difference_in_links(self, english, chinese):
        """Each is (page, section). What leads to the same page in the other language is left out."""
        there, here = english[0], chinese[0]
        meant = collections.Counter()
        for link in self.links(*english):
            if link != (here, 0):
                meant[(self.chinese_of.get(link[0], link[0]), link[1]) if isinstance(link, tuple) else link] += 1
        said = collections.Counter(link for link in self.links(*chinese) if link != (there, 0))
        for link in meant - said:
            return f"no link to {self.words(link)}"
        for link in said - meant:
            return f"a link to {self.words(link)} is not there in English"
        return None

    def first_difference(self, english, chinese):
        if not (self.folder / english).exists():
            return f"no {english}, which it comes from"
        meant, said = self.sections_of(english), self.sections_of(chinese)
        for number, (there, here) in enumerate(itertools.zip_longest(meant, said)):
            if here is None:
                return f'heading {number} is missing: in English "{there.heading}"'
            if there is None:
                return f'heading {number} "{here.heading}" is not there in English'
            if there.level != here.level:
                return f'heading {number} is "{here.heading}", in English "{there.heading}"'
            under = f'under "{here.heading}" (English "{there.heading}")' if here.heading else "before the first heading"
            problem = (difference_in_parts(there.parts, here.parts) or self.difference_in_links((english, there), (chinese, here))
                       or difference_in_names(there.names, here.names))
            if problem:
                return f"{under}: {problem}"
        return None

    def links_first(self, page, target):
        with (self.folder / page).open(encoding="utf-8") as lines:
            return (target, 0) in self.links(page, Section(prose="".join(itertools.islice(lines, FIRST_LINES))))


def differences(folder):
    """The first of each page, and links between the two languages that are missing."""
    tree = Tree(folder)
    for chinese, english in tree.english_of.items():
        problem = tree.first_difference(english, chinese)
        if problem:
            yield f"{chinese}: {problem}"
        for page, other in ((chinese, english), (english, chinese)):
            if (folder / english).exists() and not tree.links_first(page, other):
                yield f"{page}: no link to {other} in its first lines"
