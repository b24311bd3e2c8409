"""scripts/lint-coroutines finds every marked line of the bad sample, and nothing else."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LINT = os.path.join(HERE, "..", "..", "scripts", "lint-coroutines")
SAMPLE = os.path.join(HERE, "testdata", "bad_coroutines.cpp")


def run(*arguments):
    return subprocess.run([sys.executable, LINT, *arguments], capture_output=True, text=True, check=False)


class LintCoroutines(unittest.TestCase):
    def test_finds_exactly_the_marked_lines(self):
        with open(SAMPLE, encoding="utf-8") as file:
            marked = {number for number, line in enumerate(file, 1) if line.rstrip().endswith("// BAD")}
        outcome = run(SAMPLE)
        reported = [line.split(":", 2) for line in outcome.stdout.splitlines()]
        self.assertEqual({name for name, _, _ in reported}, {os.path.join("tests", "net", "testdata", "bad_coroutines.cpp")})
        self.assertEqual({int(line) for _, line, _ in reported}, marked)
        self.assertEqual(outcome.returncode, 1)

    def test_an_unknown_option_and_an_empty_folder_are_no_success(self):
        self.assertEqual(run("--nonsense").returncode, 2)
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run(folder).returncode, 2)

    def test_what_is_fine_is_silent(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "fine.cpp")
            with open(path, "w", encoding="utf-8") as file:
                file.write("task one() {\n  const int n = co_await two(values[0]);\n  co_return n;\n}\n")
            outcome = run(folder)
        self.assertEqual((outcome.returncode, outcome.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
