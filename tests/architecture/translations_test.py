"""translations.py, held against two small pages that are changed in one place each time."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import translations  # noqa: E402

ENGLISH = """# Install

[中文](zh/install.md)

Copy `agent.yaml`, see [security](security.md#tokens) and [the standard](https://example.com/standard).

```sh
make install    # as root
```

## Run

Start it: [first](first.md#run).

| key | meaning |
|---|---|
| `name` | what it is called |
"""
CHINESE = """# 安装

[English](../install.md)

[规范](https://example.com/standard)、[安全](../security.md#tokens)：复制 `agent.yaml`。

```sh
make install    # 以 root 执行
```

## 运行

启动：[第一步](first.md#运行)。

| 键 | 含义 |
|---|---|
| `name` | 名称 |
"""
OTHERS = {
    "docs/security.md": "# Security\n\n## Tokens\n",
    "docs/first.md": "# First\n\n[中文](zh/first.md)\n\n## Run\n",
    "docs/zh/first.md": "# 第一步\n\n[English](../first.md)\n\n## 运行\n",
    "README.md": "# Pulse\n\n[中文](README.zh-CN.md) [install](docs/install.md)\n",
    "README.zh-CN.md": "# Pulse\n\n[English](README.md) [安装](docs/zh/install.md)\n",
}


class Translations(unittest.TestCase):
    def differences(self, changed):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in ({"docs/install.md": ENGLISH, "docs/zh/install.md": CHINESE} | OTHERS | changed).items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return list(translations.differences(pathlib.Path(folder)))

    def expect(self, old, new, *words):
        """The Chinese page with one text in place of another has one difference, told in these words."""
        self.assertIn(old, CHINESE)
        found = self.differences({"docs/zh/install.md": CHINESE.replace(old, new, 1)})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith("docs/zh/install.md: "), found)
        for word in words:
            self.assertIn(word, found[0])

    def test_the_same_page_in_two_languages_is_fine(self):
        self.assertEqual(self.differences({}), [])

    def test_a_heading_of_another_level_missing_or_more_is_found(self):
        self.expect("## 运行", "### 运行", '"### 运行"', '"## Run"')
        self.expect("## 运行", "运行", "# 安装")
        self.expect("| `name` | 名称 |\n", "| `name` | 名称 |\n\n## 其他\n", 'heading 3 "## 其他" is not there in English')

    def test_a_command_that_differs_is_found_and_a_comment_is_not(self):
        self.expect("make install    #", "make instal    #", "block ```sh", "Chinese: make instal\n", "English: make install")
        self.expect("```sh\nmake install    # 以 root 执行\n```\n", "", "missing")
        self.expect("```sh", "```ini", "```ini", "```sh")

    def test_a_table_of_another_form_is_found(self):
        self.expect("| `name` | 名称 |\n", "| `name` | 名称 |\n| `type` | 类型 |\n", "under \"## 运行\"", "line 4")
        self.expect("| 键 | 含义 |", "| 键 | 含义 | 备注 |", "line 1")

    def test_a_name_in_backticks_that_differs_is_found(self):
        self.expect("`name`", "名称", "no `name`")
        self.expect("名称 |", "`title` |", "`title` is not there in English")

    def test_a_name_in_chinese_may_be_more(self):
        self.assertEqual(self.differences({"docs/zh/install.md": CHINESE.replace("名称 |", "`理想`，用 `--language zh` |")}), [])

    def test_a_link_that_leads_elsewhere_is_found(self):
        self.expect("[规范](https://example.com/standard)", "规范", "no link to https://example.com/standard")
        self.expect("../security.md#tokens", "../security.md", "no link to docs/security.md#tokens")
        self.expect("first.md#运行", "first.md", "no link to docs/zh/first.md#运行")

    def test_a_link_to_the_english_page_where_there_is_a_chinese_one_is_found(self):
        self.expect("first.md#运行", "../first.md#run", "no link to docs/zh/first.md#运行")

    def test_a_page_that_does_not_link_its_other_language_in_its_first_lines_is_found(self):
        link = "[English](../install.md)\n"
        self.expect(link, "", "no link to docs/install.md in its first lines")
        self.assertEqual(self.differences({"docs/zh/install.md": CHINESE.replace(link, "") + "\n" + link}),
                         ["docs/zh/install.md: no link to docs/install.md in its first lines"])
        self.assertEqual(self.differences({"docs/install.md": ENGLISH.replace("[中文](zh/install.md)\n", "")}),
                         ["docs/install.md: no link to docs/zh/install.md in its first lines"])
        self.assertEqual(self.differences({"README.md": "# Pulse\n\n[install](docs/install.md)\n"}),
                         ["README.md: no link to README.zh-CN.md in its first lines"])
        self.assertEqual(self.differences({"README.zh-CN.md": "# Pulse\n\n[安装](docs/zh/install.md)\n"}),
                         ["README.zh-CN.md: no link to README.md in its first lines"])

    def test_a_chinese_page_of_nothing_is_found(self):
        self.assertEqual(self.differences({"docs/zh/more.md": "# 更多\n"}), ["docs/zh/more.md: no docs/more.md, which it comes from"])

    def test_a_tree_without_chinese_pages_is_fine(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(list(translations.differences(pathlib.Path(folder))), [])


if __name__ == "__main__":
    unittest.main()
