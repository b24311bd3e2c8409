"""The servers that take remote write: ours, and the peers that are installed. Each is a function of the programs' folder, a folder
for its files and a port; it gives its command, the path samples are sent to, and the path that answers when it is ready."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import tempfile

from measuring import free_port, wait_ready

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def as_shipped(command):
    """With the environment the unit gives the collector."""
    unit = (SOURCE / "systemd/crmpulse-collector.service").read_text().splitlines()
    return ["env", *(line.removeprefix("Environment=") for line in unit if line.startswith("Environment=")), *map(str, command)]


def ours(bin_folder, folder, port):
    config = folder / "collector.yaml"
    config.write_text(f"listen: 127.0.0.1:{port}\nauth: off\nlimits: {{crms: 0, crms_per_sender: 0, series_per_crm: 0, memory: 0}}\nstate_dir: {folder}/state\nrules: [{SOURCE}/config/rules/default.yaml]\n")
    return as_shipped([bin_folder / "crmpulse-collector", "run", "--config", config]), "/api/v1/write", "/-/ready"


class Collector:
    def __init__(self, folder, config, port, child):
        self.folder, self.config, self.port, self.child = folder, config, port, child

    @property
    def pid(self):
        return self.child.pid

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}/{path}"


@contextlib.contextmanager
def collector(bin_folder, more="", rules="", folder=None):
    """Ours, as it runs; with more lines of collector.yaml, and rules after the shipped ones. Its folder goes with it unless one is
    given, with the state in it."""
    place = pathlib.Path(folder or tempfile.mkdtemp(prefix="crmpulse-bench."))
    port, config = free_port(), place / "collector.yaml"
    (place / "rules.yaml").write_text(rules or "rules: []\n")
    config.write_text(f"listen: 127.0.0.1:{port}\nauth: off\nlimits: {{crms: 0, crms_per_sender: 0, series_per_crm: 0, memory: 0}}\nstate_dir: state\n"
                      f"rules: [{SOURCE}/config/rules/default.yaml, rules.yaml]\nremedies: [{SOURCE}/config/rules/remedies.yaml]\n{more}")
    with open(place / "log", "wb") as log:
        child = subprocess.Popen(as_shipped([bin_folder / "crmpulse-collector", "run", "--config", config]), stdout=log, stderr=log, cwd=place)
    try:
        wait_ready(f"http://127.0.0.1:{port}/-/ready", child)
        yield Collector(place, config, port, child)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def prometheus(_, folder, port):
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n")
    return (["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}",
             "--web.enable-remote-write-receiver", "--log.level=error"], "/api/v1/write", "/-/ready")


def victoria_metrics(_, folder, port):
    return ["victoria-metrics", f"-storageDataPath={folder}/vm", f"-httpListenAddr=127.0.0.1:{port}", "-loggerLevel=ERROR"], "/api/v1/write", "/health"


def installed():
    servers = {"crmpulse-collector": ours}
    if shutil.which("victoria-metrics"):
        servers["victoria-metrics"] = victoria_metrics
    if shutil.which("prometheus"):
        servers["prometheus"] = prometheus
    return servers
