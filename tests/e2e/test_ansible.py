"""The Ansible role (contrib/ansible), with the playbook and inventory of docs/ansible.md: held to ansible-lint, and played on a copy of this machine
(its files with a layer above them that is thrown away), from the tarball of `make tarball` if it is there, else with a stand-in of the programs
that were built.

Ansible comes from PyPI; `ctest -C slow -R ansible`. Where it cannot be had, or this is not root, the test says so and is skipped.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import unittest

from harness import BIN, SOURCE, EndToEnd
from registry_packages import python_environment

PAGE = SOURCE / "docs/ansible.md"
ROLE = SOURCE / "contrib/ansible"
CORE, LINT = "ansible-core==2.18.6", "ansible-lint==25.6.1"

# The machine's files with a layer above them; nothing of what is done reaches the machine.
COPY = r"""
set -eu
layer=$1
shift
mount -t tmpfs tmpfs "$layer"
mkdir "$layer/above" "$layer/work" "$layer/root"
mount -t overlay -o "lowerdir=/,upperdir=$layer/above,workdir=$layer/work" overlay "$layer/root"
mount -t proc proc "$layer/root/proc"
mount --rbind /dev "$layer/root/dev"
mount --bind "$KEPT" "$layer/root$KEPT"
exec chroot "$layer/root" "$@"
"""


class Ansible(EndToEnd):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bin = python_environment(CORE, LINT)

    def setUp(self):
        super().setUp()
        for name, text in re.findall(r"^```yaml ansible (\S+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
            self.write(name, text)
        shutil.copytree(ROLE, self.folder, dirs_exist_ok=True)
        self.environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "HOME": str(self.folder),
                            "ANSIBLE_LOCAL_TEMP": str(self.folder / "temporary"), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8", "KEPT": str(self.folder)}

    def tool(self, *command, expect=0):
        done = subprocess.run([str(part) for part in command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, expect, f"{command}\n{done.stdout[-5000:]}{done.stderr[-3000:]}")
        return done.stdout

    def test_the_role_and_the_page_s_play_pass_lint(self):
        self.tool(self.bin / "ansible-lint", "--offline", "--strict", "--profile", "production", "roles/crmpulse", "crmpulse.yaml")
        self.tool(self.bin / "ansible-playbook", "--syntax-check", "--inventory", "inventory.yaml", "crmpulse.yaml")

    def test_the_page_names_every_variable_with_its_default(self):
        defaults = dict(re.findall(r"^(crmpulse_\w+): (.*)$", (ROLE / "roles/crmpulse/defaults/main.yml").read_text(), re.MULTILINE))
        named = dict(re.findall(r"^\| `(crmpulse_\w+)` \| (?:`(.*?)`)? ?\|", PAGE.read_text(), re.MULTILINE))
        self.assertEqual(named, {name: value.strip('"') for name, value in defaults.items()})

    def tarball(self):
        made = sorted((SOURCE / "build/tarball").glob("crmpulse-*-linux-x86_64.tar.gz"))
        if made:
            return made[-1]
        staged = self.folder / "crmpulse-here"
        for name in ("agent", "collector"):
            (staged / "bin").mkdir(parents=True, exist_ok=True)
            shutil.copy(BIN / f"crmpulse-{name}", staged / "bin")
            for place in (f"share/doc/crmpulse-{name}/sbom.spdx.json", f"share/bash-completion/completions/crmpulse-{name}",
                          f"share/fish/vendor_completions.d/crmpulse-{name}.fish", f"share/man/man8/crmpulse-{name}.8", "share/zsh/vendor-completions/_crmpulse",
                          "lib/tmpfiles.d/crmpulse.conf"):
                (staged / place).parent.mkdir(parents=True, exist_ok=True)
                (staged / place).touch()
            (staged / "lib/systemd/system").mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / f"systemd/crmpulse-{name}.service", staged / "lib/systemd/system")
            (staged / "etc").mkdir(exist_ok=True)
            shutil.copy(SOURCE / f"config/{name}.yaml", staged / f"etc/{name}.yaml.example")
        for folder in ("recipes", "rules"):
            shutil.copytree(SOURCE / "config" / folder, staged / "share/crmpulse" / folder)
        shutil.copy(SOURCE / "packaging/tarball/install", staged)
        made = self.folder / "crmpulse.tar.gz"
        with tarfile.open(made, "w:gz") as out:
            out.add(staged, staged.name)
        return made

    def prepare(self):
        """The page's machines are this one, its vault a file, its certificates real."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=collector",
                        "-keyout", "key.pem", "-out", "collector.crt"], check=True, capture_output=True, cwd=self.folder)
        shutil.copy(self.folder / "collector.crt", self.folder / "ca.pem")
        inventory = (self.folder / "inventory.yaml").read_text()
        self.write("inventory.yaml", re.sub(r"(?m)^    ([\w.-]+\.example\.com):\n", r"    \1:\n      ansible_connection: local\n      ansible_python_interpreter: "
                                            + json.dumps(str(self.bin / "python")) + "\n", inventory))
        self.write("vault.json", json.dumps({
            "vault_collector_key": (self.folder / "key.pem").read_text(), "vault_agent_token": "crmp_" + "0" * 64, "vault_backoffice_password": "secret-of-the-vault",
            "ansible_become": False, "crmpulse_from": "tarball", "crmpulse_tarball": str(self.tarball()), "crmpulse_services": False}))

    def play(self, script, expect=0):
        """A shell script on a copy of this machine."""
        self.write("script", script)
        layer = self.folder.parent / f"{self.folder.name}-layer"
        layer.mkdir(exist_ok=True)
        try:
            return self.tool("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", COPY, "sh", layer, "bash", "-c",
                             f"cd {self.folder} && . ./script", expect=expect)
        finally:
            layer.rmdir()

    PLAYBOOK = "ansible-playbook --inventory inventory.yaml --extra-vars @vault.json --limit collector.example.com,branch-1.example.com crmpulse.yaml"

    def need_root(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("a copy of this machine is made by root")
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            raise unittest.SkipTest("this machine does not allow a mount namespace")

    def recaps(self, said):
        return re.findall(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", said, re.MULTILINE)

    def test_the_page_s_play_installs_and_a_second_run_changes_nothing(self):
        self.need_root()
        self.prepare()
        said = self.play(f"set -e; {self.PLAYBOOK} -v; echo AGAIN; {self.PLAYBOOK}; stat -c '%a %U %n' /etc/crmpulse/credentials/*; cat /etc/crmpulse/agent.yaml; "
                         "crmpulse-agent check; crmpulse-collector check")
        first, again = said.split("AGAIN", 1)
        self.assertEqual(len(self.recaps(first)), 2, first)
        for host, _, changed, unreachable, failed in self.recaps(first):
            self.assertGreater(int(changed), 3, host)
            self.assertEqual((unreachable, failed), ("0", "0"))
        for host, _, changed, unreachable, failed in self.recaps(again):
            self.assertEqual((changed, unreachable, failed), ("0", "0", "0"), f"{host}: {again}")
        self.assertIn("600 root /etc/crmpulse/credentials/agent.token", again)
        self.assertIn("name: branch-1", again)
        self.assertNotIn("secret-of-the-vault", said)
        self.assertFalse(pathlib.Path("/usr/local/share/crmpulse/installed-files").exists())

    def test_a_configuration_that_is_refused_is_not_put_in_place(self):
        self.need_root()
        self.prepare()
        said = self.play(f"{self.PLAYBOOK} >/dev/null || exit 9; cp /etc/crmpulse/agent.yaml before; sed -i 's/recipe: tryton/recipe: tritton/' crmpulse.yaml; "
                         f"{self.PLAYBOOK} >said; [ $? -eq 2 ] || exit 8; cmp before /etc/crmpulse/agent.yaml || exit 7; ls -A /etc/crmpulse; cat said")
        self.assertIn("tritton", said)
        self.assertNotIn(".agent.yaml", said.split("PLAY")[0])


if __name__ == "__main__":
    unittest.main()
