"""The SPDX documents of the programs, read by the SPDX project's own validator: every field, and every licence is on its list. It comes
from PyPI, so this runs only with `ctest -C slow -R spdx`.
"""

import subprocess
import unittest

from harness import BIN
from registry_packages import python_environment


class Spdx(unittest.TestCase):
    def test_the_validator_of_the_spdx_project_has_nothing_to_say(self):
        validator = python_environment("spdx-tools==0.8.5") / "pyspdxtools"
        for folder in ("agent", "collector", "sandbox"):
            document = BIN.parent / f"generated/{folder}/sbom.spdx.json"
            ran = subprocess.run([validator, "--infile", document, "--version", "SPDX-2.3"], capture_output=True, text=True)
            self.assertEqual((ran.returncode, ran.stdout.strip()), (0, ""), ran.stderr)


if __name__ == "__main__":
    unittest.main()
