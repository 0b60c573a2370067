//! The courses of what is inside the run: the load's own figures, the collectors' tiers, Elasticsearch.

use super::courses::{Course, line};
use crate::observe::{Role, Signal};
use crate::session::{Series, Session};

/// All of them, in the order of the way that telemetry takes.
pub fn inside(session: &Session) -> Vec<Course> {
    let mut out = Vec::new();
    let k6 = &session.load.k6;
    out.push(line("load_vus", vec![], "virtual_users", &k6.vus()));
    out.push(line("load_iterations", vec![], "per_second", &k6.iterations()));
    out.push(line("load_requests", vec![], "per_second", &k6.requests()));
    out.push(ratio("load_failed", vec![], &k6.failed()));
    out.push(line("load_p95", vec![], "milliseconds", &k6.p95()));
    for (role, names) in [(Role::Agent, AGENTS), (Role::Gateway, GATEWAY), (Role::Cluster, CLUSTER)] {
        let Some(tier) = session.collectors.tier(role) else { continue };
        for signal in Signal::ALL {
            let r = tier.rates(signal);
            let each = [&r.accepted, &r.refused, &r.sent, &r.send_failed, &r.enqueue_failed];
            let labels = || vec![("signal", signal.name().to_string())];
            out.extend(names.iter().zip(each).map(|(name, series)| line(name, labels(), "per_second", series)));
        }
        if role == Role::Gateway {
            out.push(ratio("gateway_queue", vec![], &tier.queue));
        }
    }
    for one in session.collectors.all().filter(|c| c.role == Role::Gateway) {
        out.push(line("pod_accepted", vec![("pod", one.pod.clone())], "per_second", &one.accepted.rate));
    }
    for signal in Signal::ALL {
        let Some(flow) = session.ingest.signal(signal) else { continue };
        let labels = || vec![("signal", signal.name().to_string())];
        out.push(line("ingest_documents", labels(), "per_second", &flow.rate));
        out.push(line("ingest_bytes", labels(), "bytes_per_second", &flow.bytes));
    }
    let pressure = &session.ingest.pressure;
    out.push(line("ingest_rejections", vec![], "per_second", &pressure.rejections));
    out.push(line("ingest_write_queue", vec![], "requests", &pressure.queue));
    out.push(ratio("ingest_pressure", vec![], &pressure.ratio));
    out
}

const AGENTS: [&str; 5] =
    ["agents_accepted", "agents_refused", "agents_sent", "agents_send_failed", "agents_enqueue_failed"];
const GATEWAY: [&str; 5] =
    ["gateway_accepted", "gateway_refused", "gateway_sent", "gateway_send_failed", "gateway_enqueue_failed"];
const CLUSTER: [&str; 5] =
    ["cluster_accepted", "cluster_refused", "cluster_sent", "cluster_send_failed", "cluster_enqueue_failed"];

/// A share of 1, in percent.
fn ratio(name: &'static str, labels: Vec<(&'static str, String)>, series: &Series) -> Course {
    let mut course = line(name, labels, "percent", series);
    course.points.iter_mut().for_each(|p| p.1 = p.1.map(|v| v * 100.0));
    course
}
