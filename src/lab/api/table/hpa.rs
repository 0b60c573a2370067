//! HorizontalPodAutoscalers: `cpu: 96%/80%, memory: 41%/80%`, as the API server's `formatHPAMetrics` prints them.

use super::{Printer, age_of, each, name, narrow, number, text};
use serde_json::{Value, json};

/// How many metrics are shown; the rest is counted.
const SHOWN: usize = 2;
const UNKNOWN: &str = "<unknown>";

pub const HPAS: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Reference"),
        narrow("Targets"),
        narrow("MinPods"),
        narrow("MaxPods"),
        narrow("Replicas"),
        narrow("Age"),
    ],
    cells: |hpa, now| {
        let reference =
            format!("{}/{}", text(hpa, "/spec/scaleTargetRef/kind"), text(hpa, "/spec/scaleTargetRef/name"));
        let least = hpa.pointer("/spec/minReplicas").and_then(Value::as_i64);
        let v1 = text(hpa, "/apiVersion") == "autoscaling/v1";
        let shown = if v1 { super::convert::stored_hpa(hpa) } else { hpa.clone() };
        vec![
            name(hpa),
            json!(reference),
            json!(targets(&shown)),
            least.map_or(json!("<unset>"), |least| json!(least.to_string())),
            json!(number(hpa, "/spec/maxReplicas")),
            json!(number(hpa, "/status/currentReplicas")),
            age_of(hpa, now),
        ]
    },
};

fn targets(hpa: &Value) -> String {
    let current: Vec<&Value> = each(hpa, "/status/currentMetrics").collect();
    let all: Vec<String> =
        each(hpa, "/spec/metrics").enumerate().map(|(n, spec)| target(spec, current.get(n).copied())).collect();
    match all.len() {
        0 => "<none>".into(),
        n if n > SHOWN => format!("{} + {} more...", all[..SHOWN].join(", "), n - SHOWN),
        _ => all.join(", "),
    }
}

fn target(spec: &Value, current: Option<&Value>) -> String {
    let kind = spec["type"].as_str().unwrap_or_default();
    let member = match kind {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".into(),
    };
    let (wanted, now) = (&spec[member]["target"], current.map(|current| &current[member]["current"]));
    let value = |key: &str| {
        let known = now.and_then(|now| now.get(key)).and_then(Value::as_str);
        format!("{}/{}", known.unwrap_or(UNKNOWN), wanted[key].as_str().unwrap_or_default())
    };
    let average = wanted.get("averageValue").is_some_and(|v| !v.is_null());
    match (kind, average) {
        ("Pods", _) => value("averageValue"),
        ("Object" | "External", true) => format!("{} (avg)", value("averageValue")),
        ("Object" | "External", false) => value("value"),
        _ => {
            let name = spec[member]["name"].as_str().unwrap_or_default();
            let shown = match average {
                true => value("averageValue"),
                false => {
                    let used = now.and_then(|now| now["averageUtilization"].as_i64());
                    let used = used.map_or(UNKNOWN.to_owned(), |used| format!("{used}%"));
                    let wanted = wanted["averageUtilization"].as_i64();
                    format!("{used}/{}", wanted.map_or("<auto>".to_owned(), |wanted| format!("{wanted}%")))
                }
            };
            format!("{name}: {shown}")
        }
    }
}
