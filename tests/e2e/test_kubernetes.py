"""Kustomization and Helm chart (packaging/kubernetes, packaging/helm), as docs/containers.md shows them: built by kustomize and Helm, held by
kubeconform to the schemas of Kubernetes, cert-manager and the Prometheus operator, and the configurations inside passed to `check`.

The tools are built once from their Go modules into the cache (CRMPULSE_PACKAGES_CACHE), the schemas come from PyPI and from Go modules;
that takes some minutes, so this runs only with `ctest -C slow -R kubernetes`. Where one of them cannot be had it says so and is skipped.
"""

import json
import re
import subprocess
import textwrap
import unittest

from examples import Examples
from harness import BIN, SOURCE
from registry_packages import go_module, go_program, python_environment

PAGE = SOURCE / "docs/containers.md"
CHART = SOURCE / "packaging/helm/crmpulse"
BASE = SOURCE / "packaging/kubernetes"
SCHEMAS = "kubernetes-validate==1.37.0"
# The oldest version that the chart admits among those of the package, and the newest.
VERSIONS = ["1.25.0", "1.37.0"]
OURS = ["configmap-v1", "namespace-v1", "service-v1", "statefulset-apps-v1", "deployment-apps-v1", "persistentvolumeclaim-v1", "ingress-networking-v1"]

# Run by an environment that has YAML: documents as JSON, a schema of a definition of custom resources.
AS_JSON = "import json, sys, yaml; print(json.dumps([document for document in yaml.safe_load_all(sys.stdin) if document]))"


def strict(schema):
    """Refuses what it does not name, as the API server warns of it."""
    if isinstance(schema, dict):
        if "properties" in schema and "x-kubernetes-preserve-unknown-fields" not in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


class Kubernetes(Examples):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.python = python_environment(SCHEMAS) / "python"
        cls.kustomize = go_program("sigs.k8s.io/kustomize/kustomize/v5", "v5.7.1")
        cls.helm = go_program("helm.sh/helm/v3/cmd/helm", "v3.18.6")
        cls.kubeconform = go_program("github.com/yannh/kubeconform/cmd/kubeconform", "v0.6.7")
        cert_manager = go_module("github.com/cert-manager/cert-manager", "v1.18.2")
        operator = go_module("github.com/prometheus-operator/prometheus-operator", "v0.84.0")
        cls.custom = [cert_manager / "deploy/crds/crd-certificates.yaml", cert_manager / "deploy/crds/crd-issuers.yaml",
                      operator / "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"]

    def run_tool(self, *command, text=None, expect=0):
        done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout if expect == 0 else done.stderr

    def documents(self, text):
        return json.loads(self.run_tool(self.python, "-c", AS_JSON, text=text))

    def schemas(self, version):
        """A folder of schemas that refer to nothing but themselves."""
        folder = self.folder / f"schemas-{version}"
        if folder.exists():
            return folder
        folder.mkdir()
        package = self.run_tool(self.python, "-c", "import kubernetes_validate as package; print(package.__path__[0])").strip()
        source = f"{package}/kubernetes-json-schema/v{version}-local-strict"

        def read(name):
            with open(f"{source}/{name}.json") as file:
                text = file.read()
            return json.loads(re.sub(r'"(?:/api/)?(?:_definitions\.json)?#/(?:\$defs|definitions)/', '"#/definitions/', text))

        definitions = read("_definitions")
        for name in OURS:
            schema = read(name)
            schema["definitions"] = definitions.get("$defs") or definitions["definitions"]
            (folder / f"{name}.json").write_text(json.dumps(schema))
        for path in self.custom:
            for definition in self.documents(path.read_text()):
                spec = definition["spec"]
                for served in spec["versions"]:
                    name = f"{spec['names']['kind'].lower()}-{spec['group'].split('.')[0]}-{served['name']}"
                    (folder / f"{name}.json").write_text(json.dumps(strict(served["schema"]["openAPIV3Schema"])))
        return folder

    def conforms(self, text, version, expect=0):
        location = str(self.schemas(version)) + "/{{ .ResourceKind }}{{ .KindSuffix }}.json"
        return subprocess.run([self.kubeconform, "-strict", "-summary", "-output", "text", "-schema-location", location, "-"], input=text,
                              capture_output=True, text=True, timeout=300)

    def conform(self, text):
        for version in VERSIONS:
            done = self.conforms(text, version)
            self.assertEqual(done.returncode, 0, f"{version}: {done.stdout}{done.stderr}\n{text}")
            self.assertIn(f"Valid: {len(self.documents(text))},", done.stdout)

    def configurations_pass_check(self, text):
        """What the pods read, with the paths of the pods made in the test's folder."""
        checked = 0
        for document in self.documents(text):
            for file, content in document.get("data", {}).items() if document["kind"] == "ConfigMap" else ():
                if file not in ("agent.yaml", "collector.yaml"):
                    continue
                if file == "collector.yaml":
                    self.assertRegex(content, r"(?m)^auth: required$")
                for folder in ("crmpulse-tls", "crmpulse-ca"):
                    (self.folder / folder).mkdir(exist_ok=True)
                    content = content.replace(f"/etc/{folder}/", f"{self.folder}/{folder}/")
                self.place_certificate()
                for target in ("crmpulse-tls/tls.crt", "crmpulse-ca/ca.crt"):
                    (self.folder / target).write_text((self.folder / "cert.pem").read_text())
                (self.folder / "crmpulse-tls/tls.key").write_text((self.folder / "key.pem").read_text())
                config = self.write(file, self.place(content))
                self.run_check([BIN / f"crmpulse-{file.removesuffix('.yaml')}", "check", "--config", config], file)
                checked += 1
        return checked

    def hardened(self, text):
        """What every pod must be, whoever wrote it."""
        pods = 0
        for document in self.documents(text):
            if document["kind"] not in ("StatefulSet", "Deployment"):
                continue
            pods += 1
            pod = document["spec"]["template"]["spec"]
            self.assertEqual(document["spec"]["replicas"], 1)
            self.assertIs(pod["automountServiceAccountToken"], False)
            self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            mounts = {volume["name"] for volume in pod["volumes"]}
            mounts |= {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])}
            for container in pod["containers"]:
                self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                                "capabilities": {"drop": ["ALL"]}})
                self.assertIn("livenessProbe", container)
                self.assertEqual({mount["name"] for mount in container["volumeMounts"]}, mounts)
                if document["kind"] == "StatefulSet":
                    self.assertEqual([container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")],
                                     ["/-/healthy", "/-/healthy", "/-/ready"])
        return pods

    def template(self, *options, expect=0):
        """By a Kubernetes of today; Helm's own default is one of years ago."""
        return self.run_tool(self.helm, "template", "crmpulse", CHART, "--namespace", "crmpulse", "--kube-version", "1.33.0", *options, expect=expect)

    def blocks(self, name):
        found = re.findall(rf"^```yaml {name}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
        self.assertTrue(found)
        return found

    def named(self, text):
        """Kind and name of each document."""
        return {f"{document['kind'].lower()}/{document['metadata']['name']}" for document in self.documents(text)}

    def test_a_schema_refuses_what_kubernetes_does_not_know(self):
        for wrong in ("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {prots: []}\n",
                      "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\nspec: {secretName: x, issuerRef: {name: y}, dnsName: z}\n"):
            self.assertEqual(self.conforms(wrong, VERSIONS[-1]).returncode, 1, wrong)

    def test_the_kustomization_is_valid_and_its_configurations_pass_check(self):
        built = self.run_tool(self.kustomize, "build", BASE)
        self.conform(built)
        self.assertEqual(self.hardened(built), 2)
        self.assertEqual(self.configurations_pass_check(built), 2)

    def test_the_page_s_own_kustomization_with_each_component(self):
        (self.folder / "crmpulse/packaging").mkdir(parents=True)
        self.run_tool("cp", "-r", BASE, self.folder / "crmpulse/packaging/")
        for file in ("agent.yaml", "collector.yaml"):
            self.write(file, (BASE / "configuration" / file).read_text())
        kustomization = self.blocks("kustomization")[0]
        for component in ("certificate", "ingress", "servicemonitor"):
            self.assertIn(f"| `{component}` |", PAGE.read_text())
            self.write("kustomization.yaml", kustomization.replace("components/certificate", f"components/{component}"))
            built = self.run_tool(self.kustomize, "build", self.folder)
            self.conform(built)
            self.assertEqual(self.hardened(built), 2)
            self.assertIn("image: registry.example.com/crmpulse-collector:0.2.0", built)
        # What the commands of the page name is there.
        for name in re.findall(r"(?:statefulset|deployment|service)/crmpulse-\w+", PAGE.read_text()):
            self.assertIn(name, self.named(built))
        for secret in re.findall(r"^\| `(crmpulse-[\w-]+)` \|", PAGE.read_text(), re.MULTILINE):
            self.assertRegex(built, rf"secretName: {secret}\b")

    def test_the_chart_passes_lint_and_every_example_of_the_page_is_valid(self):
        for number, values in enumerate(self.blocks("values")):
            file = self.write(f"values-{number}.yaml", values)
            self.run_tool(self.helm, "lint", "--strict", CHART, "--values", file, "--kube-version", "1.33.0")
            made = self.template("--values", file)
            self.conform(made)
            self.assertGreaterEqual(self.hardened(made), 1)
            self.assertGreaterEqual(self.configurations_pass_check(made), 1)

    def test_the_chart_makes_what_the_page_s_commands_name(self):
        made = self.named(self.template("--values", self.write("values.yaml", self.blocks("values")[0])))
        section = PAGE.read_text().split("## Kubernetes, with Helm")[1]
        for name in re.findall(r"(?:statefulset|deployment|service)/crmpulse-\w+", section):
            self.assertIn(name, made)

    def test_every_switch_of_the_chart_makes_something_valid(self):
        own = ["--set", "collector.tls.secretName=tls", "--set", "agent.credentialsSecret=agent"]
        for options in (["--set", "agent.enabled=false"], ["--set", "agent.persistence.enabled=false"], ["--set", "imagePullSecrets[0].name=pull"],
                        ["--set", "collector.nodeSelector.disk=ssd", "--set", "collector.podAnnotations.a=b", "--set", "agent.tolerations[0].key=x"],
                        ["--set", "collector.service.type=LoadBalancer", "--set", "collector.persistence.storageClass=fast"],
                        ["--set-string", "collector.files.own\\.yaml=rules: []", "--set-string", "agent.files.own\\.yaml=a: 1"],
                        ["--set", "collector.configuration.auth.proxy.user_header=X-User"]):
            self.conform(self.template(*own, *options))

    def test_what_would_not_start_is_refused_by_name(self):
        own = ["--set", "collector.tls.secretName=tls", "--set", "agent.credentialsSecret=agent"]
        for options, said in ((["--set", "agent.credentialsSecret=agent"], "collector.tls.secretName is missing"),
                              (["--set", "collector.tls.secretName=tls"], "agent.credentialsSecret is missing"),
                              ([*own, "--set", "collector.configuration.auth=off"], "does not start without it"),
                              ([*own, "--set", "collector.configuration.listen=0.0.0.0:80"], "is written by the chart"),
                              ([*own, "--set", "collector.enabled=false"], "agent.url is missing"),
                              ([*own, "--set", "collector.certificate.enabled=true"], "issuerRef.name is missing"),
                              ([*own, "--set", "collector.replicas=2"], "replicas"),
                              ([*own, "--set", "collector.persistence.accessModes={ReadWriteMany}"], "accessModes")):
            if said == "issuerRef.name is missing":
                options = [*options, "--set", "collector.tls.secretName="]
            self.assertIn(said, self.template(*options, expect=1), options)

    def test_chart_and_images_are_of_this_version(self):
        version = re.search(r"^project\(crmpulse VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
        for file, text in ((CHART / "Chart.yaml", f"version: {version}\nappVersion: {version}\n"), (BASE / "kustomization.yaml", f"newTag: {version}")):
            self.assertIn(text, file.read_text(), file)
        self.assertEqual(set(re.findall(r"(?:newTag: |crmpulse-\w+:)(\d+\.\d+\.\d+)\b", PAGE.read_text())), {version})


if __name__ == "__main__":
    unittest.main()
