"""The man pages name every command and option that the programs' own --help lists, and nothing that they do not have."""

import re
import subprocess
import unittest

from harness import BIN, SOURCE

PAGES = {"crmpulse-agent": "8", "crmpulse-collector": "8", "crmpulse-sandbox": "1"}


def offered(program, *command):
    """The options and the subcommands of a command, and of those below it."""
    said = subprocess.run([BIN / program, *command, "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"^  (?:-h,)?--([a-z-]+)", said, re.MULTILINE))
    _, _, listed = said.partition("\nSubcommands:\n")
    commands = set(re.findall(r"^  ([a-z][a-z-]*) ", listed, re.MULTILINE))
    for name in sorted(commands):
        below = offered(program, *command, name)
        options |= below[0]
        commands = commands | below[1]
    return options, commands


class ManPages(unittest.TestCase):
    def test_each_command_and_option_is_in_the_page_and_no_other(self):
        for program, section in PAGES.items():
            with self.subTest(program=program):
                page = (SOURCE / f"docs/man/{program}.{section}").read_text()
                options, commands = offered(program)
                self.assertEqual(set(re.findall(r"(?:Fl|,) -([a-z-]+)", page)), options)
                named = {word for line in re.findall(r"^\.(?:It )?Cm (.*)$", page, re.MULTILINE) for word in re.findall(r"[a-z-]{2,}", line)}
                self.assertLessEqual(commands, named)

    def test_they_are_well_formed(self):
        for program, section in PAGES.items():
            said = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww", "-z", SOURCE / f"docs/man/{program}.{section}"], capture_output=True, text=True)
            self.assertEqual((said.returncode, said.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
