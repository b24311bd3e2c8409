"""The tree holds to chinese.py, and chinese.py finds what it is for."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
import chinese  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Chinese(unittest.TestCase):
    def expect(self, suffix, text, *words):
        found = [what for _, what in chinese.problems_of(suffix, text)]
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_the_tree_is_written_as_the_glossary_says(self):
        found = list(chinese.problems(SOURCE))
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_many_texts_are_read(self):
        read = sum(1 for path in chinese.files(SOURCE) for _, text in chinese.READERS[path.suffix](path.read_text(encoding="utf-8"))
                   if any("\u4e00" <= c <= "\u9fff" for c in text))
        self.assertGreater(read, 800)

    def test_another_word_for_an_agent_is_found_and_a_proxy_is_not(self):
        self.expect(".cpp", 'text = "代理无法连接 CRM";', "代理: write 探针")
        self.assertEqual(list(chinese.problems_of(".cpp", '"反向代理", "经过代理服务器"')), [])

    def test_half_width_punctuation_in_a_chinese_sentence_is_found(self):
        self.expect(".cpp", '"检查失败, 请查看日志"', "half-width")
        self.expect(".yaml", "zh: 检查主机(及服务)", "half-width")
        self.expect(".md", "响应缓慢;请重试", "half-width")
        self.assertEqual(list(chinese.problems_of(".yaml", 'help: {en: "a, b", zh: "形如 postgresql://monitor@主机:5432/database"}')), [])
        self.assertEqual(list(chinese.problems_of(".md", "写作 `{a: 甲, b: 乙}`，见[这里](x.md)。\n```\n甲, 乙\n```")), [])

    def test_comments_are_free(self):
        self.assertEqual(list(chinese.problems_of(".h", "/// `代理, x`\n// 警报")), [])


if __name__ == "__main__":
    unittest.main()
