//! Checks of Elasticsearch: whether it is found, and which requests it allows. It is optional, so what is missing is a
//! warning, unless its address was given.

use super::check::Check;
use crate::config::Settings;
use crate::open;
use crate::source::live::ApiErrorKind;
use crate::source::live::cluster::Cluster;
use crate::source::live::elastic::{Probed, probe};

/// A check for each request.
pub async fn all(cluster: &Cluster, settings: &Settings) -> Vec<Check> {
    if settings.es.off {
        return vec![Check::skip("elasticsearch", "Elasticsearch", "switched off (--no-es)")];
    }
    let answers = probe(cluster, &settings.namespace, &open::ingest(settings)).await;
    answers.into_iter().map(|answer| check(answer, settings.es.url.is_some())).collect()
}

fn check(answer: Probed, given: bool) -> Check {
    let id = "elasticsearch";
    match answer.outcome {
        Ok(detail) => Check::ok(id, answer.what, detail),
        Err(fault) => {
            let hint = fault.hint.unwrap_or_default();
            match fault.kind {
                ApiErrorKind::Absent if !given => Check::skip(id, answer.what, format!("{}; {hint}", fault.reason)),
                _ if given => Check::fail(id, answer.what, fault.reason, hint),
                _ => Check::warn(id, answer.what, fault.reason, hint),
            }
        }
    }
}
