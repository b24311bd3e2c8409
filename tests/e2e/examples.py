"""Configurations as pages show them, made ready for `check`: the files they name are made in the test's folder."""

import pathlib
import re
import shutil
import subprocess

from harness import SOURCE, EndToEnd


class Examples(EndToEnd):
    shipped = SOURCE / "config"  # /usr/share/crmpulse
    recipes = ()  # the texts of those in /etc/crmpulse/recipes

    def copy_once(self, made, path, command):
        """A copy of what the command makes the first time."""
        if not (self.folder / made).exists():
            subprocess.run(command, check=True, capture_output=True, cwd=self.folder)
        shutil.copy(self.folder / made, path)

    def secret(self, path):
        """By its name: a key, certificates, an address, or a token."""
        if path.suffix == ".key":
            self.copy_once("made.key", path, ["openssl", "genrsa", "-out", "made.key", "2048"])
        elif path.suffix in (".pem", ".crt"):
            self.copy_once("made.pem", path, ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                                              "-subj", "/CN=authority", "-keyout", "/dev/null", "-out", "made.pem"])
        else:
            path.write_text("http://127.0.0.1:9/hook\n" if path.suffix == ".url" else "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\n")
        path.chmod(0o600)

    def place_recipes(self):
        folder = self.folder / "recipes"
        folder.mkdir(exist_ok=True)
        for text in self.recipes:
            (folder / f"{re.match('recipe: (.+)', text).group(1)}.yaml").write_text(text)

    def place_certificate(self):
        """The collector's own, under the names that examples give it."""
        if not (self.folder / "cert.pem").exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=collector",
                            "-keyout", "key.pem", "-out", "cert.pem"], check=True, capture_output=True, cwd=self.folder)
        (self.folder / "credentials").mkdir(exist_ok=True)
        for source, target in (("cert.pem", "collector.crt"), ("cert.pem", "agents-ca.crt"), ("key.pem", "collector.key"), ("key.pem", "credentials/collector.key")):
            (self.folder / target).write_text((self.folder / source).read_text())

    def place(self, text):
        """The example with its files made in the test's folder, so that `check` finds them."""
        for name in set(re.findall(r"_credential: ([\w.-]+)", text)):
            (self.folder / "credentials").mkdir(exist_ok=True)
            self.secret(self.folder / "credentials" / name)
        for path in set(re.findall(r"/etc/crmpulse/[\w.-]*\w", text)):
            if path.endswith("/credentials"):
                continue
            if path.endswith("/recipes"):
                self.place_recipes()
                continue
            if path.endswith(".d"):
                (self.folder / pathlib.Path(path).name).mkdir(exist_ok=True)
                continue
            self.secret(self.folder / pathlib.Path(path).name)
        text = text.replace("/usr/share/crmpulse/", f"{self.shipped}/").replace("/etc/crmpulse/", f"{self.folder}/")
        return text.replace("/var/lib/", f"{self.folder}/")

    def run_check(self, command, name):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{name}: {done.stdout}{done.stderr}")
