"""Puts the processes of a run behind the pods of a cluster whose pods kwok simulates: metrics, logs and usage are then the real ones.

The stack is in the cluster already (`edot-tui stack up`). Each pod of a workload leads to that workload's process: one process, so its
usage is divided over the pods that are ready. When a Job `k6-load` appears, as the key `s` makes it, k6 is started for its pod, and the
pod ends with k6's exit code.
"""

import json
import os
import subprocess
import sys
import threading
import time

from processes import runtime_log

EVERY = 2
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Attached:
    def __init__(self, run, demo):
        self.run, self.demo = run, demo
        self.kubectl = os.environ.get("KUBECTL", "kubectl").split()
        self.known, self.cpu, self.usage = set(), {}, {}
        self.k6 = None

    def ask(self, *words, given=None):
        done = subprocess.run([*self.kubectl, *words], input=given, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"kubectl {' '.join(words[:4])}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def follow(self):
        print("\nattached; now: edot-tui --es-url", os.environ.get("ELASTICSEARCH_URL", "http://127.0.0.1:9200"), "(s starts k6; Ctrl-C here ends it)", flush=True)
        try:
            while True:
                self.look()
                time.sleep(EVERY)
        except KeyboardInterrupt:
            print()

    def look(self):
        pods = json.loads(self.ask("get", "pods", "-A", "-l", "app", "-o", "json"))["items"]
        pods = [p for p in pods if "deletionTimestamp" not in p["metadata"]]
        for workload in self.run.rendered.workloads:
            own = [p for p in pods if p["metadata"]["namespace"] == workload.namespace and p["metadata"]["labels"]["app"] == workload.labels["app"]]
            name = workload.name if workload.is_collector else f"{workload.namespace}-{workload.name}"
            process = self.run.processes.running.get(name)
            if not own or process is None:
                continue
            ports = self.run.ports[workload.namespace, workload.name, 0]
            forwards = {4317: ports["grpc"], 4318: ports["http"], 8888: ports["metrics"], 13133: ports["health"]} if workload.is_collector else {8080: ports["grpc"]}
            log = None if workload.is_collector else self.run.folder / f"pods/{workload.namespace}_{workload.name}-0_0000/{workload.name}/0.log"
            for pod in own:
                self.attach(pod, forwards, log)
            self.use(process.pid, own)
        self.load([p for p in pods if p["metadata"]["namespace"] == self.demo and p["metadata"]["labels"]["app"] == "k6-load"])

    def attach(self, pod, forwards, log):
        owner = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        # They go with their pod, so that `edot-tui stack down` finds the namespaces empty.
        meta = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"], "ownerReferences": [owner]}
        if pod["metadata"]["uid"] in self.known:
            return
        self.known.add(pod["metadata"]["uid"])
        targets = [{"ports": [inside], "target": {"address": "127.0.0.1", "port": outside}} for inside, outside in forwards.items()]
        objects = [{"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "PortForward", "metadata": meta, "spec": {"forwards": targets}}]
        if log:
            objects.append({"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Logs", "metadata": meta, "spec": {"logs": [{"logsFile": str(log), "follow": True}]}})
        self.ask("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        print(f"        {meta['namespace']}/{meta['name']}", flush=True)

    def annotate(self, pod, values):
        meta = pod["metadata"]
        self.ask("-n", meta["namespace"], "annotate", "--overwrite", "pod", meta["name"], *(f"{key}={value}" for key, value in values.items()))

    def use(self, pid, pods):
        """What the process takes, divided over the pods that are ready."""
        try:
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            return
        now, spent, memory = time.monotonic(), (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE
        before, self.cpu[pid] = self.cpu.get(pid), (now, spent)
        if before is None:
            return
        ready = [p for p in pods if any(c["type"] == "Ready" and c["status"] == "True" for c in p.get("status", {}).get("conditions", []))]
        for pod in ready:
            millis = max(1, round((spent - before[1]) / (now - before[0]) * 1000 / len(ready)))
            uid, old = pod["metadata"]["uid"], self.usage.get(pod["metadata"]["uid"], 0)
            # A request for each pod is dear: only where it is another figure.
            if abs(millis - old) > max(2, old * 0.1):
                self.usage[uid] = millis
                self.annotate(pod, {"kwok.x-k8s.io/usage-cpu": f"{millis}m", "kwok.x-k8s.io/usage-memory": str(memory)})

    def load(self, pods):
        if self.k6 and self.k6[1].poll() is not None:
            pod, process = self.k6
            self.k6 = None
            if any(p["metadata"]["uid"] == pod["metadata"]["uid"] for p in pods):
                self.annotate(pod, {"lab.edot/exit-code": process.returncode})
        elif self.k6 and not any(p["metadata"]["uid"] == self.k6[0]["metadata"]["uid"] for p in pods):
            # Its Job was deleted: k6 is asked to end, as by a kubelet.
            self.k6[1].terminate()
        fresh = [p for p in pods if p["metadata"]["uid"] not in self.known and p.get("status", {}).get("phase") == "Running"]
        if self.k6 or not fresh:
            return
        pod, port, folder = fresh[0], 24290, self.run.folder / f"k6-{fresh[0]['metadata']['name']}"
        target = f"http://127.0.0.1:{self.run.ports[self.demo, 'frontend', 0]['grpc']}/"
        env = {**os.environ, "TARGET_URL": target, "VUS": str(self.run.args.users), "K6_NO_USAGE_REPORT": "true"}
        command = [self.run.tools["k6"], "run", "--address", f"127.0.0.1:{port}", self.run.script]
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.run.processes.running["k6"] = process
        threading.Thread(target=runtime_log, args=(process.stdout, folder), daemon=True).start()
        self.k6 = (pod, process)
        self.attach(pod, {6565: port}, folder / "0.log")
