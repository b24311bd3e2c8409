"""Chinese as it is written here: the words of docs/glossary.md, and full-width punctuation between Chinese characters. Read are
texts in quotes of the sources, the YAML that is shipped, and the Chinese pages without their blocks and names in backticks."""

import re

HAN = "[\u4e00-\u9fff]"
FOLDERS = "agent collector config core net probes rules sandbox store wire".split()
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
HALF_WIDTH = re.compile(rf"{HAN}\s*[,;!?]|[,;!?]\s*{HAN}|{HAN}:(?!\d)|{HAN}\s*\(|\)\s*{HAN}|{HAN}\.(?![\w/*])")
# Another word for something that has one: (what is wrong, the word to write).
WORDS = [(re.compile(wrong), right) for wrong, right in [
    ("(?<!反向)代理(?!服务器)", "探针"), ("供应商|销售商", "厂商"), ("收集器|采集端", "采集器"), ("健康分(?!析)|健康得分|健康度", "健康评分"),
    ("警报", "告警"), ("次健康|次优", "亚健康"), ("(?<!相关)当事方|当事人", "参与者"), ("小型事件|轻微事件", "轻微故障"), ("大型事件|重大事件", "重大故障"),
    ("速率限制头|限速头", "限流响应头"), ("没有报告失败", "原因尚不明确（无失败记录）"), ("非常慢", "极慢"), ("权限撤销|撤回权限", "权限被撤销"),
    ("管理 → 调度器|管理 > 调度器", "管理→调度器"), ("阈值 [≥≤]", "达 … 为不良"),
]]


def texts_of_source(text):
    """Each as (line, text)."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("//"):
            yield from ((number, quoted) for quoted in QUOTED.findall(line))


def texts_of_yaml(text):
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("#"):
            # An address may have a Chinese word in it.
            yield number, re.sub(r"\w+://\S+", "", line)


def texts_of_page(text):
    block = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            block = not block
        elif not block:
            yield number, re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "`", line))


READERS = {".cpp": texts_of_source, ".h": texts_of_source, ".yaml": texts_of_yaml, ".md": texts_of_page}


def problems_of(suffix, text):
    """Each as (line, what is wrong)."""
    for number, piece in READERS[suffix](text):
        if not re.search(HAN, piece):
            continue
        if found := HALF_WIDTH.search(piece):
            yield number, f'half-width punctuation "{found.group()}" in: {piece.strip()}'
        for wrong, right in WORDS:
            if found := wrong.search(piece):
                yield number, f"{found.group()}: write {right}"


def files(root):
    for folder in FOLDERS:
        yield from (path for path in sorted((root / folder).rglob("*")) if path.suffix in {".cpp", ".h", ".yaml"})
    yield from [*root.glob("README.zh-CN.md"), *sorted((root / "docs/zh").rglob("*.md"))]


def problems(root):
    for path in files(root):
        for number, what in problems_of(path.suffix, path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(root)}:{number}: {what}"
