//! k6's REST API on `:6565`: status, metrics, groups, and stopping the run.

use super::{PodRequest, PodResponse};
use crate::lab::model::Ms;
use crate::lab::model::flow::k6_run::{K6Run, StopReason};
use crate::lab::model::flow::stages;
use crate::lab::model::flow::trend::Trend;
use serde_json::{Value, json};

pub fn answer(run: &mut K6Run, t: Ms, request: &PodRequest) -> PodResponse {
    let path = request.path.trim_end_matches('/');
    match (request.method.as_str(), path) {
        ("GET", "/v1/status") => PodResponse::json(200, &status(run)),
        ("PATCH", "/v1/status") => patch(run, &request.body),
        ("GET", "/v1/metrics") => PodResponse::json(200, &json!({"data": metrics(run, t)})),
        ("GET", "/v1/groups") => PodResponse::json(
            200,
            &json!({"data": [{
                "type": "groups", "id": "d41d8cd98f00b204e9800998ecf8427e",
                "attributes": {"path": "", "name": "", "checks": null},
                "relationships": {"groups": {"data": []}, "parent": {"data": null}},
            }]}),
        ),
        ("GET", _) if path.starts_with("/v1/metrics/") => {
            let id = path.trim_start_matches("/v1/metrics/");
            match metrics(run, t).into_iter().find(|m| m["id"] == id) {
                Some(metric) => PodResponse::json(200, &json!({"data": metric})),
                None => error(404, "Not Found", "No metric with that ID was found"),
            }
        }
        (_, "/v1/status" | "/v1/metrics" | "/v1/groups") => {
            PodResponse::text(405, "text/plain; charset=utf-8", String::new())
        }
        _ => PodResponse::text(404, "text/plain; charset=utf-8", "404 page not found\n".into()),
    }
}

fn error(status: u16, title: &str, detail: &str) -> PodResponse {
    PodResponse::json(status, &json!({"errors": [{"status": status.to_string(), "title": title, "detail": detail}]}))
}

fn status(run: &K6Run) -> Value {
    json!({"data": {"type": "status", "id": "default", "attributes": {
        "status": 7, "paused": false, "vus": run.figures.users, "vus-max": stages::most(&run.figures.stages),
        "stopped": run.stop.is_some(), "running": true, "tainted": false,
    }}})
}

fn patch(run: &mut K6Run, body: &[u8]) -> PodResponse {
    let Ok(wanted) = serde_json::from_slice::<Value>(body) else {
        return error(400, "Invalid data", "the body is no JSON");
    };
    let wanted = &wanted["data"]["attributes"];
    if wanted["stopped"] == true {
        run.stop.get_or_insert(StopReason::Rest);
        return PodResponse::json(200, &status(run));
    }
    if wanted["paused"] == true {
        let detail = "ramping-vus executor 'default' doesn't support pause and resume operations after its start";
        return error(500, "Pause error", detail);
    }
    if wanted["vus"].is_number() || wanted["vus-max"].is_number() {
        let detail = "an externally-controlled executor needs to be configured for live configuration updates";
        return error(500, "Couldn't change execution config", detail);
    }
    PodResponse::json(200, &status(run))
}

fn metrics(run: &K6Run, t: Ms) -> Vec<Value> {
    let seconds = (run.elapsed(t) as f64 / 1000.0).max(0.001);
    let metric = |id: &str, kind: &str, contains: &str, sample: Value| json!({"type": "metrics", "id": id, "attributes": {"type": kind, "contains": contains, "tainted": null, "sample": sample}});
    let counter = |id: &str, contains: &str, count: u64| {
        metric(id, "counter", contains, json!({"count": count, "rate": count as f64 / seconds}))
    };
    let trend = |id: &str, of: &Trend| {
        let sample = json!({
            "avg": of.mean(), "max": of.max, "med": of.quantile(0.5), "min": of.min, "p(90)": of.quantile(0.9),
            "p(95)": of.quantile(0.95),
        });
        metric(id, "trend", "time", sample)
    };
    let gauge = |id: &str, value: u32| metric(id, "gauge", "default", json!({"value": value}));
    let mut all = vec![gauge("vus", run.figures.users), gauge("vus_max", stages::most(&run.figures.stages))];
    if run.figures.iterations == 0 {
        return all;
    }
    let failed = run.figures.failed as f64 / run.figures.requests.max(1) as f64;
    // k6 reports durations of 0 when every request was refused.
    let none = Trend::default();
    let durations = if run.figures.failed == run.figures.requests && run.figures.request_ms.mean() < 5.0 {
        &none
    } else {
        &run.figures.request_ms
    };
    all.extend([
        counter("iterations", "default", run.figures.iterations),
        counter("http_reqs", "default", run.figures.requests),
        counter("data_received", "data", run.figures.requests * 312),
        counter("data_sent", "data", run.figures.requests * 148),
        trend("http_req_duration", durations),
        trend("http_req_waiting", durations),
        trend("iteration_duration", &run.figures.iteration_ms),
        trend("http_req_blocked", &none),
        trend("http_req_connecting", &none),
        trend("http_req_tls_handshaking", &none),
        metric("http_req_failed", "rate", "default", json!({"rate": failed})),
    ]);
    all
}
