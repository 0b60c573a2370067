//! Checks of Elasticsearch: whether it is found, and which questions may be put to it. It is an extra, so what is missing
//! is a warning, unless its address was given.

use super::check::Check;
use crate::config::Settings;
use crate::source::live::ErrorKind;
use crate::source::live::cluster::Cluster;
use crate::source::live::elastic::{Answered, examine};
use crate::start;

/// A check for each question.
pub async fn all(cluster: &Cluster, settings: &Settings) -> Vec<Check> {
    if settings.es.off {
        return vec![Check::skip("elasticsearch", "Elasticsearch", "switched off (--no-es)")];
    }
    let answers = examine(cluster, &settings.namespace, &start::ingest(settings)).await;
    answers.into_iter().map(|answer| check(answer, settings.es.url.is_some())).collect()
}

fn check(answer: Answered, given: bool) -> Check {
    let id = "elasticsearch";
    match answer.outcome {
        Ok(detail) => Check::ok(id, answer.what, detail),
        Err(fault) => {
            let hint = fault.hint.unwrap_or_default();
            match fault.kind {
                ErrorKind::Absent if !given => Check::skip(id, answer.what, format!("{}; {hint}", fault.reason)),
                _ if given => Check::fail(id, answer.what, fault.reason, hint),
                _ => Check::warn(id, answer.what, fault.reason, hint),
            }
        }
    }
}
