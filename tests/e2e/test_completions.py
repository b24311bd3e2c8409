"""What bash, zsh and fish complete is what --help lists: the same candidates in all three."""

import os
import shutil
import subprocess
import unittest

from harness import BIN, SOURCE

FOLDER = SOURCE / "scripts/completions"
PROGRAM = "crmpulse-collector"

BASH = r"""
_init_completion() { cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
_filedir() { COMPREPLY=(FILES); }
. "$0"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_crmpulse
printf '%s\n' "${COMPREPLY[@]}"
"""
# As the completion system calls it: with the words and the place of the cursor. What it would offer is filtered here.
ZSH = r"""
compadd() { shift; print -l -- "$@"; }
_describe() { print -l -- ${(P)2%%:*}; }
_files() { print FILES; }
script=$1; shift
words=("$@"); CURRENT=$#
complete() { source $script; }
complete
"""


def asked(shell, *words):
    """What is offered for the last of the words, without descriptions; FILES where files are."""
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    line = [PROGRAM, *words]
    if shell == "bash":
        command = ["bash", "--norc", "-c", BASH, FOLDER / "crmpulse.bash", *line]
    elif shell == "zsh":
        command = ["zsh", "-f", "-c", ZSH, "zsh", FOLDER / "_crmpulse", *line]
    else:
        text = " ".join(line)
        command = ["fish", "--no-config", "-c", f"function __fish_complete_path; echo FILES; end; source {FOLDER}/crmpulse.fish; complete -C '{text}'"]
    said = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=env, timeout=60, check=True)
    assert said.stderr == "", said.stderr
    offered = {one.split("\t")[0] for one in said.stdout.splitlines() if one}
    return offered if offered == {"FILES"} else {one for one in offered if one.startswith(words[-1])}


def listed(*command):
    return subprocess.run([BIN / PROGRAM, *command, "--help"], capture_output=True, text=True, check=True).stdout


class Completions(unittest.TestCase):
    def setUp(self):
        self.shells = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
        self.assertIn("bash", self.shells)

    def offers(self, words, wanted):
        for shell in self.shells:
            with self.subTest(shell=shell, words=words):
                self.assertEqual(asked(shell, *words), wanted)

    def test_commands_and_those_below_them_are_completed(self):
        self.offers(["re"], {"restore"})
        self.offers(["st"], {"status"})
        self.offers(["token", "re"], {"revoke"})
        everything = {line.split()[0] for line in listed().partition("Subcommands:\n")[2].splitlines() if line.strip()}
        self.offers([""], everything)

    def test_options_of_the_command_on_the_line_are_completed(self):
        self.offers(["status", "--w"], {"--watch"})
        self.offers(["backtest", "--s"], {"--samples", "--summary"})
        self.offers(["token", "create", "--ro"], {"--role"})

    def test_what_is_chosen_from_is_completed_and_files_elsewhere(self):
        self.offers(["status", "--language", ""], {"en", "zh"})
        self.offers(["backtest", "--fail-on", "p"], {"poor"})
        self.offers(["status", "--token-file", ""], {"FILES"})
        self.offers(["restore", ""], {"FILES"})


if __name__ == "__main__":
    unittest.main()
