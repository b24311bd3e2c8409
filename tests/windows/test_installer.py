"""The MSI's own tables, without Windows: what runs when, and what an installation, an upgrade and a removal do with the
service. Needs wixl and msitools."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import zipfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Installer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="crmpulse-msi."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for folder in ("bin", "generated/agent"):
            (cls.folder / folder).mkdir(parents=True)
        (cls.folder / "generated/agent/sbom.spdx.json").write_text("{}\n")
        program = cls.program = cls.folder / "bin/crmpulse-agent.exe"
        program.write_bytes(b"MZ" + bytes(62))
        for version, folder in (("1.2.3", "first"), ("1.2.3", "again"), ("1.2.4", "later")):
            subprocess.run([SOURCE / "scripts/windows-package", "--version", version, "--program", program, "--as-it-is", "--out", cls.folder / folder],
                           check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1790000000"})
        cls.msi = cls.folder / "first/crmpulse-agent-1.2.3-x64.msi"

    def table(self, name, msi=None):
        said = subprocess.run(["msiinfo", "export", msi or self.msi, name], check=True, capture_output=True, text=True).stdout
        return [line.split("\t") for line in said.splitlines()[3:]]

    def sequence(self):
        return {action: (condition, int(number)) for action, condition, number in self.table("InstallExecuteSequence")}

    def property(self, name, msi=None):
        return dict(self.table("Property", msi)).get(name)

    def test_a_second_run_makes_the_same_ids_and_the_same_zip(self):
        again = self.folder / "again"
        self.assertEqual(self.property("ProductCode"), self.property("ProductCode", again / self.msi.name))
        self.assertEqual(self.table("Component"), self.table("Component", again / self.msi.name))
        self.assertEqual(self.msi.with_suffix(".zip").read_bytes(), (again / self.msi.name).with_suffix(".zip").read_bytes())

    def test_a_later_version_is_another_product_of_the_same_family_with_the_same_components(self):
        later = self.folder / "later/crmpulse-agent-1.2.4-x64.msi"
        self.assertNotEqual(self.property("ProductCode"), self.property("ProductCode", later))
        self.assertEqual(self.property("UpgradeCode"), self.property("UpgradeCode", later))
        self.assertEqual(self.table("Component"), self.table("Component", later))

    def test_the_old_version_goes_before_the_new_files_come(self):
        order = self.sequence()
        self.assertLess(order["InstallInitialize"][1], order["RemoveExistingProducts"][1])
        self.assertLess(order["RemoveExistingProducts"][1], order["InstallFiles"][1])

    def test_an_upgrade_stops_the_service_and_leaves_it_there(self):
        order = self.sequence()
        self.assertEqual(order["UninstallService"][0], 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE')
        self.assertIn("Installed", order["StopService"][0])
        self.assertLess(order["StopService"][1], order["RemoveFiles"][1])

    def test_the_service_is_installed_then_configured_then_started_once_its_files_are_there(self):
        order = self.sequence()
        names = ["InstallFiles", "InstallService", "ConfigureCollector", "ConfigureToken", "ConfigureAuthority", "StartService", "InstallFinalize"]
        numbers = [order[name][1] for name in names]
        self.assertEqual(numbers, sorted(numbers))

    def test_a_service_that_an_administrator_has_disabled_is_not_started(self):
        self.assertIn('AGENT_START_TYPE <> "#4"', self.sequence()["StartService"][0])
        self.assertEqual([row[2:4] for row in self.table("RegLocator")], [["SYSTEM\\CurrentControlSet\\Services\\crmpulse-agent", "Start"]])

    def test_what_is_given_on_the_command_line_reaches_the_elevated_half_quoted(self):
        secure = self.property("SecureCustomProperties").split(";")
        commands = {row[0]: row[3] for row in self.table("CustomAction")}
        for action, name in (("ConfigureCollector", "COLLECTOR_URL"), ("ConfigureToken", "TOKEN_FILE"), ("ConfigureAuthority", "CA_FILE")):
            self.assertIn(name, secure)
            self.assertIn(f'"[{name}]"', commands[action])
            self.assertIn(name, self.sequence()[action][0])

    def test_actions_run_as_the_system_and_those_that_undo_run_when_rolled_back(self):
        deferred, rollback, system = 1024, 256, 2048
        for name, kind, *_ in self.table("CustomAction"):
            self.assertTrue(int(kind) & deferred and int(kind) & system, name)
            self.assertEqual(bool(int(kind) & rollback), name in ("RestartAfterRollback", "UndoInstallService"), name)

    def test_the_zip_holds_what_the_program_needs(self):
        names = set(zipfile.ZipFile(self.msi.with_suffix(".zip")).namelist())
        recipes = {f"recipes/{path.name}" for path in (SOURCE / "config/recipes").glob("*.yaml")}
        self.assertLessEqual(recipes | {"crmpulse-agent.exe", "rules/default.yaml", "agent.yaml", "README.txt", "LICENSES.txt", "sbom.spdx.json", "zoneinfo/Europe/Prague"}, names)

    def test_the_version_is_the_projects(self):
        declared = re.search(r"project\(crmpulse VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text())[1]
        said = subprocess.run([SOURCE / "scripts/windows-package", "--program", self.program, "--as-it-is", "--out", self.folder / "declared"],
                              check=True, capture_output=True, text=True).stdout
        self.assertIn(f"crmpulse-agent-{declared}-x64.msi", said)


if __name__ == "__main__":
    unittest.main()
