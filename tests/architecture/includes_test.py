"""includes.py, held against small trees made for each test."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import includes  # noqa: E402

HEADER = "#pragma once\n"


class Includes(unittest.TestCase):
    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = os.path.join(folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return folder.name

    def places(self, files):
        return [f"{name}:{line}" for name, line, _ in includes.check(self.tree(files))]

    def test_a_tree_with_arrows_that_point_down_is_fine(self):
        self.assertEqual(self.places({
            "core/time.h": HEADER + "#include <chrono>\n",
            "core/time.cpp": '#include "core/time.h"\n',
            "net/loop.cpp": '#include "net/loop.h"\n#include <boost/asio/io_context.hpp>\n',
            "net/loop.h": HEADER + '#include "core/time.h"\n',
            "agent/main.cpp": '#include "net/loop.h"\n#include "core/time.h"\n',
            "sandbox/main.cpp": '#include "store/database.h"\n',
            "store/database.h": HEADER,
        }), [])

    def test_every_pair_that_is_not_in_the_table_is_found(self):
        for source, allowed in includes.ALLOWED.items():
            for target in includes.ALLOWED:
                with self.subTest(source=source, target=target):
                    found = self.places({f"{source}/one.cpp": f'\n#include "{target}/two.h"\n', "core/any.h": HEADER})
                    fine = target == source or target in allowed
                    self.assertEqual(found, [] if fine else [f"{source}/one.cpp:2"])

    def test_the_table_has_no_circle(self):
        for folder, allowed in includes.ALLOWED.items():
            for target in allowed:
                self.assertNotIn(folder, includes.ALLOWED[target])

    def test_an_include_goes_from_the_root_and_in_quotes(self):
        self.assertEqual(self.places({
            "agent/main.cpp": '#include "scheduler.h"\n#include "../core/time.h"\n#include <core/time.h>\n  #  include  "util/text.h"\n',
        }), ["agent/main.cpp:1", "agent/main.cpp:2", "agent/main.cpp:3", "agent/main.cpp:4"])

    def test_libraries_stay_where_they_belong(self):
        self.assertEqual(self.places({
            "agent/main.cpp": "#include <boost/asio.hpp>\n#include <boost/json.hpp>\n",
            "collector/api.cpp": "#include <boost/beast/http.hpp>\n",
            "config/node.cpp": "#include <yaml-cpp/yaml.h>\n",
            "config/reader.cpp": "#include <yaml-cpp/yaml.h>\n",
            "net/server.cpp": "#include <boost/beast.hpp>\n",
        }), ["agent/main.cpp:1", "collector/api.cpp:1", "config/reader.cpp:1"])

    def test_a_header_that_brings_asio_is_private_however_it_brings_it(self):
        self.assertEqual(self.places({
            "net/tasks.h": HEADER + "#include <boost/asio/awaitable.hpp>\n",
            "net/connection.h": HEADER + '#include "net/tasks.h"\n',
            "net/server.h": HEADER,
            "net/server.cpp": '#include "net/connection.h"\n',
            "agent/main.cpp": '#include "net/server.h"\n#include "net/connection.h"\n#include "net/tasks.h"\n',
        }), ["agent/main.cpp:2", "agent/main.cpp:3"])

    def test_a_header_has_pragma_once(self):
        self.assertEqual(self.places({"core/time.h": "// #pragma once\n", "core/zone.h": HEADER}), ["core/time.h:1"])

    def test_rooms_in_a_circle_are_found(self):
        self.assertEqual(self.places({
            "rules/time/pace.h": HEADER + '#include "rules/window/ring.h"\n',
            "rules/window/ring.h": HEADER + '#include "rules/level/score.h"\n',
            "rules/level/score.h": HEADER,
            "rules/level/score.cpp": '#include "rules/time/pace.h"\n',
        }), ["rules/level/score.cpp:1", "rules/time/pace.h:2", "rules/window/ring.h:2"])

    def test_rooms_without_a_circle_are_fine(self):
        self.assertEqual(self.places({
            "rules/engine.cpp": '#include "rules/window/ring.h"\n#include "rules/time/pace.h"\n',
            "rules/window/ring.h": HEADER + '#include "rules/time/pace.h"\n',
            "rules/time/pace.h": HEADER,
        }), [])

    def test_a_room_that_uses_the_folder_above_it_is_in_a_circle_when_that_uses_it(self):
        self.assertEqual(self.places({
            "agent/runner.h": HEADER + '#include "agent/quota/governor.h"\n',
            "agent/quota/governor.h": HEADER + '#include "agent/runner.h"\n',
        }), ["agent/quota/governor.h:2", "agent/runner.h:2"])

    def test_a_library_links_what_its_room_includes(self):
        files = {
            "rules/window/ring.cpp": '#include "core/time/time.h"\n#include "rules/time/pace.h"\n',
            "rules/time/pace.h": HEADER,
            "core/time/time.h": HEADER,
        }
        made = "crmpulse_library(rules_window APART\n  SOURCES\n    ring.cpp\n  LINK PUBLIC {})\n"
        links = {"rules/window/CMakeLists.txt": made.format("crmpulse::rules_time crmpulse::core")}
        self.assertEqual(self.places({**files, **links}), [])
        links = {"rules/window/CMakeLists.txt": made.format("crmpulse::core_time")}
        self.assertEqual(self.places({**files, **links}), ["rules/window/ring.cpp:1", "rules/window/ring.cpp:2"])

    def test_a_crowded_room_is_found(self):
        files = {f"core/text/one{number}.h": HEADER for number in range(includes.MOST_FILES)}
        self.assertEqual(self.places(files), [])
        self.assertEqual(self.places({**files, "core/text/more.cpp": ""}), ["core/text:0"])

    def test_a_tree_without_sources_is_not_fine(self):
        self.assertEqual(len(includes.check(self.tree({"docs/a.md": ""}))), 1)

    def pictured(self, picture, **more):
        files = {
            "agent/main.cpp": '#include "net/loop.h"\n#include "core/time.h"\n',
            "net/loop.h": HEADER + '#include "core/time.h"\n',
            "core/time.h": HEADER,
        }
        if picture is not None:
            files["ARCHITECTURE.md"] = picture
        return [f"{name}:{line}: {what}" for name, line, what in includes.picture(self.tree({**files, **more}))]

    def test_a_picture_that_says_what_the_includes_say_is_fine(self):
        self.assertEqual(self.pictured("# A\n\n```arrows\nagent -> net core\n\n  net   ->  core\ncore ->\n```\nagent -> rules\n"), [])

    def test_an_arrow_too_many_and_one_too_few_are_found(self):
        self.assertEqual(self.pictured("```arrows\nagent -> net rules\nnet -> core\n```\n"), [
            "ARCHITECTURE.md:0: agent -> core is not drawn, but made by agent/main.cpp:2",
            "ARCHITECTURE.md:2: agent -> rules is drawn, but no include makes it",
        ])

    def test_the_picture_of_the_rooms_is_held_too(self):
        more = {"net/client/http.cpp": '#include "net/base/url.h"\n', "net/base/url.h": HEADER}
        tables = "| `net/` | one |\n| `net/client/` | two |\n| `net/base/` | three |\n"
        arrows = "```arrows\nagent -> net core\nnet -> core\n```\n"
        self.assertEqual(self.pictured(arrows + tables + "```rooms\nnet ->\nnet/client -> base\nnet/base ->\n```\n", **more), [])
        self.assertEqual(self.pictured(arrows, **more), ["ARCHITECTURE.md:0: has no block fenced as ```rooms"])
        self.assertEqual(self.pictured(arrows + "| `net/` | one |\n" + "```rooms\nnet/client ->\nnet/base -> client\nnet/server ->\n```\n", **more), [
            "ARCHITECTURE.md:0: net/client -> base is not drawn, but made by net/client/http.cpp:1",
            "ARCHITECTURE.md:0: no table has a line `| `net/base/` | what is in it |`",
            "ARCHITECTURE.md:0: no table has a line `| `net/client/` | what is in it |`",
            "ARCHITECTURE.md:0: the rooms' block has no line for net",
            "ARCHITECTURE.md:8: net/base -> client is drawn, but no include makes it",
            "ARCHITECTURE.md:9: there is no room net/server",
        ])

    def test_a_picture_that_is_missing_or_unreadable_is_found(self):
        self.assertEqual(self.pictured(None), ["ARCHITECTURE.md:0: is missing"])
        self.assertEqual(len(self.pictured("agent -> net core\n")), 1)
        self.assertEqual(self.pictured("```arrows\nagent => net\n```\n")[0][:18], "ARCHITECTURE.md:2:")


if __name__ == "__main__":
    unittest.main()
