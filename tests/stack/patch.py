"""What loopback, or the collector that is at hand, cannot have: a configuration is changed as little as possible, and the change is shown."""

import copy
import difflib
import re
import subprocess

import yaml

GROUPS = ("receivers", "processors", "connectors", "exporters", "extensions")


def components(collector):
    """What the collector was built with: {"receivers": {"otlp", ...}, ...}."""
    built = yaml.safe_load(subprocess.run([collector, "components"], check=True, capture_output=True, text=True).stdout)
    return {group: {c["name"] for c in built.get(group) or []} for group in GROUPS}


def patched(config, built, at, folder, port_of):
    """The configuration for this machine, and the names of what it had to leave out.

    `at` has the collector's own ports; `port_of(host, port)` gives the ports that a Service's name stands for here.
    """
    out = copy.deepcopy(config)
    if "elasticapm" in out.get("connectors", {}) and "elasticapm" not in built["connectors"]:
        without_elasticapm(out)
    lacking = without_unknown(out, built)
    with_local_addresses(out, at, folder, port_of)
    if "file_storage" in lacking:
        for part in (*out["receivers"].values(), *(e.get("sending_queue") or {} for e in out["exporters"].values() if e)):
            part.pop("storage", None)
    return out, lacking


def without_elasticapm(out):
    """Elastic's own connector; the nearest that others have makes metrics of spans, too, but takes no logs."""
    pipelines = out["service"]["pipelines"]
    out["connectors"].pop("elasticapm")
    out["connectors"]["span_metrics"] = {"metrics_flush_interval": "15s", "aggregation_temporality": "AGGREGATION_TEMPORALITY_DELTA"}
    for name, pipeline in pipelines.items():
        takes = name.split("/")[0] == "traces"
        pipeline["exporters"] = ["span_metrics" if e == "elasticapm" else e for e in pipeline["exporters"] if e != "elasticapm" or takes]
        pipeline["receivers"] = ["span_metrics" if r == "elasticapm" else r for r in pipeline["receivers"]]
    if not any("span_metrics" in pipeline["exporters"] for pipeline in pipelines.values()):
        out["connectors"].pop("span_metrics")
        out["service"]["pipelines"] = {n: p for n, p in pipelines.items() if p["receivers"] != ["span_metrics"]}


def without_unknown(out, built):
    lacking = []
    for group in ("receivers", "processors", "extensions"):
        for name in [n for n in out.get(group, {}) if n.split("/")[0] not in built[group]]:
            out[group].pop(name)
            lacking.append(name)
    service = out["service"]
    service["extensions"] = [e for e in service["extensions"] if e not in lacking]
    for pipeline in service["pipelines"].values():
        for part in ("receivers", "processors"):
            pipeline[part] = [c for c in pipeline.get(part, []) if c not in lacking]
        # So that the rest of the pipeline is validated.
        pipeline["receivers"] = pipeline["receivers"] or ["otlp"]
    return lacking


def with_local_addresses(out, at, folder, port_of):
    protocols = out["receivers"].setdefault("otlp", {"protocols": {"grpc": {}}})["protocols"]
    for name in protocols:
        protocols[name]["endpoint"] = f"127.0.0.1:{at[name]}"
    out["extensions"]["health_check"]["endpoint"] = f"127.0.0.1:{at['health']}"
    prometheus = out["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    prometheus |= {"host": "127.0.0.1", "port": at["metrics"]}
    for name, storage in out["extensions"].items():
        if name.startswith("file_storage"):
            storage["directory"] = f"{folder}/{name.replace('/', '-')}"
            if "compaction" in storage:
                storage["compaction"]["directory"] = storage["directory"]
    if log := out["receivers"].get("file_log"):
        for part in ("include", "exclude"):
            log[part] = [path.replace("/var/log/pods", f"{folder}/pods") for path in log[part]]
    for name, exporter in out["exporters"].items():
        if name.startswith("otlp_grpc"):
            host, port = re.fullmatch(r"dns:///(.*):(\d+)", exporter["endpoint"]).groups()
            exporter["endpoint"] = f"dns:///127.0.0.1:{port_of(host, int(port))[0]}"
        if name.startswith("load_balancing"):
            dns = exporter["resolver"].pop("dns")
            exporter["resolver"]["static"] = {"hostnames": [f"127.0.0.1:{p}" for p in port_of(dns["hostname"], int(dns["port"]))]}
        if name.startswith("elasticsearch"):
            # An Elasticsearch without security.
            for key in ("user", "password", "tls"):
                exporter.pop(key)


def difference(name, before, after, folder):
    lines = [yaml.safe_dump(c, sort_keys=True, width=200).splitlines() for c in (before, after)]
    text = "\n".join(difflib.unified_diff(*lines, f"assets/stack: {name}", f"this run: {name}", n=0, lineterm=""))
    return text.replace(str(folder), "RUN")
