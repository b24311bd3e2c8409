"""The way from the source, as the pages say it, line by line: install (docs/install.md), upgrade (docs/upgrade.md), uninstall
(docs/uninstall.md). The checkout is a real one, configured and installed for real, into a folder instead of `/`. In place of the
compiler stand the programs that are there; systemctl and journalctl only note what they were asked."""

import os
import pathlib
import shutil
import subprocess
import unittest

from harness import BIN, SOURCE, EndToEnd
from page_commands import commands

# Of the machine: whatever a line would do to `/`, it does to $ROOT.
STANDINS = {
    "sudo": 'exec "$@"',
    "systemctl": 'echo "$@" >>"$ROOT/../asked"',
    "journalctl": 'echo "journal $@" >>"$ROOT/../asked"',
    "dpkg-checkbuilddeps": "exit 0",
    # What stands in the manifest of an installation.
    "rm": 'for word; do shift; case $word in "$ROOT"/* | -*) set -- "$@" "$word" ;; *) set -- "$@" "$ROOT$word" ;; esac; done; exec {rm} "$@"',
    "cmake": 'case " $* " in *" --build "*) mkdir -p build/release/bin && exec cp {programs} build/release/bin ;; esac; exec {cmake} "$@"',
}
PROGRAMS = ["crmpulse-agent", "crmpulse-collector", "crmpulse-sandbox"]


class FromSource(EndToEnd):
    def setUp(self):
        super().setUp()
        self.root, self.origin, self.here = (self.folder / name for name in ("root", "origin", "here"))
        self.root.mkdir()
        standins = self.folder / "standins"
        standins.mkdir()
        places = {"rm": shutil.which("rm"), "cmake": shutil.which("cmake"), "programs": " ".join(str(BIN / name) for name in PROGRAMS)}
        for name, text in STANDINS.items():
            for word, place in places.items():
                text = text.replace("{" + word + "}", place)
            (standins / name).write_text(f"#!/bin/sh\n{text}\n")
            (standins / name).chmod(0o755)
        self.environment = {**os.environ, "ROOT": str(self.root), "DESTDIR": str(self.root), "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
                            "PATH": f"{standins}:{self.root}/usr/bin:{os.environ['PATH']}"}
        del self.environment["CRMPULSE_DATA_DIR"]
        for variable in ("CMAKE_INSTALL_PREFIX", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            self.environment.pop(variable, None)

    def run_line(self, line, folder):
        for place in ("/etc/crmpulse", "/usr/share", "/var/lib"):
            line = line.replace(f" {place}", f" {self.root}{place}")
        ran = subprocess.run(["bash", "-c", line], cwd=folder, env=self.environment, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, f"{line}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        return ran.stdout

    def follow(self, page, lines=slice(None)):
        for line in commands(page, "From the source")[lines]:
            self.run_line(line, self.here)

    def commit(self, what):
        self.run_line(f"git add -A && git -c user.name=x -c user.email=x@example.com commit -q -m '{what}'", self.origin)

    def check_out(self):
        """A clone of a repository with this tree in it."""
        skipped = {SOURCE / name for name in ("build", ".git", "tests")} | {SOURCE / "docs/images"}
        shutil.copytree(SOURCE, self.origin, symlinks=True, ignore=lambda folder, names: [name for name in names if pathlib.Path(folder) / name in skipped])
        self.run_line("git init -q -b main .", self.origin)
        self.commit("one version")
        self.run_line(f"git clone -q {self.origin} {self.here}", self.folder)

    def files(self):
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())

    def asked(self):
        note = self.folder / "asked"
        lines = note.read_text().splitlines()
        note.unlink()
        return lines

    def test_install_upgrade_and_uninstall_as_the_pages_say(self):
        self.check_out()
        self.follow("install.md")
        self.assertEqual(self.asked(), ["enable --now crmpulse-collector", "enable --now crmpulse-agent", "status crmpulse-collector",
                                        "journal -u crmpulse-agent -f"])
        installed = self.files()
        for file in ("usr/bin/crmpulse-agent", "usr/lib/systemd/system/crmpulse-collector.service", "usr/share/crmpulse/recipes/tryton.yaml",
                     "usr/share/doc/crmpulse-agent/sbom.spdx.json", "usr/share/man/man8/crmpulse-agent.8", "etc/crmpulse/agent.yaml"):
            self.assertIn(file, installed)

        own = self.root / "etc/crmpulse/agent.yaml"
        own.write_text(own.read_text() + "# the admin's\n")
        kept = own.read_text()
        secret = self.root / "etc/crmpulse/credentials/backoffice.password"
        secret.write_text("hidden\n")
        for name in ("config/agent.yaml", "config/rules/default.yaml"):
            (self.origin / name).write_text((self.origin / name).read_text() + "# of the next version\n")
        self.commit("the next version")
        self.follow("upgrade.md")
        self.assertEqual(self.asked(), ["daemon-reload", "restart crmpulse-collector crmpulse-agent"])
        self.assertEqual(own.read_text(), kept)
        for file in ("etc/crmpulse/agent.yaml.example", "usr/share/crmpulse/rules/default.yaml"):
            self.assertIn("# of the next version", (self.root / file).read_text())
        self.assertEqual(set(installed) - set(self.files()), set())

        for program in ("agent", "collector"):
            measured = self.root / f"var/lib/private/crmpulse-{program}"
            measured.mkdir(parents=True)
            (measured / "kept.db").touch()
            (self.root / f"var/lib/crmpulse-{program}").symlink_to(f"private/crmpulse-{program}")
        self.follow("uninstall.md", slice(None, -1))
        self.assertEqual(self.asked(), ["disable --now crmpulse-agent crmpulse-collector", "daemon-reload"])
        own = ["etc/crmpulse/agent.yaml", "etc/crmpulse/collector.yaml", "etc/crmpulse/credentials/backoffice.password"]
        measured = [f"var/lib/private/crmpulse-{program}/kept.db" for program in ("agent", "collector")]
        self.assertEqual(self.files(), own + measured)
        self.assertFalse((self.root / "usr/share/crmpulse").exists())
        self.follow("uninstall.md", slice(-1, None))
        self.assertEqual([str(path.relative_to(self.root)) for path in self.root.rglob("*crmpulse*")], [])


if __name__ == "__main__":
    unittest.main()
