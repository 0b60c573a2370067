//! The nodes, and the workloads in kube-system.

use super::{SYSTEM, Workload, workload};
use crate::lab::scenario::Scenario;
use serde_json::{Value, json};

pub fn all(scenario: &Scenario) -> Vec<(&'static str, Value)> {
    let nodes = &scenario.nodes;
    let mut out: Vec<(&str, Value)> = (0..nodes.count.clamp(1, 50))
        .map(|place| ("nodes", node(place, &nodes.cpu.text, &nodes.memory.text)))
        .collect();
    let resolution = scenario.metrics.resolution.ms() / 1000;
    let metrics = json!({
        "name": "metrics-server", "image": "registry.k8s.io/metrics-server/metrics-server:v0.9.0",
        "args": ["--secure-port=10250", format!("--metric-resolution={resolution}s")],
        "ports": [{"name": "https", "containerPort": 10250, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "70Mi"}},
    });
    let dns = json!({
        "name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.12.4",
        "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
    });
    for (name, label, container) in [("metrics-server", "metrics-server", metrics), ("coredns", "kube-dns", dns)] {
        out.push((
            "deployments",
            workload(Workload {
                kind: "Deployment",
                namespace: SYSTEM,
                name,
                labels: json!({"k8s-app": label}),
                replicas: Some(1),
                container,
                volumes: Value::Null,
                grace: 5,
            }),
        ));
    }
    out
}

fn node(place: usize, cpu: &str, memory: &str) -> Value {
    let name = match place {
        0 => "lab-server-0".to_owned(),
        n => format!("lab-agent-{}", n - 1),
    };
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message});
    let mut labels = json!({
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64",
    });
    if place == 0 {
        labels["node-role.kubernetes.io/control-plane"] = json!("true");
    }
    let capacity = json!({"cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": "80Gi"});
    json!({
        "kind": "Node", "apiVersion": "v1",
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": format!("10.42.{place}.0/24"), "podCIDRs": [format!("10.42.{place}.0/24")]},
        "status": {
            "capacity": capacity, "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": format!("172.18.0.{}", place + 2)},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "nodeInfo": {
                "kubeletVersion": "v1.36.3", "kubeProxyVersion": "v1.36.3", "operatingSystem": "linux",
                "architecture": "amd64", "osImage": "embedded lab", "kernelVersion": "6.12.0",
                "containerRuntimeVersion": "containerd://2.2.0",
                "machineID": "", "systemUUID": "", "bootID": "",
            },
        },
    })
}
