"""What kustomize makes of an overlay: its objects, and what a process needs to know of them."""

import copy
import subprocess
import sys
from pathlib import Path

import yaml

STACK = Path(__file__).resolve().parent.parent.parent / "assets" / "stack"


def laid_over(below, above):
    """As the collector lays one file over another: maps are merged, everything else is replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return copy.deepcopy(above)
    return {**below, **{key: laid_over(below.get(key), value) for key, value in above.items()}}


class Workload:
    """A Deployment or DaemonSet with one container."""

    def __init__(self, of, rendered):
        self.rendered = rendered
        self.kind, self.name, self.namespace = of["kind"], of["metadata"]["name"], of["metadata"]["namespace"]
        self.replicas = of["spec"].get("replicas", 1)
        self.labels = of["spec"]["template"]["metadata"]["labels"]
        self.pod = of["spec"]["template"]["spec"]
        self.container = self.pod["containers"][0]
        self.is_collector = self.container["name"] == "edot-collector"

    def files(self, volume):
        """The data of the ConfigMap that is mounted as `volume`."""
        source = next(v for v in self.pod["volumes"] if v["name"] == volume)["configMap"]["name"]
        return self.rendered.get("ConfigMap", source, self.namespace)["data"]

    def environment(self):
        """Without what only a cluster knows."""
        whole = {}
        for source in self.container.get("envFrom", []):
            whole |= self.rendered.get("ConfigMap", source["configMapRef"]["name"], self.namespace)["data"]
        return whole | {e["name"]: e["value"] for e in self.container.get("env", []) if "value" in e}

    def collector_config(self):
        """A collector's configuration: the files that its arguments name, in their order."""
        files, args, whole = self.files("config"), self.container["args"], {}
        for flag, path in zip(args, args[1:]):
            if flag == "--config":
                whole = laid_over(whole, yaml.safe_load(files[Path(path).name]))
        return whole


class Rendered:
    def __init__(self, overlay):
        folder = STACK / "overlays" / overlay
        if not folder.is_dir():
            sys.exit(f"there is no overlay {overlay}; there are: {', '.join(sorted(p.name for p in folder.parent.iterdir()))}")
        text = subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True, text=True).stdout
        self.objects = [o for o in yaml.safe_load_all(text) if o]
        self.workloads = [Workload(o, self) for o in self.objects if o["kind"] in ("Deployment", "DaemonSet")]

    def get(self, kind, name, namespace):
        wanted = (kind, name, namespace)
        found = [o for o in self.objects if (o["kind"], o["metadata"]["name"], o["metadata"].get("namespace")) == wanted]
        return found[0] if found else sys.exit(f"the overlay has no {kind} {namespace}/{name}")

    def behind(self, host, namespace, port):
        """The workload that a Service's name leads to, from a pod in `namespace`; an error if it would lead to none."""
        name, *rest = host.split(".")
        service = self.get("Service", name, rest[0] if rest else namespace)
        if port not in [p["port"] for p in service["spec"]["ports"]]:
            sys.exit(f"the Service {name} has no port {port}")
        selector = service["spec"]["selector"].items()
        found = [w for w in self.workloads if w.namespace == service["metadata"]["namespace"] and selector <= w.labels.items()]
        return found[0] if len(found) == 1 else sys.exit(f"the Service {name} selects {len(found)} workloads")
