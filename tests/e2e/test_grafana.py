"""config/grafana/: the dashboards are what Grafana imports, and every expression in them has data in a Prometheus that scrapes the demo."""

import json
import re
import unittest
import urllib.parse

from harness import BIN, SOURCE, EndToEnd, eventually, free_port, get, get_json

FOLDER = SOURCE / "config/grafana"
BOARDS = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
# What a variable stands for in a query: everything.
VARIABLES = {"$kind": ".*", "$crm": ".*", "$agent": ".*", "$__rate_interval": "1m"}


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions(board):
    for panel in panels(board):
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield panel["title"], expression
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            metric = re.fullmatch(r"label_values\((\w+), \w+\)", variable["query"]["query"]).group(1)
            yield f"variable {variable['name']}", metric


class Dashboards(unittest.TestCase):
    def test_there_are_three_and_each_has_its_own_name(self):
        self.assertEqual(set(BOARDS), {"fleet.json", "crm.json", "agents-and-collector.json"})
        self.assertEqual(len({board["uid"] for board in BOARDS.values()}), 3)

    def test_panels_do_not_lie_on_each_other_and_are_numbered(self):
        for name, board in BOARDS.items():
            taken = set()
            for panel in board["panels"]:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                with self.subTest(board=name, panel=panel["title"]):
                    self.assertLessEqual(at["x"] + at["w"], 24)
                    self.assertFalse(cells & taken)
                taken |= cells
            self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))

    def test_every_title_is_there_in_both_languages(self):
        for name, board in BOARDS.items():
            for panel in [board, *board["panels"]]:
                with self.subTest(board=name, panel=panel["title"]):
                    self.assertTrue(re.search("[\u4e00-\u9fff]", panel["title"]) and re.search("[A-Za-z]", panel["title"]))
                    if "description" in panel:
                        self.assertRegex(panel["description"], "[\u4e00-\u9fff]")

    def test_every_panel_asks_the_data_source_that_is_chosen(self):
        for name, board in BOARDS.items():
            for panel in panels(board):
                for asked in (panel, *panel["targets"]):
                    self.assertEqual(asked["datasource"], {"type": "prometheus", "uid": "${datasource}"}, (name, panel["title"]))


class Data(EndToEnd):
    def test_every_expression_has_data_from_the_demo(self):
        demo = self.process("demo", [SOURCE / "scripts/run-demo", BIN], env={"TMPDIR": str(self.folder)})
        self.addCleanup(demo.stop)
        said = eventually(lambda: re.search(r"http://(127\.0\.0\.1:\d+)/metrics", demo.log.read_text()), 120, "the demo is up")
        config = self.write("prometheus.yml", json.dumps({"scrape_configs": [
            {"job_name": "crmpulse", "honor_labels": True, "scrape_interval": "1s", "static_configs": [{"targets": [said.group(1)]}]}]}))
        port = free_port()
        self.process("prometheus", ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/tsdb",
                                    f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"])
        base = f"http://127.0.0.1:{port}"
        eventually(lambda: get(base + "/-/ready"), 60, "Prometheus is ready")

        def has_data(expression):
            result = get_json(f"{base}/api/v1/query?query={urllib.parse.quote(expression)}")["data"]["result"]
            return any(one["value"][1] != "NaN" for one in result)

        missing = {(name, *one) for name, board in BOARDS.items() for one in expressions(board)}

        def all_have_data():
            missing.difference_update({one for one in missing if has_data(one[2])})
            return not missing

        try:
            eventually(all_have_data, 180, "every expression has data")
        except AssertionError:
            self.fail("without data:\n" + "\n".join(f"{board}, {title}: {expression}" for board, title, expression in sorted(missing)))


if __name__ == "__main__":
    unittest.main()
