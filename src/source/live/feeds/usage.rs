//! The usage feed: PodMetrics of the scale target's pods. They cannot be watched, so they are polled as often as they are
//! published.

use super::cadence::Cadence;
use crate::observe::{Feed, FeedState, FeedStatus, Observation, PodUsage, Time, UsageSeen};
use crate::source::live::client::{ApiError, ApiErrorKind, ResourceAttributes, encode, get, read};
use crate::source::live::context::{FeedContext, StatusReporter};
use crate::source::live::convert;
use crate::source::live::discovered::{Discovered, Fact};
use crate::source::live::retry::{Tries, state};
use crate::source::live::wire::{Group, List, PodMetrics};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

const GROUP: &str = "metrics.k8s.io";
/// After this many periods without a newer sample the samples count as stale.
const STALE: u32 = 3;
/// After an outage as long as this its end is no longer waited for second by second.
const OUTAGE: Duration = Duration::from_secs(600);
/// The longest period that is usual, until it is known.
const LONGEST: Duration = Duration::from_secs(60);

/// Poll the samples of the target's pods until the program ends.
pub async fn run(shared: FeedContext, namespace: String, discovered: Discovered) {
    let mut reporter = StatusReporter::new(shared.out.clone(), Feed::Usage, 1);
    let mut scaled = discovered.scaled.subscribe();
    loop {
        let now = scaled.borrow_and_update().clone();
        let polling = async {
            match now {
                Fact::NotYet => {
                    reporter.report(0, state(Feed::Usage, FeedState::Connecting, "waits for the target")).await
                }
                Fact::Missing(why) => reporter.report(0, state(Feed::Usage, FeedState::Absent, why)).await,
                Fact::Is(scaled) => poll(&shared, &namespace, &scaled.selector, &mut reporter).await,
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = polling => {}
            changed = scaled.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

fn attributes(version: &str, namespace: &str) -> ResourceAttributes {
    ResourceAttributes {
        verb: "list",
        group: GROUP.into(),
        version: version.to_owned(),
        resource: "pods".into(),
        namespace: namespace.to_owned(),
    }
}

async fn poll(shared: &FeedContext, namespace: &str, selector: &str, reporter: &mut StatusReporter) {
    let (mut tries, mut cadence, mut samples) = (Tries::default(), Cadence::default(), Samples::default());
    let (mut version, mut away): (Option<String>, Option<Instant>) = (None, None);
    let clock = shared.out.clock();
    loop {
        let answer = match &version {
            Some(version) => ask(shared, version, namespace, selector, &tries).await,
            None => match discover(shared, &tries).await {
                Ok(found) => {
                    let answer = ask(shared, &found, namespace, selector, &tries).await;
                    version = Some(found);
                    answer
                }
                Err(fault) => Err(fault),
            },
        };
        let all = match answer {
            Ok(all) => all,
            Err(fault) => {
                if fault.kind == ApiErrorKind::Absent {
                    version = None;
                }
                cadence.lose();
                // Where the API answered before, its return is noticed at once, as the next sync uses the first samples.
                let since = *away.get_or_insert_with(|| clock.instant());
                let soon = samples.newest.is_some() && clock.instant() < since + clock.span(OUTAGE);
                let most = if soon { shared.timing().outage } else { Duration::MAX };
                let fault = explained(fault, namespace);
                tries.failed_for(shared, reporter, (0, Feed::Usage), &fault, most).await;
                continue;
            }
        };
        tries.worked();
        away = None;
        let at = clock.instant();
        let empty = all.is_empty();
        let next = match samples.take(all, at) {
            Some(fresh) => {
                let age = (shared.out.now() - fresh.newest).to_std().unwrap_or_default();
                let next = cadence.hit(at, fresh.step, age);
                shared.out.emit(Observation::Usage(UsageSeen { pods: fresh.pods })).await;
                next
            }
            None => cadence.miss(at),
        };
        reporter.report(0, status(&samples, empty, at, cadence.learned())).await;
        // While there are no samples at all, poll soon.
        let soon = at + clock.span(shared.timing().settled);
        clock.sleep_until(if empty { next.min(soon) } else { next }).await;
    }
}

/// The feed's status after an answer; `period` is how often newer samples come, as far as it is known.
fn status(samples: &Samples, empty: bool, at: Instant, period: Option<Duration>) -> FeedStatus {
    let silent = samples.advanced.map(|then| at.saturating_duration_since(then)).unwrap_or_default();
    if empty {
        return state(Feed::Usage, FeedState::Up, "the metrics API answers, but has no sample of these pods yet");
    }
    if silent > period.unwrap_or(LONGEST) * STALE {
        let since = samples.newest.map(|t| t.format("%H:%M:%S").to_string()).unwrap_or_default();
        let usual = period.map(|p| format!(", though they used to come every {} s", p.as_secs())).unwrap_or_default();
        let reason = format!("no newer sample since {since} UTC{usual}");
        let hint = "look at metrics-server's log: it may not reach the kubelets".to_owned();
        return FeedStatus { hint: Some(hint), ..state(Feed::Usage, FeedState::Stale, reason) };
    }
    match period {
        Some(period) => state(Feed::Usage, FeedState::Up, format!("every {} s", period.as_secs())),
        None => FeedStatus::new(Feed::Usage, FeedState::Up),
    }
}

/// The samples so far.
#[derive(Debug, Default)]
struct Samples {
    /// Timestamps by pod.
    latest: HashMap<String, Time>,
    newest: Option<Time>,
    /// When a newer sample last arrived.
    advanced: Option<Instant>,
}

/// Samples that are newer than those before.
#[derive(Debug, PartialEq)]
struct Fresh {
    pods: Vec<PodUsage>,
    newest: Time,
    /// The time from the newest one before.
    step: Option<chrono::TimeDelta>,
}

impl Samples {
    /// The samples of an answer that are new; None if there are none.
    fn take(&mut self, all: Vec<PodUsage>, at: Instant) -> Option<Fresh> {
        let mut latest = HashMap::with_capacity(all.len());
        let mut pods = Vec::new();
        for usage in all {
            latest.insert(usage.pod.clone(), usage.at);
            if self.latest.get(&usage.pod) != Some(&usage.at) {
                pods.push(usage);
            }
        }
        self.latest = latest;
        let newest = pods.iter().map(|usage| usage.at).max()?;
        // A new pod's first sample may be of the period before.
        let step = self.newest.map(|before| newest - before).filter(|step| step.num_milliseconds() > 0);
        self.newest = self.newest.max(Some(newest));
        self.advanced = Some(at);
        Some(Fresh { pods, newest, step })
    }
}

async fn ask(
    shared: &FeedContext,
    version: &str,
    namespace: &str,
    selector: &str,
    tries: &Tries,
) -> Result<Vec<PodUsage>, ApiError> {
    let path =
        format!("/apis/{GROUP}/{version}/namespaces/{}/pods?labelSelector={}", encode(namespace), encode(selector));
    let body = get(shared, &path, &attributes(version, namespace), tries.limit(shared)).await?;
    let list: List<PodMetrics> = read(&body)
        .map_err(|e| ApiError::new(ApiErrorKind::Garbled, format!("the metrics API's answer is no list: {e}")))?;
    Ok(list.items.iter().flatten().filter_map(convert::pod_usage).collect())
}

/// The version of metrics.k8s.io to read, out of those that are served: the preferred one; without any, the one that every
/// metrics-server has.
pub fn metrics_version(group: &Group) -> String {
    let preferred = group.preferred_version.as_ref().or(group.versions.first()).map(|v| v.version.clone());
    preferred.filter(|v| !v.is_empty()).unwrap_or_else(|| "v1beta1".into())
}

/// The version that is served; the one that every metrics-server has if discovery is denied.
async fn discover(shared: &FeedContext, tries: &Tries) -> Result<String, ApiError> {
    let attributes = ResourceAttributes { verb: "get", ..attributes("v1beta1", "") };
    let body = match get(shared, &format!("/apis/{GROUP}"), &attributes, tries.limit(shared)).await {
        Err(fault) if fault.kind == ApiErrorKind::Denied => return Ok("v1beta1".into()),
        other => other?,
    };
    Ok(metrics_version(&read(&body).unwrap_or_default()))
}

/// The failure, with the reason and the hint for the metrics API.
fn explained(fault: ApiError, namespace: &str) -> ApiError {
    let look = format!("look at metrics-server (kube-system), and at: kubectl get apiservice v1beta1.{GROUP}");
    match fault.kind {
        ApiErrorKind::Absent => {
            ApiError { reason: format!("no PodMetrics: the metrics API ({GROUP}) is not served"), ..fault }
                .with_hint(format!("install metrics-server, or restore its APIService v1beta1.{GROUP}"))
        }
        ApiErrorKind::Busy => {
            let reason = fault.reason.replace(&format!("pods.{GROUP} in namespace {namespace}"), GROUP);
            ApiError { reason: format!("no PodMetrics: {reason} (metrics-server down?)"), ..fault }.with_hint(look)
        }
        // They cannot be watched.
        ApiErrorKind::Denied => {
            ApiError { hint: fault.hint.map(|hint| hint.replace(r#""list", "watch""#, r#""list""#)), ..fault }
        }
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(pod: &str, second: i64) -> PodUsage {
        let at = Time::from_timestamp(second, 0).unwrap_or_default();
        PodUsage { pod: pod.into(), at, window_s: 15.0, containers: vec![] }
    }

    #[test]
    fn only_samples_with_a_new_timestamp_are_taken() {
        let (mut samples, now) = (Samples::default(), Instant::now());
        assert_eq!(samples.take(vec![usage("a", 10)], now).map(|f| f.pods.len()), Some(1));
        assert_eq!(samples.take(vec![usage("a", 10)], now), None);
        let fresh = samples.take(vec![usage("a", 25), usage("b", 10)], now);
        assert_eq!(fresh.as_ref().map(|f| f.pods.len()), Some(2));
        assert_eq!(fresh.and_then(|f| f.step).map(|s| s.num_seconds()), Some(15));
        assert_eq!(samples.take(vec![usage("b", 10), usage("a", 25)], now), None);
        assert_eq!(samples.take(vec![], now), None);
    }

    #[test]
    fn samples_that_no_longer_change_are_stale_with_the_time() {
        let (mut samples, start) = (Samples::default(), Instant::now());
        samples.take(vec![usage("a", 45_296)], start);
        let period = Duration::from_secs(15);
        assert_eq!(status(&samples, false, start + period * 3, Some(period)).state, FeedState::Up);
        let stale = status(&samples, false, start + period * 4, Some(period));
        assert_eq!(stale.state, FeedState::Stale);
        assert!(stale.reason.unwrap_or_default().contains("since 12:34:56 UTC"));
        assert_eq!(status(&samples, false, start + period * 4, None).state, FeedState::Up, "the period is not known");
        assert_eq!(status(&samples, false, start + period * 13, None).state, FeedState::Stale);
    }

    #[test]
    fn failures_of_the_metrics_api_name_what_is_missing() {
        let attributes = attributes("v1beta1", "lab");
        let down = ApiError::from_answer(503, None, b"service unavailable\n", &attributes);
        let words = explained(down, "lab");
        assert_eq!(
            words.reason,
            "no PodMetrics: metrics.k8s.io answers 503: service unavailable (metrics-server down?)"
        );
        let gone = explained(ApiError::from_answer(404, None, b"404 page not found", &attributes), "lab");
        assert!(gone.hint.unwrap_or_default().contains("APIService v1beta1.metrics.k8s.io"));
        assert_eq!(gone.rule, None);
    }
}
