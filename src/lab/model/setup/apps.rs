//! The demo application and the load script.

use super::{DEMO, Workload, config_map, service, workload};
use crate::lab::scenario::Scenario;
use serde_json::{Value, json};

pub fn all(scenario: &Scenario) -> Vec<(&'static str, Value)> {
    let app = &scenario.app;
    let parts = [
        ("frontend", "demo/frontend:1.0", app.frontends, 8080),
        ("backend", "demo/backend:1.0", app.backends, 8080),
        ("redis", "redis:7", 1, 6379),
    ];
    let mut out = Vec::new();
    for (name, image, replicas, port) in parts {
        let mut container = json!({
            "name": name, "image": image, "ports": [{"containerPort": port, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": app.cpu.text, "memory": "512Mi"}},
        });
        if name != "redis" {
            container["env"] = json!([
                {"name": "NODE_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.hostIP"}}},
                {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://$(NODE_IP):4317"},
                {"name": "OTEL_SERVICE_NAME", "value": name},
            ]);
        }
        let labels = json!({"app": name});
        out.push(("services", service(DEMO, name, &labels, &[("http", port)], false)));
        out.push((
            "deployments",
            workload(Workload {
                kind: "Deployment",
                namespace: DEMO,
                name,
                labels,
                replicas: Some(replicas),
                container,
                volumes: Value::Null,
                grace: 10,
            }),
        ));
    }
    let labels = json!({"app": "k6-load"});
    out.push(("configmaps", config_map(DEMO, "k6-scripts", &labels, "scenario.js", &script(scenario))));
    out
}

/// The load script, with the scenario's stages.
fn script(scenario: &Scenario) -> String {
    let load = &scenario.load;
    let stages: String = load
        .stages
        .iter()
        .map(|s| format!("    {{ duration: \"{}ms\", target: {} }},\n", s.duration.ms(), s.target))
        .collect();
    let sleep = load.sleep.s();
    format!(
        r#"// The lab's load. Change the stages, delete the Job k6-load and start it again: the new ones are run.
import http from "k6/http";
import {{ sleep }} from "k6";

const target = (__ENV.TARGET_URL || "http://frontend.demo-app.svc.cluster.local:8080").replace(/\/+$/, "");

export const options = {{
  stages: [
{stages}  ],
}};

export default function () {{
  http.get(`${{target}}/`);
  http.get(`${{target}}/simulate`);
  http.post(`${{target}}/api/items`, JSON.stringify({{ key: "k6", value: "v1" }}));
  http.get(`${{target}}/api/items/k6`);
  http.put(`${{target}}/api/items/k6`, JSON.stringify({{ key: "k6", value: "v2" }}));
  http.del(`${{target}}/api/items/k6`);
  http.get(`${{target}}/api/slow`);
  sleep({sleep});
}}
"#
    )
}

/// The Job that runs the load, for scenarios in which the lab starts it.
pub fn job() -> Value {
    json!({
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": {"name": "k6-load", "namespace": DEMO, "labels": {"app": "k6-load"}},
        "spec": {
            "backoffLimit": 0, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed", "suspend": false,
            "template": {
                "metadata": {"labels": {"app": "k6-load"}},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{
                        "name": "k6", "image": "grafana/k6:0.49.0", "args": ["run", "/scripts/scenario.js"],
                        "env": [{"name": "TARGET_URL", "value": "http://frontend.demo-app.svc.cluster.local:8080"}],
                        "volumeMounts": [{"name": "scripts", "mountPath": "/scripts", "readOnly": true}],
                    }],
                    "volumes": [{"name": "scripts", "configMap": {"name": "k6-scripts"}}],
                },
            },
        },
        "status": {},
    })
}
