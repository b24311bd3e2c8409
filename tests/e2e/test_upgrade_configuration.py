"""The configurations of each release pass `check` in this one: those it shipped, with its rules and recipes as files of one's own, and
every example of its pages (tests/upgrade/data/VERSION/config)."""

import tarfile
import unittest

from examples import Examples
from harness import BIN, SOURCE

RELEASES = sorted(path / "config" for path in (SOURCE / "tests/upgrade/data").iterdir() if path.is_dir())


class UpgradeConfiguration(Examples):
    def release(self, config):
        self.shipped = self.folder / f"shipped-{config.parent.name}"
        with tarfile.open(config / "shipped.tar.xz") as archive:
            archive.extractall(self.shipped)
        self.recipes = [path.read_text() for path in sorted((config / "recipe").glob("*.yaml"))]

    def check(self, program, name, text):
        self.run_check([BIN / f"crmpulse-{program}", "check", "--config", self.write(name, text)], name)

    def test_each_example_of_its_pages_is_accepted(self):
        self.assertTrue(RELEASES)
        for config in RELEASES:
            self.release(config)
            for kind in ("agent", "collector"):
                files = sorted((config / kind).glob("*.yaml"))
                self.assertGreater(len(files), 10)
                for file in files:
                    with self.subTest(release=config.parent.name, kind=kind, file=file.name):
                        text = self.place(file.read_text())
                        self.place_certificate()
                        self.check(kind, file.name, text)

    def test_what_it_shipped_is_accepted_as_files_of_ones_own(self):
        for config in RELEASES:
            with self.subTest(release=config.parent.name):
                self.release(config)
                recipes = sorted((self.shipped / "recipes").glob("*.yaml"))
                self.assertGreater(len(recipes), 15)
                for recipe in recipes:
                    self.run_check([BIN / "crmpulse-agent", "recipes", recipe], recipe.name)
                rules = ", ".join(str(self.shipped / f"rules/{name}.yaml") for name in ("default", "demo"))
                text = f"listen: 127.0.0.1:9460\nauth: off\nstate_dir: {self.folder}/c\nrules: [{rules}"
                remedies = f"]\nremedies: [{self.shipped}/rules/remedies.yaml]\n"
                self.check("collector", "shipped-rules.yaml", text + remedies)
                for example in sorted((config / "rules").glob("*.yaml")):
                    self.check("collector", f"with-{example.name}", f"{text}, {example}{remedies}")
                for program in ("agent", "collector"):
                    self.check(program, f"{program}.yaml", self.place((self.shipped / f"{program}.yaml").read_text()))


if __name__ == "__main__":
    unittest.main()
