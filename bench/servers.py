"""The servers that take remote write: ours, and the peers that are installed. Each is a function of the programs' folder, a folder
for its files and a port; it gives its command, the path samples are sent to, and the path that answers when it is ready."""

import pathlib
import shutil

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def as_shipped(command):
    """With the environment the unit gives the collector."""
    unit = (SOURCE / "systemd/crmpulse-collector.service").read_text().splitlines()
    return ["env", *(line.removeprefix("Environment=") for line in unit if line.startswith("Environment=")), *map(str, command)]


def ours(bin_folder, folder, port):
    config = folder / "collector.yaml"
    config.write_text(f"listen: 127.0.0.1:{port}\nauth: off\nlimits: {{crms: 0, crms_per_sender: 0, series_per_crm: 0, memory: 0}}\nstate_dir: {folder}/state\nrules: [{SOURCE}/config/rules/default.yaml]\n")
    return as_shipped([bin_folder / "crmpulse-collector", "run", "--config", config]), "/api/v1/write", "/-/ready"


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
