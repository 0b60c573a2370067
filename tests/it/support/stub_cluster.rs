//! An idle cluster on loopback, for tests of the whole program: two HPAs, a Deployment, a pod, its usage, a hostile event;
//! watches stay open and silent. With it, kubeconfigs that lead to it or nowhere.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use tempfile::TempDir;

/// What an event's message must not do to the screen.
pub const HOSTILE: &str = "ready\u{1b}]0;owned\u{7}\u{1b}[6n \u{202e}gnp.exe\u{202c}\u{9b}31m\r\n\t done";

/// A kubeconfig in a folder that is deleted with it.
pub struct Kubeconfig {
    folder: TempDir,
}

impl Kubeconfig {
    /// One whose only context `stub` leads to `server`.
    pub fn to(server: &str) -> Kubeconfig {
        Kubeconfig::of(&format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: stub\nclusters:\n- name: stub\n  cluster: {{server: '{server}'}}\n\
             users:\n- name: stub\n  user: {{token: t}}\ncontexts:\n- name: stub\n  context: {{cluster: stub, user: stub}}\n"
        ))
    }

    pub fn of(text: &str) -> Kubeconfig {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), text).unwrap();
        Kubeconfig { folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("config")
    }
}

/// Nothing listens there.
pub fn closed() -> Kubeconfig {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    Kubeconfig::to(&format!("http://127.0.0.1:{port}"))
}

/// The server accepts and never answers, as behind a dead node.
pub fn silent() -> Kubeconfig {
    serve(|stream| {
        let mut held = BufReader::new(stream);
        while held.read_line(&mut String::new()).is_ok_and(|n| n > 0) {}
    })
}

/// An idle cluster.
pub fn start() -> Kubeconfig {
    serve(|stream| {
        let _ = talk(stream);
    })
}

fn serve(with: fn(TcpStream)) -> Kubeconfig {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || with(stream));
        }
    });
    Kubeconfig::to(&server)
}

fn talk(stream: TcpStream) -> std::io::Result<()> {
    let mut answers = stream.try_clone()?;
    let mut requests = BufReader::new(stream);
    loop {
        let mut line = String::new();
        requests.read_line(&mut line)?;
        let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
        while requests.read_line(&mut line)? > 2 {}
        if path.contains("watch=1") {
            answers.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            )?;
            continue;
        }
        let (code, body) = match answer(&path) {
            Some(body) => (200, body),
            None => (404, json!({"kind": "Status", "code": 404, "message": "not here"})),
        };
        let body = body.to_string();
        let head =
            format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        answers.write_all(format!("{head}{body}").as_bytes())?;
    }
}

fn list(items: Vec<Value>) -> Option<Value> {
    Some(json!({"metadata": {"resourceVersion": "7"}, "items": items}))
}

fn answer(path: &str) -> Option<Value> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let ours = path.contains("/namespaces/observability-lab/");
    let kind = path.rsplit('/').next().unwrap_or_default();
    match (kind, ours) {
        ("version", _) => Some(json!({"gitVersion": "v1.36.3"})),
        ("metrics.k8s.io", _) => Some(json!({"preferredVersion": {"version": "v1beta1"}})),
        ("pods", true) if path.contains("metrics.k8s.io") => list(vec![usage()]),
        ("pods", true) => list(vec![pod()]),
        ("events", true) => list(vec![event()]),
        ("deployments", true) => list(vec![deployment()]),
        ("horizontalpodautoscalers", true) => {
            let named = |name: &str| query.is_empty() || query.contains(&format!("metadata.name%3D{name}"));
            list(["edot-gateway-hpa", "frontend"].into_iter().filter(|n| named(n)).map(hpa).collect())
        }
        ("pods" | "events" | "jobs" | "horizontalpodautoscalers", _) => list(Vec::new()),
        _ => None,
    }
}

fn hpa(name: &str) -> Value {
    let text = include_str!("../../data/hpa-steady-2.json");
    let mut hpa: Value = serde_json::from_str(text).unwrap();
    hpa["metadata"]["name"] = json!(name);
    hpa["metadata"]["uid"] = json!(name);
    hpa
}

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": "observability-lab", "uid": name, "resourceVersion": "5"})
}

fn deployment() -> Value {
    json!({"metadata": meta("edot-gateway"), "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "gw"}}},
        "status": {"replicas": 2, "readyReplicas": 2}})
}

fn pod() -> Value {
    let since = "2026-11-24T03:00:00Z";
    json!({"metadata": meta("edot-gateway-1"),
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "resources": {"requests": {"cpu": "50m"}}}]},
        "status": {"phase": "Running", "startTime": since,
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": since}]}})
}

fn usage() -> Value {
    json!({"metadata": meta("edot-gateway-1"), "timestamp": "2026-11-24T04:00:00Z", "window": "15s",
        "containers": [{"name": "app", "usage": {"cpu": "20m", "memory": "64Mi"}}]})
}

fn event() -> Value {
    json!({"metadata": meta("event-1"), "reason": "Scaled\u{1b}[2J", "type": "Normal", "message": HOSTILE,
        "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "edot-gateway-hpa", "uid": "edot-gateway-hpa"},
        "lastTimestamp": "2026-11-24T04:00:00Z", "count": 1})
}
